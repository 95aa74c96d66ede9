/** A network as the WebAssembly kernel reads it: a record for each layer, weights, and where in memory activations go. */
import { type Activations, sizeOf } from "./check-quantized";
import { packChannels, packKernel } from "./int8-packing";
import type { QuantizedActivations } from "./int8-pooling";
import type {
  QuantizedConv2d,
  QuantizedDense,
  QuantizedLayer,
  QuantizedModel,
  QuantizedPool2d,
} from "./quantized-model";
import { floatMultipliers, type Requantization } from "./requantize";
import { paddingAround } from "./sliding-window";

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
  /** how many an image takes */
  multiplications: number;
}

/** `lib/assembly/layer.ts` says what they are; in its order, 4 bytes each. */
const fields = [
  ...(["kind", "input", "output", "weights", "channels", "blocks", "pairs", "windowRows", "windowColumns"] as const),
  ...(["rows", "columns", "lastRow", "lastColumn", "inputRow", "strideRow", "strideColumn", "outputRow"] as const),
  ...(["outputColumn", "beforeRows", "beforeColumns", "low", "high", "zeroPoint", "scale"] as const),
];
const reals = new Set<string>(["low", "high", "scale"]);
type Fields = Partial<Record<(typeof fields)[number], number>>;

const kinds = [
  "end",
  "centre",
  "convolve",
  "convolveAndPool",
  "dense",
  "logits",
  "maxPool",
  "averagePool",
  "averageAll",
];

/** A layer, what flows in and out of it, and whether max-pooling of 2 × 2 windows follows at once. */
interface Step {
  layer: Exclude<QuantizedLayer, { kind: "flatten" }>;
  input: QuantizedActivations;
  output: Activations;
  pooled?: Activations;
}

/** Where the activations between two layers lie: int16 [height, width, channels], their zero point taken off. */
interface Place {
  /** address of the first window, which may lie in the padding */
  frame: number;
  /** address of the first number */
  first: number;
  /** bytes from one row to the next */
  row: number;
}

// vectors may be loaded and stored a little beyond the end of what they belong to
const slack = 64;
const largestMemory = 2 ** 30;
// sums of an average must not overflow float32
const largestScale = 2 ** 90;

/**
 * Plans the memory of a network, packs its weights and describes its layers.
 * @param flow what `checkQuantized` says of the model
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
  const places = steps.map(({ layer, input }, i) => place(layer, steps[i - 1]?.output.shape ?? input.shape, reserve));
  const layers = steps.map((step, i) => ({ ...weights[i], ...describe(step, places[i] as Place, places[i + 1]) }));
  const first = describeInput(steps[0] as Step, places[0] as Place);
  parts.push([start, encode([first, ...layers, { kind: kinds.indexOf("end") }])]);
  for (const [address, { buffer, byteOffset, byteLength }] of parts)
    image.set(new Uint8Array(buffer, byteOffset, byteLength), address);
  const size = sizeOf(model.inputShape);
  const classes = sizeOf((flow.at(-1) as Activations).shape);
  const capacity = Math.max(1, Math.min(64, Math.floor(2 ** 20 / size)));
  const [pixels, logits] = [reserve(size * capacity), reserve(4 * classes * capacity)];
  const multiplications = steps.reduce((sum, step) => sum + multiplicationsOf(step), 0);
  return { image, memory, start, pixels, size, logits, classes, capacity, multiplications };
}

/** The layers that compute, a convolution together with the 2 × 2 pooling after it. */
function stepsOf({ layers }: QuantizedModel, flow: Activations[]): Step[] {
  const steps: Step[] = [];
  for (const [i, layer] of layers.entries()) {
    if (layer.kind === "flatten") continue;
    const output = flow[i + 1] as Activations;
    const before = layers[i - 1];
    if (layer.kind === "maxPool2d" && before?.kind === "conv2d" && isHalving(layer))
      Object.assign(steps.at(-1) as Step, { output, pooled: flow[i] });
    else steps.push({ layer, input: flow[i] as QuantizedActivations, output });
  }
  return steps;
}

const isHalving = ({ poolSize, strides }: QuantizedPool2d) => [...poolSize, ...strides].every((length) => length === 2);

/** Packs what a layer multiplies with; a pooling layer has a mask for the channels of its last block. */
function packWeights({ layer, input, output }: Step, put: (data: ArrayBufferView) => number): Fields {
  if (layer.kind === "maxPool2d" || layer.kind === "averagePool2d") {
    const channels = output.shape[2] as number;
    const blocks = Math.ceil(channels / 8);
    return {
      blocks,
      channels: put(Int16Array.from({ length: 8 }, (_, lane) => (8 * blocks - 8 + lane < channels ? -1 : 0))),
    };
  }
  const { kernel, scales, bias } = layer;
  const multipliers = floatMultipliers(scales, input.quantization.scale, layer.output?.scale);
  if (!multipliers.every(Number.isFinite)) throw notCovered(`scales beyond float32 in ${layer.name}`);
  const windowRows = layer.kind === "conv2d" ? layer.kernelSize[0] : 1;
  const width = layer.kind === "conv2d" ? 8 : 16;
  return {
    weights: put(packKernel(kernel, windowRows, bias.length, width)),
    channels: put(packChannels(bias, multipliers, width)),
    blocks: Math.ceil(bias.length / width),
    pairs: Math.ceil(kernel.length / windowRows / bias.length / 2),
    windowRows,
  };
}

