/** The readable reference: runs a network in integers layer by layer with typed arrays, in any JavaScript engine. */

import { type Activations, type QuantizedActivations, sizeOf } from "../check";
import type { QuantizedDense, QuantizedModel, RunImages } from "../model";
import type { Requantization } from "../requantize";
import { prepareLayer, prepareLogits } from "./layers";

/**
 * Prepares the layers of a network, each a function of one image's activations.
 * @param flow the activations of the model, from `checkQuantized`
 */
export function referenceEngine(model: QuantizedModel, flow: Activations[], mode: Requantization): RunImages {
  const steps = model.layers
    .slice(0, -1)
    .map((layer, i) => prepareLayer(layer, flow[i] as QuantizedActivations, flow[i + 1] as QuantizedActivations, mode));
  const last = prepareLogits(model.layers.at(-1) as QuantizedDense, flow.at(-2) as QuantizedActivations);
  const size = sizeOf(model.inputShape);
  const classes = sizeOf((flow.at(-1) as Activations).shape);
  return (pixels, count) => {
    const logits = new Float32Array(count * classes);
    for (let i = 0; i < count; i++) {
      let activations = pixels.subarray(i * size, (i + 1) * size);
      for (const step of steps) activations = step(activations);
      logits.set(last(activations), i * classes);
    }
    return logits;
  };
}
