/** Checks of a quantised model, so that the engines, the file and the export can rely on it. */

import { outputLength } from "../common/windows";
import {
  largestCode,
  type Quantization,
  type QuantizedConv2d,
  type QuantizedDense,
  type QuantizedLayer,
  type QuantizedModel,
  type QuantizedPool2d,
} from "./model";

/** The activations that a layer reads, or that the last layer gives. */
export interface Activations {
  /** [height, width, channels], or [units] after flattening */
  shape: readonly number[];
  /** absent for the logits, which are float32 */
  quantization?: Quantization;
}

/** Activations in uint8: all but the logits. */
export type QuantizedActivations = Required<Activations>;

// no number of a model's shapes needs more than 16 bits, no layer more than 16 MB
const largestLength = 65_535;
const largestSize = 2 ** 24;

/**
 * Checks that the layers of a quantised model fit together, that their numbers are in range, and that no accumulator
 * can leave int32 for any image.
 * @returns the activations that each layer reads, and last the logits: one item more than there are layers
 * @throws an Error that names the layer, what was expected and what came
 */
export function checkQuantized({ inputShape, input, layers }: QuantizedModel): Activations[] {
  if (inputShape.length !== 3)
    throw new Error(`Expected \`inputShape\` to be [height, width, channels], got [${inputShape.join(", ")}].`);
  for (const length of inputShape) checkWhole("`inputShape`", length, 1, largestLength);
  checkSize("`inputShape`", inputShape);
  checkQuantization("`input`", input);
  checkWhole("the number of `layers`", layers.length, 1, largestLength);
  let before: Activations = { shape: inputShape, quantization: input };
  const flow = [before];
  const names = new Set<string>();
  for (const [i, layer] of layers.entries()) {
    if (typeof layer.name !== "string" || !/^[\x20-\x7e]{1,255}$/.test(layer.name))
      throw new Error(
        `Expected \`name\` of layer ${i} to be 1 to 255 ASCII characters, got ${JSON.stringify(layer.name)}.`,
      );
    if (names.has(layer.name)) throw new Error(`Expected layers with names of their own, got ${layer.name} twice.`);
    names.add(layer.name);
    before = checkLayer(layer, before);
    flow.push(before);
  }
  if (before.quantization !== undefined)
    throw new Error(
      `Expected the last layer to be dense without \`output\`, which gives logits, got ${layers.at(-1)?.name}.`,
    );
  return flow;
}

function checkLayer(layer: QuantizedLayer, { shape, quantization }: Activations): Activations {
  const { kind, name } = layer;
  if (quantization === undefined)
    throw new Error(`Expected nothing after the logits, got ${name}: give the dense layer before it an \`output\`.`);
  if (kind === "conv2d" || kind === "dense") checkTypes(layer);
  const expectRank = (rank: number, help: string) => {
    if (shape.length !== rank)
      throw new Error(`${name}: expected an input of ${rank} dimension(s), got [${shape.join(", ")}]: ${help}.`);
  };
  switch (kind) {
    case "conv2d": {
      expectRank(3, "put convolutions before flattening");
      const [height, width] = windows(layer, layer.kernelSize, shape);
      const output = [height, width, layer.scales.length];
      checkWeights(layer, [...layer.kernelSize, shape[2] as number, layer.scales.length], quantization);
      checkSize(name, output);
      checkQuantization(`\`output\` of ${name}`, layer.output);
      return { shape: output, quantization: layer.output };
    }
    case "dense":
      expectRank(1, "put a flatten layer before it");
      checkWeights(layer, [shape[0] as number, layer.scales.length], quantization);
      if (layer.output) checkQuantization(`\`output\` of ${name}`, layer.output);
      return { shape: [layer.scales.length], quantization: layer.output };
    case "maxPool2d":
    case "averagePool2d":
      expectRank(3, "put pooling before flattening");
      return { shape: [...windows(layer, layer.poolSize, shape), shape[2] as number], quantization };
    case "flatten":
      return { shape: [sizeOf(shape)], quantization };
    default:
      throw new Error(
        `${name}: expected \`kind\` to be conv2d, dense, maxPool2d, averagePool2d or flatten, got ${kind}.`,
      );
  }
}

