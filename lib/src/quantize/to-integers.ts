import { checkQuantized } from "../int8/check";
import type { Quantization, QuantizedLayer, QuantizedModel, QuantizedWeightedLayer } from "../int8/model";
import { roundHalfToEven } from "../int8/requantize";
import { largestSums } from "../int8/weights";
import { quantizationOf } from "./fake-quant";
import type { FloatWeightedLayer } from "./float-model";
import type { QuantizedTrainable, WeightCodes } from "./qat";
import { checkFiniteRange, type Ranges } from "./ranges";

/**
 * Converts a fake-quantised network into integers: int8 weights, int32 biases in units of input scale × weight scale
 * (rounded half to even), float32 scales. Reads the network, changes nothing.
 * @throws when activations are not 8 bits, a weight is NaN or infinite, a layer has no range or only outputs of 0, or a
 *   sum could leave int32
 */
export function toIntegers(network: QuantizedTrainable): QuantizedModel {
  const { model, activationBits } = network;
  if (activationBits !== 8)
    throw new RangeError(
      `Expected \`activationBits\` 8, got ${activationBits}: activations become uint8, nothing else.`,
    );
  const [weights, ranges] = [network.weights(), network.ranges()];
  const pixels = quantizationOf(0, 1);
  let input = pixels;
  const layers = model.layers.map((layer, i): QuantizedLayer => {
    if (!("kernel" in layer)) return layer;
    const isLast = i === model.layers.length - 1;
    const output = isLast ? undefined : outputQuantization(layer, ranges);
    const converted = weightedLayer(layer, weights[layer.name] as WeightCodes, input, output);
    input = output ?? input;
    return converted;
  });
  const converted = { inputShape: model.inputShape, input: pixels, layers };
  checkQuantized(converted);
  return converted;
}

/**
 * How large the integer sums of each layer with weights can become at most: the largest Σ|weight| × 255 + |bias| of its
 * channels (less than 255 where the zero point of the input is neither 0 nor 255). Below 2^24 float32 holds every sum
 * exactly; below 2^31 int32 does, and its float32 is the nearest one.
 * @returns by name of the layer
 */
export function accumulatorBounds({ input, layers }: QuantizedModel): Record<string, number> {
  const bounds: Record<string, number> = {};
  let before = input;
  for (const layer of layers) {
    if (!("kernel" in layer)) continue;
    // not `Math.max(...sums)`: a layer may have more channels than a call may have arguments
    bounds[layer.name] = largestSums(layer, before).reduce((most, sum) => Math.max(most, sum), 0);
    before = layer.output ?? before;
  }
  return bounds;
}

function weightedLayer(
  layer: FloatWeightedLayer,
  { codes, scales, bias, bits }: WeightCodes,
  input: Quantization,
  output: Quantization | undefined,
): QuantizedWeightedLayer {
  const integers = { kernel: codes, scales, bias: integerBias(layer.name, bias, scales, input), bits };
  return { ...layer, ...integers, ...(output && { output }) } as QuantizedWeightedLayer;
}

function outputQuantization({ name }: FloatWeightedLayer, ranges: Ranges): Quantization {
  const range = ranges[name];
  if (range === undefined)
    throw new Error(`Expected a range of the outputs of \`${name}\`, got none: calibrate or train first.`);
  checkFiniteRange(name, range);
  if (range.min === range.max) throw new Error(`Expected \`${name}\` to give other outputs than 0: it is dead.`);
  return quantizationOf(range.min, range.max);
}

function integerBias(name: string, bias: Float32Array, scales: Float32Array, input: Quantization): Int32Array {
  return Int32Array.from(bias, (real, channel) => {
    const code = roundHalfToEven(real / Math.fround(input.scale * (scales[channel] as number)));
    if (Math.abs(code) < 2 ** 31) return code;
    throw new RangeError(
      `Expected biases of \`${name}\` that fit into int32, got ${code} in channel ${channel}: its weights are too small ` +
        "beside its bias; train with less weight decay, or leave the channel out.",
    );
  });
}
