import { checkWhole } from "../common/checks";
import { largestCode } from "../int8/model";
import { tf } from "../tensors/tensorflow";
import { axesButLast } from "./fake-quant";

/**
 * Fake quantisation with a learned step size for each output channel (LSQ, Esser et al. 2020): weights become step ×
 * code, codes in −Q … Q with Q = 2^(bits − 1) − 1, and what lies beyond is clipped. Gradient of a weight: that of a
 * straight line where it is not clipped, else 0. Gradient of a step: code − weight / step, or ±Q where clipped, summed
 * over the channel's n weights and scaled by 1 / √(n Q), so that steps and weights learn at the same relative speed.
 * @param weights float32 [… , channels]
 * @param steps float32 [channels], not 0; the sign does not matter, because the codes are symmetric
 * @param options.bits a whole number in 2 … 8
 * @returns float32, the shape of `weights`; the caller disposes
 * @throws unless there is one step for each channel
 */
export function learnedStepSize<T extends tf.Tensor>(weights: T, steps: tf.Tensor1D, { bits }: { bits: number }): T {
  checkWhole("bits", bits, { from: 2, to: 8 });
  const channels = weights.shape.at(-1);
  if (steps.shape.length !== 1 || steps.size !== channels)
    throw new Error(`Expected \`steps\` [${channels}], one a channel, got [${steps.shape.join(", ")}].`);
  const limit = largestCode(bits);
  const perChannel = weights.size / steps.size;
  const quantized = tf.customGrad((w, s, save) => {
    const ratio = tf.div(w as tf.Tensor, s as tf.Tensor);
    const codes = tf.round(tf.clipByValue(ratio, -limit, limit));
    (save as tf.GradSaveFunc)([ratio, codes]);
    return {
      value: tf.mul(codes, s as tf.Tensor),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [ratio, codes] = saved as [tf.Tensor, tf.Tensor];
        const within = tf.cast(tf.lessEqual(tf.abs(ratio), limit), "float32");
        const slope = tf.sub(codes, tf.mul(ratio, within));
        const dSteps = tf.sum(tf.mul(dy, slope), axesButLast(ratio));
        return [tf.mul(dy, within), tf.div(dSteps, Math.sqrt(perChannel * limit))];
      },
    };
  });
  return quantized(weights, steps) as T;
}

/**
 * Step sizes to start from: 2 · mean |w| / √Q for each output channel (Esser et al. 2020); 1 for a channel of zeros.
 * @param weights float32 [… , channels]
 * @returns float32 [channels]; the caller disposes
 */
export function initialSteps(weights: tf.Tensor, { bits }: { bits: number }): tf.Tensor1D {
  checkWhole("bits", bits, { from: 2, to: 8 });
  return tf.tidy(() => {
    const mean = tf.mean(tf.abs(weights), axesButLast(weights)) as tf.Tensor1D;
    const steps = tf.mul(mean, 2 / Math.sqrt(largestCode(bits)));
    return tf.where(tf.greater(mean, 0), steps, tf.onesLike(steps)) as tf.Tensor1D;
  });
}
