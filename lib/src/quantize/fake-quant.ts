import { checkWhole } from "../common/checks";
import { largestCode, type Quantization } from "../int8/model";
import { boolAttribute, intAttribute, type KernelAttribute, runKernel, runKernels, tf } from "../tensors/tensorflow";

/** Options of `fakeQuantize`. */
export interface FakeQuantOptions {
  /** the smallest number to be represented, 0 or below */
  min: number;
  /** the largest number to be represented, 0 or above */
  max: number;
  /** a whole number in 2 … 16 */
  bits?: number;
  /** leaves out the lowest code, so that as many codes are negative as positive */
  narrow?: boolean;
}

/**
 * Rounds numbers to the 2^bits values that an integer can stand for, and keeps them in float32, with TensorFlow's own
 * kernel; `min` and `max` are nudged so that 0 is one of the values (Jacob et al. 2018). The gradient is that of a
 * straight line within the range and 0 outside (straight-through estimator, Bengio et al. 2013).
 * @param x float32, any shape
 * @returns float32, the same shape; the caller disposes
 * @throws unless `min` ≤ 0 ≤ `max`, and `bits` is one of those allowed
 */
export function fakeQuantize<T extends tf.Tensor>(x: T, options: FakeQuantOptions): T {
  const { min, max, bits = 8, narrow = false } = options;
  checkWhole("bits", bits, { from: 2, to: 16 });
  checkRange(min, max);
  const attributes = fakeQuantAttributes(bits, narrow);
  // made once for each pass, because the forward pass disposes its own before the gradient runs
  const range = () => [tf.scalar(min), tf.scalar(max)];
  const rounded = tf.customGrad((input, save) => {
    (save as tf.GradSaveFunc)([input as tf.Tensor]);
    return {
      value: runKernel("FakeQuantWithMinMaxVars", attributes, [input as tf.Tensor, ...range()]),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const inputs = [dy, saved[0] as tf.Tensor, ...range()];
        return runKernels("FakeQuantWithMinMaxVarsGradient", attributes, inputs, 3)[0] as tf.Tensor;
      },
    };
  });
  return rounded(x) as T;
}

/**
 * Fake quantisation of weights, each output channel (the last axis) with its own scale, symmetric about 0: the largest
 * weight of a channel becomes code 2^(bits − 1) − 1. Nothing is out of range, so the gradient passes unchanged.
 * @param weights float32 [units], [inputs, units] or [height, width, channels, filters]
 * @param options.bits a whole number in 2 … 8
 * @returns float32, the same shape; the caller disposes
 */
export function fakeQuantizePerChannel<T extends tf.Tensor>(weights: T, { bits = 8 }: { bits?: number } = {}): T {
  checkWhole("bits", bits, { from: 2, to: 8 });
  const rounded = tf.customGrad((input) => {
    const largest = largestWeights(input as tf.Tensor);
    const inputs = [input as tf.Tensor, tf.neg(largest), largest];
    return {
      value: runKernel("FakeQuantWithMinMaxVarsPerChannel", fakeQuantAttributes(bits, true), inputs),
      // not the kernel's own gradient: in one channel of 200, rounding puts the range just below the largest weight,
      // whose gradient would then be 0 for ever
      gradFunc: (dy: tf.Tensor) => tf.clone(dy),
    };
  });
  return rounded(weights) as T;
}

/** The scale of each output channel in `fakeQuantizePerChannel`: float32 [channels], above 0; the caller disposes. */
export function channelScales(weights: tf.Tensor, { bits = 8 }: { bits?: number } = {}): tf.Tensor1D {
  checkWhole("bits", bits, { from: 2, to: 8 });
  return tf.tidy(() => tf.div(largestWeights(weights), largestCode(bits)));
}

/**
 * How the codes 0 … 2^bits − 1 of `fakeQuantize` (not `narrow`) stand for real numbers; the same float32 arithmetic as
 * in the kernel, so that scale × (code − zeroPoint) is its output to the last bit.
 * @returns a float32 scale above 0 and a whole zero point in 0 … 2^bits − 1
 * @throws unless `min` ≤ 0 ≤ `max`, one of them other than 0, and `bits` is a whole number in 2 … 16
 */
export function quantizationOf(min: number, max: number, { bits = 8 }: { bits?: number } = {}): Quantization {
  checkWhole("bits", bits, { from: 2, to: 16 });
  checkRange(min, max);
  const steps = 2 ** bits - 1;
  const scale = Math.fround(Math.fround(Math.fround(max) - Math.fround(min)) / steps);
  if (!(scale > 0))
    throw new RangeError(`Expected \`min\` below \`max\`, got ${min} and ${max}: nothing but 0 was ever seen.`);
  // 0 − min, not −min: a minimum of 0 must not become −0
  const zeroPoint = Math.min(Math.round(Math.fround((0 - Math.fround(min)) / scale)), steps);
  return { scale, zeroPoint };
}

/** The largest absolute weight of each output channel; 1 for a channel of zeros, whose scale must not be 0. */
function largestWeights(weights: tf.Tensor): tf.Tensor1D {
  const largest = tf.max(tf.abs(weights), axesButLast(weights)) as tf.Tensor1D;
  return tf.where(tf.greater(largest, negligible), largest, tf.onesLike(largest));
}

/** Weights this small count as 0: in units of their scale a bias would not fit into int32. */
const negligible = 1e-6;

/** All axes except that of the output channels. */
export function axesButLast({ rank }: tf.Tensor): number[] {
  return Array.from({ length: rank - 1 }, (_, axis) => axis);
}

function fakeQuantAttributes(bits: number, narrow: boolean): KernelAttribute[] {
  return [intAttribute("num_bits", bits), boolAttribute("narrow_range", narrow)];
}

function checkRange(min: number, max: number): void {
  if (!(min <= 0 && max >= 0 && Number.isFinite(max - min)))
    throw new RangeError(
      `Expected finite \`min\` ≤ 0 ≤ \`max\`, got ${min} and ${max}: ` +
        (min <= 0 && max >= 0 ? "outputs grew beyond all bounds." : "0 must be representable, and NaN has no range."),
    );
}
