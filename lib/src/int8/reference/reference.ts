/** The readable reference: runs a network in integers layer by layer with typed arrays, in any JavaScript engine. */

import { windowsAlong } from "../../common/windows";
import { type Activations, type QuantizedActivations, sizeOf } from "../activations";
import type { QuantizedConv2d, QuantizedDense, QuantizedLayer, QuantizedModel, RunImages } from "../model";
import { floatMultipliers, type Requantization, requantizer } from "../requantize";
import { type LayerStep, preparePool2d } from "./pooling";

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

/** Prepares a layer, its multipliers and buffers, to be run on many images. */
function prepareLayer(
  layer: QuantizedLayer,
  input: QuantizedActivations,
  output: QuantizedActivations,
  mode: Requantization,
): LayerStep {
  switch (layer.kind) {
    case "conv2d":
      return prepareConv2d(layer, input, output, mode);
    case "maxPool2d":
    case "averagePool2d":
      return preparePool2d(layer, input, output, mode);
    case "flatten":
      return (activations) => activations;
    case "dense":
      return prepareDense(layer, input, output, mode);
  }
}

function prepareConv2d(
  { kernel, kernelSize, strides, padding, bias, scales, relu }: QuantizedConv2d,
  input: QuantizedActivations,
  output: QuantizedActivations,
  mode: Requantization,
): LayerStep {
  const [height, width, channels] = input.shape as [number, number, number];
  const [kernelHeight, kernelWidth] = kernelSize;
  const rows = windowsAlong(height, kernelHeight, strides[0], padding);
  const columns = windowsAlong(width, kernelWidth, strides[1], padding);
  const filters = bias.length;
  const requantize = requantizer({ scales, relu, output: output.quantization }, input.quantization.scale, mode);
  const centred = new Int32Array(sizeOf(input.shape));
  const accumulators = new Int32Array(filters);
  const activations = new Uint8Array(sizeOf(output.shape));
  return (pixels) => {
    centre(pixels, input.quantization.zeroPoint, centred);
    let at = 0;
    for (const { start: top, first: firstRow, last: lastRow } of rows) {
      for (const { start: left, first, last } of columns) {
        accumulators.set(bias);
        // padding holds the zero point, which stands for 0 and adds nothing: only pixels inside the image count
        for (let row = firstRow; row < lastRow; row++) {
          const from = ((top + row) * width + left + first) * channels;
          const to = from + (last - first) * channels;
          const weights = (row * kernelWidth + first) * channels * filters;
          multiplyAdd(centred, from, to, kernel, weights, accumulators);
        }
        for (let filter = 0; filter < filters; filter++)
          activations[at++] = requantize(accumulators[filter] as number, filter);
      }
    }
    return activations;
  };
}

function prepareDense(
  { kernel, bias, scales, relu }: QuantizedDense,
  input: QuantizedActivations,
  output: QuantizedActivations,
  mode: Requantization,
): LayerStep {
  const requantize = requantizer({ scales, relu, output: output.quantization }, input.quantization.scale, mode);
  const accumulate = prepareProduct(kernel, bias, input);
  const activations = new Uint8Array(bias.length);
  return (values) => {
    const accumulators = accumulate(values);
    for (let unit = 0; unit < activations.length; unit++)
      activations[unit] = requantize(accumulators[unit] as number, unit);
    return activations;
  };
}

/** The last layer leaves the integers: one multiplication in float32 for each logit. */
function prepareLogits(
  { kernel, bias, scales, relu }: QuantizedDense,
  input: QuantizedActivations,
): (values: Uint8Array) => Float32Array {
  const logitScales = floatMultipliers(scales, input.quantization.scale);
  const accumulate = prepareProduct(kernel, bias, input);
  return (values) => {
    const accumulators = accumulate(values);
    return logitScales.map((scale, unit) => {
      const logit = Math.fround(accumulators[unit] as number) * scale;
      return relu ? Math.max(0, logit) : logit;
    });
  };
}

/** bias + input × kernel, in int32. */
function prepareProduct(
  kernel: Int8Array,
  bias: Int32Array,
  { shape, quantization }: QuantizedActivations,
): (values: Uint8Array) => Int32Array {
  const centred = new Int32Array(sizeOf(shape));
  const accumulators = new Int32Array(bias.length);
  return (values) => {
    centre(values, quantization.zeroPoint, centred);
    accumulators.set(bias);
    multiplyAdd(centred, 0, centred.length, kernel, 0, accumulators);
    return accumulators;
  };
}

/**
 * Adds to the accumulators each of `values[from … to − 1]` times its row of the kernel, whose rows begin at `weights`.
 * A product is at most 255 × 127, and no sum leaves int32 (`checkQuantized`): JavaScript's numbers hold both exactly.
 */
function multiplyAdd(
  values: Int32Array,
  from: number,
  to: number,
  kernel: Int8Array,
  weights: number,
  accumulators: Int32Array,
): void {
  const channels = accumulators.length;
  let at = weights;
  for (let i = from; i < to; i++, at += channels) {
    const value = values[i] as number;
    // after a ReLU, and in the background of an image, most values are 0: half the time is saved
    if (value === 0) continue;
    for (let channel = 0; channel < channels; channel++)
      accumulators[channel] = (accumulators[channel] as number) + value * (kernel[at + channel] as number);
  }
}

/** Takes the zero point off, so that 0 means 0. */
function centre(values: Uint8Array, zeroPoint: number, centred: Int32Array): void {
  for (let i = 0; i < centred.length; i++) centred[i] = (values[i] as number) - zeroPoint;
}
