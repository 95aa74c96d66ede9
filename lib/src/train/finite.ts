import type { Batch } from "../data/loader";
import { tf } from "../tensors/tensorflow";
import type { GradientResult } from "./gradient";

/** Before the learning rate is blamed. */
export function checkFiniteImages({ images, step }: Batch): void {
  const finite = tf.tidy(() => tf.all(tf.isFinite(images)).dataSync()[0]);
  if (!finite)
    throw new Error(`Expected finite pixels in the batch of step ${step}, got NaN or infinity: look at \`augment\`.`);
}

/** Refuses a step whose loss or gradient is not finite, before it spoils the weights. */
export function checkFiniteStep(
  { loss, gradient }: Pick<GradientResult, "loss" | "gradient">,
  { step, learningRate }: { step: number; learningRate: number },
): void {
  if (!Number.isFinite(loss))
    throw new Error(
      `Expected a finite loss, got ${loss} at step ${step}: the learning rate (${learningRate}) is probably too high.`,
    );
  if (!isFiniteSum(gradient))
    throw new Error(`Expected a finite gradient at step ${step}, got NaN or infinity: lower the learning rate.`);
}

/** Whether all numbers are finite: otherwise their sum is not. */
function isFiniteSum(numbers: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < numbers.length; i++) sum += numbers[i] as number;
  return Number.isFinite(sum);
}
