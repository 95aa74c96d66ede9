import { type Random, random } from "../../lib/src/common/random";
import type { QuantizedLayer, QuantizedModel } from "../../lib/src/int8/model";

type Bounds = readonly [low: number, high: number];

/**
 * A small network of random layers and random numbers, some of whose activations saturate; the same for a seed.
 * @param options.halving how often max-pooling of 2 × 2 windows follows a convolution
 */
export function randomQuantized(
  seed: number,
  {
    sides = [5, 9],
    channels: inputChannels = [1, 3],
    filters: outputs = [1, 4],
    windows = [1, 4],
    units: hidden = [1, 6],
    halving = 0,
  }: { sides?: Bounds; channels?: Bounds; filters?: Bounds; windows?: Bounds; units?: Bounds; halving?: number } = {},
): QuantizedModel {
  const source = random(seed, 77);
  const pick = <T>(...items: T[]): T => items[source.integer(0, items.length - 1)] as T;
  const quantization = () => ({
    scale: Math.fround(source.uniform(0.01, 0.05)),
    zeroPoint: pick(0, 0, 1, 128, 255, source.integer(0, 255)),
  });
  const weights = (inputs: number, outputs: number) => randomWeights(source, inputs, outputs);
  const window = () => ({
    strides: [source.integer(1, 3), source.integer(1, 3)] as const,
    padding: pick("same", "valid") as "same" | "valid",
  });
  const inputShape = [source.integer(...sides), source.integer(...sides), source.integer(...inputChannels)] as const;
  let [height, width, channels]: number[] = [...inputShape];
  const layers: QuantizedLayer[] = [];
  for (let i = source.integer(0, 3); i > 0; i--) {
    const size =
      source.uniform() < 0.15
        ? ([height as number, width as number] as const)
        : ([source.integer(...windows), source.integer(...windows)] as const);
    const { strides, padding } = window();
    const length = (along: number, axis: 0 | 1) =>
      padding === "same" ? Math.ceil(along / strides[axis]) : Math.ceil((along - size[axis] + 1) / strides[axis]);
    const [outputHeight, outputWidth] = [length(height as number, 0), length(width as number, 1)];
    if (outputHeight < 1 || outputWidth < 1) continue;
    const name = `layer${i}`;
    if (source.uniform() < 0.6) {
      const filters = source.integer(...outputs);
      const common = { name, ...weights(size[0] * size[1] * (channels as number), filters) };
      layers.push({ kind: "conv2d", ...common, kernelSize: size, strides, padding, output: quantization() });
      channels = filters;
      if (halving > 0 && source.uniform() < halving && outputHeight > 1 && outputWidth > 1) {
        const half = pick("same", "valid");
        layers.push({ kind: "maxPool2d", name: `half${i}`, poolSize: [2, 2], strides: [2, 2], padding: half });
        const rounded = half === "same" ? Math.ceil : Math.floor;
        [height, width] = [rounded(outputHeight / 2), rounded(outputWidth / 2)];
        continue;
      }
    } else layers.push({ kind: pick("maxPool2d", "averagePool2d"), name, poolSize: size, strides, padding });
    [height, width] = [outputHeight, outputWidth];
  }
  layers.push({ kind: "flatten", name: "flatten" });
  let inputs = (height as number) * (width as number) * (channels as number);
  if (source.uniform() < 0.6) {
    const units = source.integer(...hidden);
    layers.push({ kind: "dense", name: "dense", ...weights(inputs, units), output: quantization() });
    inputs = units;
  }
  layers.push({ kind: "dense", name: "logits", ...weights(inputs, source.integer(2, 5)) });
  return { inputShape, input: quantization(), layers };
}

function randomWeights(source: Random, inputs: number, outputs: number) {
  const bits = source.integer(0, 1) === 0 ? 8 : source.integer(2, 8);
  const limit = 2 ** (bits - 1) - 1;
  return {
    kernel: Int8Array.from({ length: inputs * outputs }, () => source.integer(-limit, limit)),
    scales: Float32Array.from({ length: outputs }, () => source.uniform(0.5, 2) / limit / Math.sqrt(inputs)),
    bias: Int32Array.from({ length: outputs }, () => source.integer(-2000, 2000)),
    bits,
    relu: source.uniform() < 0.5,
  };
}
