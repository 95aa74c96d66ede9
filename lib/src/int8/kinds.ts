/**
 * The kinds of layers: how each is checked, written to a file and read, one entry of a table a kind. How it is computed
 * stands in `reference/reference.ts`; whether WebAssembly runs it, in `wasm/steps.ts`.
 */

import { checkWhole, shown } from "../common/checks";
import { outputLength } from "../common/windows";
import {
  type Activations,
  checkQuantization,
  checkSize,
  lengths,
  type QuantizedActivations,
  sizeOf,
} from "./activations";
import type { ByteReader, ByteWriter } from "./byte-stream";
import type { Quantization, QuantizedConv2d, QuantizedLayer, QuantizedPool2d } from "./model";
import { checkTypes, checkWeights, readWeights, writeWeights } from "./weights";

/** A kind of layer; name and kind itself are checked, written and read by who asks. */
interface LayerKind<L extends QuantizedLayer> {
  /** what flows out; throws when the layer does not fit what flows in, or its own numbers are out of range */
  check(layer: L, input: QuantizedActivations): Activations;
  write(to: ByteWriter, layer: L): void;
  /** @param name for messages */
  read(from: ByteReader, name: string): Omit<L, "kind" | "name">;
}

const pool: LayerKind<QuantizedPool2d> = {
  check(layer, { shape, quantization }) {
    checkRank(layer, shape, 3, "put pooling before flattening");
    return { shape: [...checkWindows(layer, "poolSize", layer.poolSize, shape), shape[2] as number], quantization };
  },
  write(to, layer) {
    writeWindow(to, layer.poolSize, layer);
  },
  read(from, name) {
    const { size, ...window } = readWindow(from, name);
    return { poolSize: size, ...window };
  },
};

// numbers in the file are places in this table: only ever append
const layerKinds: { [Kind in QuantizedLayer["kind"]]: LayerKind<Extract<QuantizedLayer, { kind: Kind }>> } = {
  conv2d: {
    check(layer, { shape, quantization }) {
      checkTypes(layer);
      checkRank(layer, shape, 3, "put convolutions before flattening");
      const [height, width] = checkWindows(layer, "kernelSize", layer.kernelSize, shape);
      const output = [height, width, layer.scales.length];
      checkWeights(layer, [...layer.kernelSize, shape[2] as number, layer.scales.length], quantization);
      checkSize(layer.name, output);
      checkQuantization(`\`output\` of ${layer.name}`, layer.output);
      return { shape: output, quantization: layer.output };
    },
    write(to, layer) {
      writeWindow(to, layer.kernelSize, layer);
      writeWeights(to, layer);
      writeQuantization(to, layer.output);
    },
    read(from, name) {
      const { size, ...window } = readWindow(from, name);
      return { kernelSize: size, ...window, ...readWeights(from, name), output: readQuantization(from) };
    },
  },
  dense: {
    check(layer, { shape, quantization }) {
      checkTypes(layer);
      checkRank(layer, shape, 1, "put a flatten layer before it");
      checkWeights(layer, [shape[0] as number, layer.scales.length], quantization);
      if (layer.output !== undefined) checkQuantization(`\`output\` of ${layer.name}`, layer.output);
      return { shape: [layer.scales.length], quantization: layer.output };
    },
    write(to, layer) {
      writeWeights(to, layer);
      to.unsigned(layer.output ? 1 : 0, 1);
      if (layer.output) writeQuantization(to, layer.output);
    },
    read(from, name) {
      const weights = readWeights(from, name);
      const last = !from.choice(`output of ${name}`, [false, true]);
      return { ...weights, ...(last ? {} : { output: readQuantization(from) }) };
    },
  },
  maxPool2d: pool,
  flatten: {
    check: (_, { shape, quantization }) => ({ shape: [sizeOf(shape)], quantization }),
    write() {},
    read: () => ({}),
  },
  averagePool2d: pool,
};

/** The kinds of layer, each at the place that is its number in the file. */
export const kindNames = Object.keys(layerKinds) as QuantizedLayer["kind"][];

/** What is to be known of a kind of layer, to be used with layers of this kind only. */
export function layerKind(name: QuantizedLayer["kind"]): LayerKind<QuantizedLayer> {
  return layerKinds[name];
}

function checkRank({ name }: QuantizedLayer, shape: readonly number[], rank: number, help: string): void {
  if (shape.length !== rank)
    throw new Error(`${name}: expected an input of ${rank} dimension(s), got [${shape.join(", ")}]: ${help}.`);
}

/** The height and width of what windows of `size` make. */
function checkWindows(
  { name, strides, padding }: QuantizedConv2d | QuantizedPool2d,
  sizeName: string,
  size: readonly [number, number],
  shape: readonly number[],
): [number, number] {
  for (const [key, pair] of [
    [sizeName, size],
    ["strides", strides],
  ] as const) {
    if (!(Array.isArray(pair) && pair.length === 2))
      throw new TypeError(`${name}: expected \`${key}\` to be two numbers, got ${shown(pair)}.`);
  }
  for (const length of [...size, ...strides]) checkWhole(`window and stride of ${name}`, length, lengths);
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

const paddings = ["valid", "same"] as const;

function writeWindow(
  to: ByteWriter,
  size: readonly [number, number],
  { strides, padding }: QuantizedConv2d | QuantizedPool2d,
): void {
  for (const length of [...size, ...strides]) to.unsigned(length, 2);
  to.unsigned(paddings.indexOf(padding), 1);
}

function readWindow(from: ByteReader, name: string) {
  const pair = (): [number, number] => [from.unsigned(2), from.unsigned(2)];
  return { size: pair(), strides: pair(), padding: from.choice(`padding of ${name}`, paddings) };
}

export function writeQuantization(to: ByteWriter, { scale, zeroPoint }: Quantization): void {
  to.float32(scale).unsigned(zeroPoint, 1);
}

export function readQuantization(from: ByteReader): Quantization {
  return { scale: from.float32(), zeroPoint: from.unsigned(1) };
}
