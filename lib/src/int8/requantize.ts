/** From int32 accumulators to uint8 activations: the one step of integer inference where numbers are rounded. */
import { checkFinite } from "../common/checks";
import type { Quantization } from "./model";

/**
 * How accumulators become activations: `"float"` multiplies in float32 and rounds half to even, as ONNX Runtime and
 * XNNPACK do; `"fixed"` needs no floating point: a 32-bit multiplier and a shift, as TensorFlow Lite's reference
 * kernels (with double rounding) do.
 */
export type Requantization = "float" | "fixed";

/** Turns the accumulator of one output channel (int32, bias included) into a number in 0 … 255. */
export type Requantize = (accumulator: number, channel: number) => number;

/**
 * Prepares the requantisation of one layer: accumulator × (input scale × scales[channel] / output scale) + zero point,
 * rounded and saturated to 0 … 255. After a ReLU the lowest code is the zero point, which stands for 0.
 */
export function requantizer(
  { scales, output, relu }: { scales: Float32Array; output: Quantization; relu: boolean },
  inputScale: number,
  mode: Requantization,
): Requantize {
  const { scale, zeroPoint } = output;
  const lowest = relu ? zeroPoint : 0;
  const saturate = (value: number) => Math.min(255, Math.max(lowest, value + zeroPoint));
  if (mode === "float") {
    const multipliers = floatMultipliers(scales, inputScale, scale);
    return (accumulator, channel) => {
      const product = Math.fround(accumulator) * (multipliers[channel] as number);
      return saturate(roundHalfToEven(Math.fround(product)));
    };
  }
  // TensorFlow Lite keeps these products in float64
  const multipliers = Array.from(scales, (weightScale) => fixedPoint((inputScale * weightScale) / scale));
  return (accumulator, channel) =>
    saturate(multiplyByFixedPoint(accumulator, multipliers[channel] as FixedPointMultiplier));
}

/** A multiplier for each output channel: accumulator × multiplier is in units of `outputScale` (1: real numbers). */
export function floatMultipliers(scales: Float32Array, inputScale: number, outputScale = 1): Float32Array {
  return scales.map((weightScale) => Math.fround(inputScale * weightScale) / outputScale);
}

/** The nearest whole number; of two equally near ones the even one. */
export function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/** A real multiplier above 0 in integers: multiplier × 2^(shift − 31). */
export interface FixedPointMultiplier {
  /** int32, 2^30 or more; 0 when the real multiplier is too small for any accumulator to matter */
  multiplier: number;
  /** to the left if positive, to the right if negative; −31 or more */
  shift: number;
}

/**
 * The fixed-point multiplier nearest to a real number.
 * @throws unless `real` is finite and above 0
 */
export function fixedPoint(real: number): FixedPointMultiplier {
  checkFinite("real", real, { above: 0 });
  let [fraction, shift] = [real, 0];
  for (; fraction >= 1; shift++) fraction /= 2;
  for (; fraction < 0.5; shift--) fraction *= 2;
  let multiplier = Math.round(fraction * 2 ** 31);
  if (multiplier === 2 ** 31) {
    multiplier /= 2;
    shift++;
  }
  return shift < -31 ? { multiplier: 0, shift: 0 } : { multiplier, shift };
}

/**
 * int32 × fixed-point multiplier → int32, in the arithmetic of gemmlowp (Jacob et al. 2018, arXiv:1712.05877): it
 * rounds twice, after the multiplication and after the shift.
 */
export function multiplyByFixedPoint(value: number, { multiplier, shift }: FixedPointMultiplier): number {
  const shifted = shift > 0 ? saturateToInt32(value * 2 ** shift) : value;
  return roundingDivideByPowerOfTwo(saturatingRoundingDoublingHighMultiply(shifted, multiplier), Math.max(0, -shift));
}

/** round(a × b / 2^31) of int32 numbers, halves rounded up; only −2^31 × −2^31 would not fit, and is saturated. */
export function saturatingRoundingDoublingHighMultiply(a: number, b: number): number {
  // a × b may need 62 bits and a double holds 53: take the upper and the lower 16 bits of `a` apart
  const upper = (a >> 16) * b;
  const lower = (a & 0xffff) * b + 2 ** 30;
  return saturateToInt32(Math.floor((upper + Math.floor(lower / 2 ** 16)) / 2 ** 15));
}

/** round(value / 2^exponent) of an int32 number, halves rounded away from 0; `exponent` in 0 … 31. */
export function roundingDivideByPowerOfTwo(value: number, exponent: number): number {
  return (Math.sign(value) * Math.floor(Math.abs(value) / 2 ** exponent + 0.5)) | 0;
}

function saturateToInt32(value: number): number {
  return Math.min(2 ** 31 - 1, Math.max(-(2 ** 31), value));
}
