/** A network as the WebAssembly kernel reads it: weights, a record for each layer, and addresses of activations. */

import { paddingAround } from "../../common/windows";
import { type Activations, type QuantizedActivations, sizeOf } from "../activations";
import type { QuantizedModel } from "../model";
import { floatMultipliers, type Requantization } from "../requantize";
import { packChannels, packKernel } from "./packing";
import { grid, type Kind, kindOf, kinds, multiplicationsOf, notCovered, type Step, stepsOf } from "./steps";

/** What memory holds, and where. Addresses and sizes are in bytes. */
export interface Int8Program {
  /** what memory holds from address 0 on: weights and layers; all after it is 0 */
  image: Uint8Array;
  /** how much memory is needed */
  memory: number;
  /** address of the first layer */
  start: number;
  /** address of the pixels of up to `capacity` images of `size` bytes */
  pixels: number;
  size: number;
  /** address of their logits, `classes` an image */
  logits: number;
  classes: number;
  capacity: number;
  /** multiplications for one image */
  multiplications: number;
}

/** The fields of a step, 4 bytes each, in the order of `lib/assembly/layer.ts`, which explains them. */
const fields = [
  "kind",
  "input",
  "output",
  "weights",
  "channels",
  "blocks",
  "pairs",
  "windowRows",
  "windowColumns",
  "rows",
  "columns",
  "lastRow",
  "lastColumn",
  "inputRow",
  "strideRow",
  "strideColumn",
  "outputRow",
  "outputColumn",
  "beforeRows",
  "beforeColumns",
  "low",
  "high",
  "zeroPoint",
  "scale",
] as const;
const reals = new Set<string>(["low", "high", "scale"]);
type Fields = Partial<Record<(typeof fields)[number], number>>;

/** Where the input of a layer lies: int16 [height, width, channels], minus the zero point. */
interface Place {
  /** address of the first window, which may begin in the padding */
  frame: number;
  /** address of the first number */
  first: number;
  /** bytes from one row to the next */
  row: number;
}

// spare bytes after each array: the kernel loads and stores whole vectors, a little beyond an array's end
const slack = 64;
const largestMemory = 2 ** 30;
// the sum of an average must stay within float32
const largestScale = 2 ** 90;

/**
 * Plans the memory of a network, packs its weights and describes its layers.
 * @param flow the activations of the model, from `checkQuantized`
 * @throws when the kernel does not cover the model
 */
export function int8Program(model: QuantizedModel, flow: Activations[], mode: Requantization): Int8Program {
  if (mode !== "float") throw notCovered(`requantization "${mode}"`);
  const steps = stepsOf(model, flow);
  let memory = 0;
  const reserve = (bytes: number) => {
    const address = memory;
    memory += 16 * Math.ceil((bytes + slack) / 16);
    if (memory > largestMemory) throw notCovered(`a model that needs more than ${largestMemory} bytes of memory`);
    return address;
  };
  const parts: [address: number, data: ArrayBufferView][] = [];
  const put = (data: ArrayBufferView) => {
    const address = reserve(data.byteLength);
    parts.push([address, data]);
    return address;
  };
  const weights = steps.map((step) => packWeights(step, put));
  const start = reserve((steps.length + 2) * 4 * fields.length);
  const image = new Uint8Array(memory);
  const places = steps.map((step, i) => place(step, steps[i - 1]?.output.shape, reserve));
  const layers = steps.map((step, i) => ({ ...weights[i], ...describe(step, places[i] as Place, places[i + 1]) }));
  const first = describeInput(steps[0]?.input as QuantizedActivations, places[0] as Place);
  parts.push([start, encode([first, ...layers, { kind: kinds.end }])]);
  for (const [address, { buffer, byteOffset, byteLength }] of parts)
    image.set(new Uint8Array(buffer, byteOffset, byteLength), address);
  const size = sizeOf(model.inputShape);
  const classes = sizeOf((flow.at(-1) as Activations).shape);
  const capacity = Math.max(1, Math.min(64, Math.floor(2 ** 20 / size)));
  const [pixels, logits] = [reserve(size * capacity), reserve(4 * classes * capacity)];
  const multiplications = steps.reduce((sum, step) => sum + multiplicationsOf(step), 0);
  return { image, memory, start, pixels, size, logits, classes, capacity, multiplications };
}

/** How many output channels a kernel works on at the same time. */
const widths: Partial<Record<Kind, number>> = { convolveImage: 2, dense: 16, logits: 16 };

