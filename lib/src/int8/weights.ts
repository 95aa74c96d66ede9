/** The weights of a layer: their checks, and their bytes in a file. */

import { checkWhole, shown, typeName } from "../common/checks";
import { checkScale, sizeOf } from "./activations";
import { ByteReader, type ByteWriter } from "./byte-stream";
import { largestCode, type Quantization, type QuantizedWeightedLayer } from "./model";

// types of arrays: 2 … 8 are whole numbers of that many bits, packed
const int32Type = 32;
const float32Type = 33;

export function checkTypes(layer: QuantizedWeightedLayer): void {
  const types = { kernel: "Int8Array", scales: "Float32Array", bias: "Int32Array" } as const;
  for (const key of ["kernel", "scales", "bias"] as const)
    if (typeName(layer[key]) !== types[key])
      throw new TypeError(
        `${layer.name}: expected \`${key}\` to be of type ${types[key]}, got ${typeName(layer[key])}.`,
      );
  if (typeof layer.relu !== "boolean")
    throw new TypeError(`${layer.name}: expected \`relu\` to be true or false, got ${shown(layer.relu)}.`);
}

/** @param shape of the kernel, the output channel last */
export function checkWeights(layer: QuantizedWeightedLayer, shape: number[], input: Quantization): void {
  const { name, kernel, scales, bias, bits } = layer;
  const size = sizeOf(shape);
  const channels = scales.length;
  if (channels < 1) throw new RangeError(`${name}: expected at least one output channel, got none.`);
  if (kernel.length !== size)
    throw new Error(
      `${name}: expected \`kernel\` to hold ${size} numbers (${shape.join(" × ")}), got ${kernel.length}.`,
    );
  if (bias.length !== channels)
    throw new Error(`${name}: expected \`bias\` to hold ${channels} numbers, one a scale, got ${bias.length}.`);
  checkWhole(`\`bits\` of ${name}`, bits, { from: 2, to: 8 });
  const largest = largestCode(bits);
  const outside = kernel.find((weight) => Math.abs(weight) > largest);
  if (outside !== undefined)
    throw new RangeError(`${name}: expected weights of ${bits} bits in −${largest} … ${largest}, got ${outside}.`);
  const sums = largestSums(layer, input);
  for (const [channel, scale] of scales.entries()) {
    checkScale(`\`scales[${channel}]\` of ${name}`, scale);
    if ((sums[channel] as number) > 2 ** 31 - 1)
      throw new RangeError(
        `${name}: expected accumulators within int32, but channel ${channel} may reach ${sums[channel]}: its scale is too small ` +
          "for its bias; train with less weight decay, or leave the channel out.",
      );
  }
}

/** The largest sum that each output channel can reach: |bias| + Σ |weight| × the largest |activation − zero point|. */
export function largestSums({ kernel, bias }: QuantizedWeightedLayer, { zeroPoint }: Quantization): Float64Array {
  const largestInput = Math.max(zeroPoint, 255 - zeroPoint);
  const sums = Float64Array.from(bias, Math.abs);
  for (let i = 0; i < kernel.length; i++) {
    const channel = i % sums.length;
    sums[channel] = (sums[channel] as number) + largestInput * Math.abs(kernel[i] as number);
  }
  return sums;
}

type Weights = Pick<QuantizedWeightedLayer, "relu" | "kernel" | "bits" | "scales" | "bias">;

export function writeWeights(to: ByteWriter, { relu, kernel, bits, scales, bias }: QuantizedWeightedLayer): void {
  to.unsigned(relu ? 1 : 0, 1);
  to.unsigned(bits, 1).unsigned(kernel.length, 4).bytes(packBits(kernel, bits));
  to.unsigned(float32Type, 1).unsigned(scales.length, 4);
  for (const scale of scales) to.float32(scale);
  to.unsigned(int32Type, 1).unsigned(bias.length, 4);
  for (const value of bias) to.unsigned(value, 4);
}

export function readWeights(from: ByteReader, name: string): Weights {
  const relu = from.choice(`ReLU of ${name}`, [false, true]);
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
  if (bits < 2 || bits > 8) from.fail(`expected weights of ${name} of 2 to 8 bits, got ${bits}`);
  const count = from.unsigned(4);
  const packed = from.bytes(Math.ceil((count * bits) / 8));
  const spare = 8 * packed.length - count * bits;
  // one model has one file, so that equal models have equal checksums
  if ((packed.at(-1) ?? 0) >> (8 - spare) !== 0) from.fail(`expected ${spare} zero bits after the weights of ${name}`);
  return [unpackBits(packed, count, bits), bits];
}

/** The bytes of an array of 4-byte numbers, looked up before room is made for the numbers. */
function readWords(from: ByteReader, what: string, type: number): ByteReader {
  const found = from.unsigned(1);
  if (found !== type) from.fail(`expected ${what} of type ${type}, got type ${found}`);
  return new ByteReader(from.bytes(4 * from.unsigned(4)), 0, from.fail);
}

// Small whole numbers side by side: two of four bits a byte, four of two bits, the first in the lowest bits.

/**
 * Packs whole numbers, each −2^(bits − 1) or more and below 2^(bits − 1), in two's complement; unused bits of the last
 * byte are 0.
 * @param bits of each number, 1 … 8
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
    // to the top of an int32 and back, so that the sign spreads
    return (code << (32 - bits)) >> (32 - bits);
  });
}

/** In which byte, and how many bits from its lowest, number `i` begins. */
function place(i: number, bits: number): [byte: number, shift: number] {
  return [Math.floor((i * bits) / 8), (i * bits) % 8];
}
