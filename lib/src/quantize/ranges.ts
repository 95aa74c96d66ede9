import { stepsPerEpoch } from "../data/batch-plan";
import { toTensors } from "../data/batches";
import type { Dataset } from "../data/dataset";
import { tf } from "../tensors/tensorflow";
import { forwardPass, ownWeights } from "./forward-pass";
import { quantizable } from "./quantizable";

/** The smallest and largest output of a layer; 0 always lies between them. */
export interface Range {
  min: number;
  max: number;
}

/** The ranges of a network's layers, by name. */
export type Ranges = Record<string, Range>;

/**
 * Runs training images through a float model and records the range of each layer's outputs (after ReLU, so from 0); the
 * last layer has none. The model is left alone, and no tensor is left behind.
 * @throws for images that are not for training or not of the model's size, for layers that cannot be quantised, see
 *   `quantizable`, and for outputs that are not finite
 */
export function calibrate(
  model: tf.Sequential,
  dataset: Dataset<"train">,
  { batchSize = 500 }: { batchSize?: number } = {},
): Ranges {
  // types keep a test set out; a cast, or plain JavaScript, does not
  if (dataset.role !== "train")
    throw new Error(`Expected training images to calibrate with, got the ${dataset.role} set of ${dataset.name}.`);
  const { layers, inputShape } = quantizable(model);
  const shape = [...dataset.images.shape.slice(1), 1];
  if (shape.join() !== inputShape.join())
    throw new Error(`Expected images [${inputShape.join(", ")}] as the model takes them, got [${shape.join(", ")}].`);
  // a Map, because a layer may be called `constructor`, which every object has
  const ranges = new Map<string, Range>();
  for (let step = 0; step < stepsPerEpoch(dataset, batchSize); step++) {
    const count = Math.min(batchSize, dataset.labels.length - step * batchSize);
    tf.tidy(() => {
      const { images } = toTensors(
        dataset,
        Array.from({ length: count }, (_, i) => step * batchSize + i),
      );
      forwardPass(layers, images, ownWeights, (outputs, { name }) => {
        const { min, max } = rangeOf(outputs);
        checkFiniteRange(name, { min, max });
        const before = ranges.get(name) ?? { min: 0, max: 0 };
        ranges.set(name, { min: Math.min(before.min, min), max: Math.max(before.max, max) });
        return outputs;
      });
    });
  }
  return Object.fromEntries(ranges);
}

/** Refuses outputs of a layer that no integers can stand for. */
export function checkFiniteRange(name: string, { min, max }: Range): void {
  if (!(Number.isFinite(min) && Number.isFinite(max)))
    throw new Error(
      `Expected finite outputs of \`${name}\`, got a range from ${min} to ${max}: ` +
        "training has failed; train again with a lower learning rate.",
    );
}

/** The smallest and the largest number of a tensor, and 0; NaN if one of them is. */
export function rangeOf(tensor: tf.Tensor): Range {
  return tf.tidy(() => ({
    min: Math.min(0, tf.min(tensor).dataSync()[0] as number),
    max: Math.max(0, tf.max(tensor).dataSync()[0] as number),
  }));
}

/** The exponential moving average of ranges; the first range is taken as it is. */
export function movedRange(range: Range | undefined, seen: Range, decay: number): Range {
  if (range === undefined) return seen;
  const mix = (old: number, latest: number) => decay * old + (1 - decay) * latest;
  return { min: mix(range.min, seen.min), max: mix(range.max, seen.max) };
}
