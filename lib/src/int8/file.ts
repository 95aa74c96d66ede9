/**
 * The file of a quantised network, little-endian: magic (8 bytes), version (4), length of the file (4), the input, the
 * layers one after the other, CRC-32 of all that comes before it (4). Runs in any JavaScript engine.
 */

import { crc32 } from "../common/crc32";
import { ByteReader, ByteWriter } from "./byte-stream";
import { checkQuantized, typeName } from "./check";
import type { Quantization, QuantizedConv2d, QuantizedDense, QuantizedLayer, QuantizedModel } from "./model";

// the line break, as in PNG, reveals a transfer as text, which would change it
const magic = Uint8Array.from("LENETQ\r\n", (character) => character.charCodeAt(0));
const version = 1;
const headerLength = 16;

// numbers in the file are indices into these lists: only ever append
const kinds = ["conv2d", "dense", "maxPool2d", "flatten", "averagePool2d"] as const;
const paddings = ["valid", "same"] as const;

// types of arrays: 2 … 8 are whole numbers of that many bits, packed
const int32Type = 32;
const float32Type = 33;

/**
 * Writes a quantised network as bytes: each weight takes `bits` bits. `decodeModel` gives back an equal one.
 * @throws when the network's layers do not fit together
 */
export function encodeModel(model: QuantizedModel): Uint8Array {
  checkQuantized(model);
  const body = new ByteWriter();
  for (const length of model.inputShape) body.unsigned(length, 2);
  writeQuantization(body, model.input);
  body.unsigned(model.layers.length, 2);
  for (const layer of model.layers) writeLayer(body, layer);
  const content = body.finish();
  const length = headerLength + content.length + 4;
  const all = new ByteWriter().bytes(magic).unsigned(version, 4).unsigned(length, 4).bytes(content);
  return all.unsigned(crc32(all.finish()), 4).finish();
}

/**
 * Reads what `encodeModel` wrote; its arrays are copies.
 * @throws an Error that says what is wrong and what to do: not a model file, another version, truncated, damaged
 */
export function decodeModel(bytes: Uint8Array): QuantizedModel {
  if (typeName(bytes) !== "Uint8Array")
    throw new Error(`Expected \`bytes\` to be a Uint8Array, got ${typeName(bytes)}: wrap it, new Uint8Array(bytes).`);
  checkEnvelope(bytes);
  const reader = new ByteReader(bytes.subarray(0, -4), headerLength, damaged);
  const inputShape: [number, number, number] = [reader.unsigned(2), reader.unsigned(2), reader.unsigned(2)];
  const input = readQuantization(reader);
  const layers = Array.from({ length: reader.unsigned(2) }, () => readLayer(reader));
  if (reader.remaining > 0) damaged(`expected the last layer to end the file, got ${reader.remaining} more bytes`);
  const model = { inputShape, input, layers };
  try {
    checkQuantized(model);
  } catch (error) {
    damaged((error as Error).message.replace(/\.$/, ""));
  }
  return model;
}