/** Packs a layer's weights; for a pooling layer, a mask for the channels of its last block. */
function packWeights(step: Step, put: (data: ArrayBufferView) => number): Fields {
  const { layer, input, output } = step;
  const width = widths[kindOf(step)] ?? 8;
  const blocks = Math.ceil((output.shape.at(-1) as number) / width);
  if (layer.kind === "maxPool2d" || layer.kind === "averagePool2d") {
    const channels = (output.shape[2] as number) - 8 * (blocks - 1);
    return { blocks, channels: put(Int16Array.from({ length: 8 }, (_, lane) => (lane < channels ? -1 : 0))) };
  }
  const { kernel, scales, bias } = layer;
  const multipliers = floatMultipliers(scales, input.quantization.scale, layer.output?.scale);
  if (!multipliers.every(Number.isFinite)) throw notCovered(`scales beyond float32 in ${layer.name}`);
  const windowRows = layer.kind === "conv2d" ? layer.kernelSize[0] : 1;
  return {
    weights: put(packKernel(kernel, windowRows, bias.length, width)),
    channels: put(packChannels(bias, multipliers, width)),
    blocks,
    pairs: Math.ceil(kernel.length / windowRows / bias.length / 2),
    windowRows,
  };
}

/**
 * Finds room for the input of a layer, with a frame of zeros where a convolution pads.
 * @param before the output shape of the layer before, not yet flattened; default: the input's shape
 */
function place({ layer, input }: Step, before = input.shape, reserve: (bytes: number) => number): Place {
  const [height, width, channels] = grid(before);
  const around = (axis: 0 | 1, length: number): [number, number] =>
    layer.kind === "conv2d"
      ? paddingAround(length, layer.kernelSize[axis], layer.strides[axis], layer.padding)
      : [0, 0];
  const [top, bottom] = around(0, height);
  const [left, right] = around(1, width);
  const row = 2 * channels * (left + width + right);
  const frame = reserve(row * (top + height + bottom));
  return { frame, first: frame + top * row + 2 * channels * left, row };
}

function describeInput({ shape, quantization: { zeroPoint } }: QuantizedActivations, to: Place): Fields {
  const [rows, columns, channels] = grid(shape);
  return {
    kind: kinds.centre,
    rows,
    columns: columns * channels,
    output: to.first,
    outputRow: to.row,
    zeroPoint,
  };
}

/** @param to where the output goes, undefined for logits */
function describe(step: Step, from: Place, to: Place | undefined): Fields {
  const { layer, input, output, pooled } = step;
  const [height, width, channels] = grid(input.shape);
  const [rows, columns, outputs] = grid(output.shape);
  const common = {
    kind: kinds[kindOf(step)],
    input: from.frame,
    inputRow: from.row,
    rows,
    columns,
    output: to?.first,
    outputRow: to?.row,
    outputColumn: 2 * outputs,
  };
  if (layer.kind === "conv2d" || layer.kind === "dense") {
    const [windowRows, windowColumns] = grid((pooled ?? output).shape);
    const [down, along] = layer.kind === "conv2d" ? layer.strides : [0, 0];
    // bounds minus the zero point, as activations are stored; logits have none
    const zeroPoint = layer.output?.zeroPoint ?? Infinity;
    return {
      ...common,
      low: layer.relu ? 0 : -zeroPoint,
      high: 255 - zeroPoint,
      lastRow: windowRows - 1,
      lastColumn: windowColumns - 1,
      strideRow: down * from.row,
      strideColumn: along * 2 * channels,
    };
  }
  const { poolSize, strides, padding } = layer;
  const { scale, zeroPoint } = input.quantization;
  if (scale > largestScale) throw notCovered(`scale ${scale} before ${layer.name}`);
  return {
    ...common,
    scale,
    zeroPoint,
    lastRow: height - 1,
    lastColumn: width - 1,
    windowRows: poolSize[0],
    windowColumns: poolSize[1],
    strideRow: strides[0],
    strideColumn: strides[1],
    beforeRows: paddingAround(height, poolSize[0], strides[0], padding)[0],
    beforeColumns: paddingAround(width, poolSize[1], strides[1], padding)[0],
  };
}

function encode(layers: Fields[]): Int32Array {
  const encoded = new Int32Array(layers.length * fields.length);
  const asFloats = new Float32Array(encoded.buffer);
  for (const [i, layer] of layers.entries()) {
    for (const [j, field] of fields.entries())
      (reals.has(field) ? asFloats : encoded)[i * fields.length + j] = layer[field] ?? 0;
  }
  return encoded;
}