/** The height and width of the output of windows of `size`. */
function windows(
  { name, strides, padding }: QuantizedConv2d | QuantizedPool2d,
  size: readonly [number, number],
  shape: readonly number[],
): [number, number] {
  for (const length of [...size, ...strides]) checkWhole(`window and stride of ${name}`, length, 1, largestLength);
  if (padding !== "same" && padding !== "valid")
    throw new Error(`${name}: expected \`padding\` to be same or valid, got ${padding}.`);
  const along = (axis: 0 | 1) => outputLength(shape[axis] as number, size[axis], strides[axis], padding);
  const [height, width] = [along(0), along(1)];
  if (height < 1 || width < 1)
    throw new Error(
      `${name}: expected a window that fits into [${shape.join(", ")}], got ${size.join(" × ")}: pad "same".`,
    );
  return [height, width];
}

/** @param shape of the kernel, the output channel last */
function checkWeights(layer: QuantizedConv2d | QuantizedDense, shape: number[], input: Quantization): void {
  const { name, kernel, scales, bias, bits } = layer;
  const size = sizeOf(shape);
  const channels = scales.length;
  if (channels < 1) throw new Error(`${name}: expected at least one output channel, got none.`);
  if (kernel.length !== size)
    throw new Error(
      `${name}: expected \`kernel\` to hold ${size} numbers (${shape.join(" × ")}), got ${kernel.length}.`,
    );
  if (bias.length !== channels)
    throw new Error(`${name}: expected \`bias\` to hold ${channels} numbers, one a scale, got ${bias.length}.`);
  checkWhole(`\`bits\` of ${name}`, bits, 2, 8);
  const largest = largestCode(bits);
  const outside = kernel.find((weight) => Math.abs(weight) > largest);
  if (outside !== undefined)
    throw new Error(`${name}: expected weights of ${bits} bits in −${largest} … ${largest}, got ${outside}.`);
  const sums = largestSums(layer, input);
  for (const [channel, scale] of scales.entries()) {
    checkScale(`\`scales[${channel}]\` of ${name}`, scale);
    if ((sums[channel] as number) > 2 ** 31 - 1)
      throw new Error(
        `${name}: expected accumulators within int32, but channel ${channel} may reach ${sums[channel]}: its scale is too small ` +
          "for its bias; train with less weight decay, or leave the channel out.",
      );
  }
}

/** The largest sum that each output channel can reach: |bias| + Σ |weight| × the largest |activation − zero point|. */
export function largestSums(
  { kernel, bias }: QuantizedConv2d | QuantizedDense,
  { zeroPoint }: Quantization,
): Float64Array {
  const largestInput = Math.max(zeroPoint, 255 - zeroPoint);
  const sums = Float64Array.from(bias, Math.abs);
  for (let i = 0; i < kernel.length; i++) {
    const channel = i % sums.length;
    sums[channel] = (sums[channel] as number) + largestInput * Math.abs(kernel[i] as number);
  }
  return sums;
}

function checkQuantization(name: string, { scale, zeroPoint }: Quantization): void {
  checkScale(`scale of ${name}`, scale);
  checkWhole(`zero point of ${name}`, zeroPoint, 0, 255);
}

function checkScale(name: string, scale: number): void {
  if (!(scale > 0 && Number.isFinite(scale) && Math.fround(scale) === scale))
    throw new Error(`Expected ${name} to be a float32 number above 0, got ${scale}: use Math.fround.`);
}

function checkWhole(name: string, value: number, low: number, high: number): void {
  if (!(Number.isInteger(value) && value >= low && value <= high))
    throw new Error(`Expected ${name} to be a whole number in ${low} … ${high}, got ${value}.`);
}

function checkSize(name: string, shape: readonly number[]): void {
  if (sizeOf(shape) > largestSize)
    throw new Error(`Expected ${name} to have at most ${largestSize} numbers, got [${shape.join(", ")}].`);
}

function checkTypes(layer: QuantizedConv2d | QuantizedDense): void {
  const types = { kernel: "Int8Array", scales: "Float32Array", bias: "Int32Array" } as const;
  for (const key of ["kernel", "scales", "bias"] as const)
    if (typeName(layer[key]) !== types[key])
      throw new Error(`${layer.name}: expected \`${key}\` to be of type ${types[key]}, got ${typeName(layer[key])}.`);
}

/** How many numbers an array of this shape holds. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** `"Uint8Array"` and the like: by name, because a worker, a frame or a notebook's cell may have classes of its own. */
export function typeName(value: unknown): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}