/** Finds room for the input of a layer, in the shape it has before flattening, with a frame of zeros where a convolution pads. */
function place(layer: Step["layer"], shape: readonly number[], reserve: (bytes: number) => number): Place {
  const [height, width, channels] = grid(shape);
  const around = (axis: 0 | 1, length: number) =>
    layer.kind === "conv2d"
      ? paddingAround(length, layer.kernelSize[axis], layer.strides[axis], layer.padding)
      : [0, 0];
  const [[top, bottom], [left, right]] = [around(0, height), around(1, width)] as [[number, number], [number, number]];
  const row = 2 * channels * (left + width + right);
  const frame = reserve(row * (top + height + bottom));
  return { frame, first: frame + top * row + 2 * channels * left, row };
}

/** [height, width, channels] of any activations. */
function grid(shape: readonly number[]): [number, number, number] {
  return shape.length === 3 ? (shape as [number, number, number]) : [1, 1, shape[0] as number];
}

function describeInput({ input }: Step, to: Place): Fields {
  const [height, width, channels] = grid(input.shape);
  return {
    kind: kinds.indexOf("centre"),
    rows: height,
    columns: width * channels,
    output: to.first,
    outputRow: to.row,
    zeroPoint: input.quantization.zeroPoint,
  };
}

/** @param to where the output goes, undefined for logits */
function describe({ layer, input, output, pooled }: Step, from: Place, to: Place | undefined): Fields {
  const [height, width, channels] = grid(input.shape);
  const [rows, columns, outputs] = grid(output.shape);
  const common = {
    ...{ input: from.frame, inputRow: from.row, rows, columns },
    ...{ output: to?.first, outputRow: to?.row, outputColumn: 2 * outputs },
  };
  if (layer.kind === "dense" || layer.kind === "conv2d") {
    const bounds = boundsOf(layer);
    if (layer.kind === "dense") return { kind: kinds.indexOf(to ? "dense" : "logits"), ...common, ...bounds };
    const [windows, windowColumns] = (pooled ?? output).shape as [number, number];
    return {
      kind: kinds.indexOf(pooled ? "convolveAndPool" : "convolve"),
      ...{ ...common, ...bounds, lastRow: windows - 1, lastColumn: windowColumns - 1 },
      ...{ strideRow: from.row * layer.strides[0], strideColumn: 2 * channels * layer.strides[1] },
    };
  }
  const { poolSize, strides, padding } = layer;
  const { scale, zeroPoint } = input.quantization;
  if (scale > largestScale) throw notCovered(`scale ${scale} before ${layer.name}`);
  const whole = poolSize[0] === height && poolSize[1] === width && rows * columns === 1;
  return {
    kind: kinds.indexOf(layer.kind === "averagePool2d" && whole ? "averageAll" : layer.kind.replace("2d", "")),
    ...{ ...common, scale, zeroPoint, lastRow: height - 1, lastColumn: width - 1 },
    ...{ windowRows: poolSize[0], windowColumns: poolSize[1], strideRow: strides[0], strideColumn: strides[1] },
    beforeRows: paddingAround(height, poolSize[0], strides[0], padding)[0],
    beforeColumns: paddingAround(width, poolSize[1], strides[1], padding)[0],
  };
}

/** The lowest and highest output, its zero point taken off; of logits, in float32. */
function boundsOf({ relu, output }: QuantizedConv2d | QuantizedDense): Fields {
  if (!output) return { low: relu ? 0 : -Infinity };
  return { low: relu ? 0 : -output.zeroPoint, high: 255 - output.zeroPoint };
}

/** Of a pooling layer, how many numbers it reads. */
function multiplicationsOf({ layer, input, output, pooled }: Step): number {
  if (layer.kind === "dense") return layer.kernel.length;
  const [rows, columns, channels] = grid((pooled ?? output).shape);
  if (layer.kind === "conv2d") return rows * columns * layer.kernel.length;
  const [height, width] = grid(input.shape);
  return rows * columns * channels * Math.min(height, layer.poolSize[0]) * Math.min(width, layer.poolSize[1]);
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

function notCovered(what: string): Error {
  return new Error(
    `Expected a model that the WebAssembly engine covers, got ${what}: let \`engine\` be "auto" or "reference".`,
  );
}