/** Checks magic, version, length and checksum. */
function checkEnvelope(bytes: Uint8Array): void {
  if (bytes.length < magic.length || magic.some((byte, i) => bytes[i] !== byte))
    throw new Error(
      "This is not a quantised model: expected bytes that begin with LENETQ, as `encodeModel` writes them: check the path or the address.",
    );
  if (bytes.length < headerLength + 4)
    throw new Error(
      `Expected a model of at least ${headerLength + 4} bytes, got ${bytes.length}: fetch the file again.`,
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found = view.getUint32(8, true);
  if (found !== version)
    throw new Error(`Expected a model file of version ${version}, got version ${found}: save the model again.`);
  const length = view.getUint32(12, true);
  if (length !== bytes.length) {
    const problem = bytes.length < length ? "the file is truncated" : "bytes trail after its end";
    throw new Error(`Expected a model of ${length} bytes, got ${bytes.length}: ${problem}; fetch it again.`);
  }
  const [stored, computed] = [view.getUint32(length - 4, true), crc32(bytes.subarray(0, length - 4))];
  if (stored !== computed) damaged(`expected bytes with CRC-32 ${hex(stored)}, got ${hex(computed)}`);
}

function writeLayer(to: ByteWriter, layer: QuantizedLayer): void {
  const name = Uint8Array.from(layer.name, (character) => character.charCodeAt(0));
  to.unsigned(kinds.indexOf(layer.kind), 1).unsigned(name.length, 1).bytes(name);
  switch (layer.kind) {
    case "conv2d":
      for (const length of [...layer.kernelSize, ...layer.strides]) to.unsigned(length, 2);
      to.unsigned(paddings.indexOf(layer.padding), 1);
      writeWeights(to, layer);
      writeQuantization(to, layer.output);
      break;
    case "dense":
      writeWeights(to, layer);
      to.unsigned(layer.output ? 1 : 0, 1);
      if (layer.output) writeQuantization(to, layer.output);
      break;
    case "maxPool2d":
    case "averagePool2d":
      for (const length of [...layer.poolSize, ...layer.strides]) to.unsigned(length, 2);
      to.unsigned(paddings.indexOf(layer.padding), 1);
      break;
  }
}

function readLayer(from: ByteReader): QuantizedLayer {
  const kind = readChoice(from, "kind of layer", kinds);
  const name = String.fromCharCode(...from.bytes(from.unsigned(1)));
  const pair = (): [number, number] => [from.unsigned(2), from.unsigned(2)];
  const padding = () => readChoice(from, `padding of ${name}`, paddings);
  switch (kind) {
    case "conv2d": {
      const window = { kernelSize: pair(), strides: pair(), padding: padding() };
      return { kind, name, ...window, ...readWeights(from, name), output: readQuantization(from) };
    }
    case "dense": {
      const weights = readWeights(from, name);
      const last = !readChoice(from, `output of ${name}`, [false, true]);
      return { kind, name, ...weights, ...(last ? {} : { output: readQuantization(from) }) };
    }
    case "maxPool2d":
    case "averagePool2d":
      return { kind, name, poolSize: pair(), strides: pair(), padding: padding() };
    case "flatten":
      return { kind, name };
  }
}

type Weights = Pick<QuantizedDense, "relu" | "kernel" | "bits" | "scales" | "bias">;

function writeWeights(to: ByteWriter, { relu, kernel, bits, scales, bias }: QuantizedConv2d | QuantizedDense): void {
  to.unsigned(relu ? 1 : 0, 1);
  to.unsigned(bits, 1).unsigned(kernel.length, 4).bytes(packBits(kernel, bits));
  to.unsigned(float32Type, 1).unsigned(scales.length, 4);
  for (const scale of scales) to.float32(scale);
  to.unsigned(int32Type, 1).unsigned(bias.length, 4);
  for (const value of bias) to.unsigned(value, 4);
}

function readWeights(from: ByteReader, name: string): Weights {
  const relu = readChoice(from, `ReLU of ${name}`, [false, true]);
  const [kernel, bits] = readKernel(from, name);
  const scales = readWords(from, `scales of ${name}`, float32Type);
  const bias = readWords(from, `bias of ${name}`, int32Type);
  return {
    relu,
    kernel,
    bits,
    scales: Float32Array.from({ length: scales.remaining / 4 }, () => scales.float32()),
    bias: Int32Array.from({ length: bias.remaining / 4 }, () => bias.unsigned(4)),
  };
}

function readKernel(from: ByteReader, name: string): [kernel: Int8Array, bits: number] {
  const bits = from.unsigned(1);
  if (bits < 2 || bits > 8) damaged(`expected weights of ${name} of 2 to 8 bits, got ${bits}`);
  const count = from.unsigned(4);
  const packed = from.bytes(Math.ceil((count * bits) / 8));
  const spare = 8 * packed.length - count * bits;
  // one model has one file, so that equal models have equal checksums
  if ((packed.at(-1) ?? 0) >> (8 - spare) !== 0) damaged(`expected ${spare} zero bits after the weights of ${name}`);
  return [unpackBits(packed, count, bits), bits];
}

/** Reads the bytes of an array of 4-byte numbers; a false length fails before memory is reserved. */
function readWords(from: ByteReader, what: string, type: number): ByteReader {
  const found = from.unsigned(1);
  if (found !== type) damaged(`expected ${what} of type ${type}, got type ${found}`);
  return new ByteReader(from.bytes(4 * from.unsigned(4)), 0, damaged);
}

function writeQuantization(to: ByteWriter, { scale, zeroPoint }: Quantization): void {
  to.float32(scale).unsigned(zeroPoint, 1);
}

function readQuantization(from: ByteReader): Quantization {
  return { scale: from.float32(), zeroPoint: from.unsigned(1) };
}

function readChoice<T>(from: ByteReader, what: string, choices: readonly T[]): T {
  const index = from.unsigned(1);
  if (index >= choices.length) damaged(`expected the ${what} in 0 … ${choices.length - 1}, got ${index}`);
  return choices[index] as T;
}

function damaged(problem: string): never {
  throw new Error(`Damaged model: ${problem}. Fetch the file again, or save the model again.`);
}

function hex(crc: number): string {
  return crc.toString(16).padStart(8, "0");
}

// Small whole numbers side by side: two of four bits a byte, four of two bits, the first in the lowest bits.

/**
 * Packs whole numbers, each −2^(bits − 1) or more and below 2^(bits − 1), in two's
 * complement; unused bits of the last byte are 0.
 * @param bits bits of each number, 1 … 8
 */
export function packBits(values: Int8Array, bits: number): Uint8Array {
  const packed = new Uint8Array(Math.ceil((values.length * bits) / 8));
  for (const [i, value] of values.entries()) {
    const [byte, shift] = place(i, bits);
    const code = (value & (2 ** bits - 1)) << shift;
    packed[byte] = (packed[byte] as number) | code;
    // three, five, six and seven bits may begin in one byte and end in the next
    if (shift + bits > 8) packed[byte + 1] = code >> 8;
  }
  return packed;
}

/** Unpacks the first `count` numbers that `packBits` packed. */
export function unpackBits(packed: Uint8Array, count: number, bits: number): Int8Array {
  return Int8Array.from({ length: count }, (_, i) => {
    const [byte, shift] = place(i, bits);
    const code = ((packed[byte] as number) | ((packed[byte + 1] ?? 0) << 8)) >> shift;
    // shifted to the top of an int32 and back, which extends the sign
    return (code << (32 - bits)) >> (32 - bits);
  });
}

/** The byte in which number `i` begins, and at which of its bits, counted from the lowest. */
function place(i: number, bits: number): [byte: number, shift: number] {
  return [Math.floor((i * bits) / 8), (i * bits) % 8];
}
