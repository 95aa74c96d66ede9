import ndarray = require("ndarray");

import type { NdArray } from "ndarray";
import { typeName } from "../common/checks";

/** The element types of the IDX format. */
export type IdxArray = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

const elementTypes: { code: number; name: string; make: new (source: ArrayBuffer | number) => IdxArray }[] = [
  { code: 0x08, name: "uint8", make: Uint8Array },
  { code: 0x09, name: "int8", make: Int8Array },
  { code: 0x0b, name: "int16", make: Int16Array },
  { code: 0x0c, name: "int32", make: Int32Array },
  { code: 0x0d, name: "float32", make: Float32Array },
  { code: 0x0e, name: "float64", make: Float64Array },
];

/**
 * Reads a file in the IDX format of the MNIST distribution (LeCun, Cortes and Burges 1998): two zero bytes, the element
 * type, the number of dimensions, each dimension as a big-endian 32-bit number, then the elements, big-endian.
 * @param bytes the whole file, not compressed
 * @param source a name for error messages, such as the file's path
 * @returns for uint8 a view over `bytes` itself, nothing is copied; for the other types a decoded copy
 * @throws when `bytes` is no Uint8Array, when the header is wrong, or when the file holds fewer or more bytes than its
 *   header announces
 */
export function readIdx(bytes: Uint8Array, { source = "IDX data" }: { source?: string } = {}): NdArray<IdxArray> {
  const fail = (problem: string): never => {
    throw new Error(`${source}: ${problem}`);
  };
  if (typeName(bytes) !== "Uint8Array")
    throw new TypeError(
      `${source}: expected a Uint8Array, got ${typeName(bytes)}: wrap an ArrayBuffer, new Uint8Array(buffer).`,
    );
  if (bytes.length < 4)
    fail(`expected a 4-byte IDX magic number, got ${bytes.length} bytes in all: the file is truncated.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = elementTypes.find(({ code }) => code === view.getUint8(2));
  if (view.getUint16(0) !== 0 || type === undefined) return fail(wrongMagic(view.getUint32(0)));
  const rank = view.getUint8(3);
  if (rank === 0) fail("expected at least one dimension, got 0 in the magic number.");
  const start = 4 + 4 * rank;
  if (bytes.length < start)
    fail(
      `expected ${rank} dimensions in a header of ${start} bytes, got ${bytes.length} bytes: the file is truncated.`,
    );
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const size = sizeOf(shape);
  const width = new type.make(0).BYTES_PER_ELEMENT;
  const expected = start + size * width;
  if (bytes.length !== expected) {
    fail(
      `expected ${expected} bytes for ${type.name} [${shape.join(", ")}], got ${bytes.length}: ` +
        (bytes.length < expected ? "the file is truncated." : "bytes trail after the last element."),
    );
  }
  // a plain Uint8Array even when a Buffer came in, because a Buffer's `slice` and `toString` behave differently
  const elements = new Uint8Array(bytes.buffer, bytes.byteOffset + start, size * width);
  if (type.make === Uint8Array) return ndarray(elements as Uint8Array, shape);
  const decoded = new Uint8Array(elements.length);
  for (let i = 0; i < elements.length; i += width) copyReversed(elements, i, decoded, i, width);
  return ndarray(new type.make(decoded.buffer), shape);
}

/**
 * Writes an array as an IDX file's bytes: the opposite of `readIdx`.
 * @throws when it is no ndarray, when its element type has no IDX code, or when a dimension does not fit 32 bits
 */
export function writeIdx(array: NdArray<IdxArray>): Uint8Array {
  if (!array?.data)
    throw new TypeError(`Expected an ndarray, got ${typeName(array)}: wrap a list, \`ndarray(list, shape)\`.`);
  const type = elementTypes.find(({ make }) => array.data instanceof make);
  if (type === undefined) {
    const names = elementTypes.map(({ name }) => name).join(", ");
    throw new TypeError(`Expected an array of ${names}, got ${array.dtype}: copy it into a typed array first.`);
  }
  const rank = array.shape.length;
  if (rank < 1 || rank > 255) throw new RangeError(`Expected 1 to 255 dimensions, got ${rank}.`);
  const start = 4 + 4 * rank;
  const width = array.data.BYTES_PER_ELEMENT;
  const bytes = new Uint8Array(start + sizeOf(array.shape) * width);
  const view = new DataView(bytes.buffer);
  view.setUint8(2, type.code);
  view.setUint8(3, rank);
  array.shape.forEach((length, axis) => {
    if (length > 0xffffffff)
      throw new RangeError(`Expected dimensions below 2 ** 32, got [${array.shape.join(", ")}].`);
    view.setUint32(4 + 4 * axis, length);
  });
  const elements = new Uint8Array(array.data.buffer, array.data.byteOffset, array.data.byteLength);
  eachIndex(array, (index, i) => copyReversed(elements, index * width, bytes, start + i * width, width));
  return bytes;
}

/** Copies an element with its bytes reversed: IDX is big-endian, typed arrays, where TensorFlow runs, little-endian. */
function copyReversed(from: Uint8Array, at: number, to: Uint8Array, position: number, width: number): void {
  for (let b = 0; b < width; b++) to[position + b] = from[at + width - 1 - b] as number;
}

/** Visits an array's elements in row-major order, whatever its strides are. */
function eachIndex(
  { shape, stride, offset }: NdArray<IdxArray>,
  visit: (index: number, position: number) => void,
): void {
  let position = 0;
  const walk = (axis: number, index: number): void => {
    if (axis === shape.length) visit(index, position++);
    else for (let i = 0; i < (shape[axis] as number); i++) walk(axis + 1, index + i * (stride[axis] as number));
  };
  if (sizeOf(shape) > 0) walk(0, offset);
}

/** How many elements there are; 0 is tested first, because large dimensions multiply to Infinity, and × 0 to NaN. */
function sizeOf(shape: number[]): number {
  return shape.includes(0) ? 0 : shape.reduce((product, length) => product * length, 1);
}

function wrongMagic(magic: number): string {
  const got = `0x${magic.toString(16).padStart(8, "0")}`;
  const gzip = magic >>> 16 === 0x1f8b ? " These bytes are gzip-compressed: decompress them first." : "";
  return `expected an IDX magic number such as 0x00000803 (uint8, three dimensions), got ${got}.${gzip}`;
}
