/** Softmax and its loss on the logits that `evaluate` gives, image by image, in double precision. */
import { checkPositive } from "../common/checks";

export interface SoftmaxOptions {
  /** divisor of the logits: above 1 brings the probabilities closer together, below 1 apart (Guo et al. 2017) */
  temperature?: number;
}

/**
 * Probabilities from logits.
 * @param logits [n × classes], row by row
 * @returns float64 [n × classes]; each row sums to 1
 */
export function softmax(
  logits: ArrayLike<number>,
  { classes = 10, temperature = 1 }: SoftmaxOptions & { classes?: number } = {},
): Float64Array {
  checkPositive("temperature", temperature);
  if (logits.length % classes !== 0)
    throw new Error(`Expected \`logits\` to hold ${classes} numbers an image, got ${logits.length} in all.`);
  const probabilities = new Float64Array(logits.length);
  for (let row = 0; row < logits.length; row += classes) {
    const total = logSumExp(logits, row, classes, temperature);
    for (let i = row; i < row + classes; i++) probabilities[i] = Math.exp((logits[i] as number) / temperature - total);
  }
  return probabilities;
}

/**
 * Softmax cross-entropy of each image, in nats: how surprised the model is by the label.
 * @param logits [n × classes], row by row
 * @param labels [n] whole numbers in 0 … classes − 1
 * @returns float64 [n], each 0 or more
 * @throws when logits and labels do not match, a label is not one of the classes, or `temperature` is not above 0
 */
export function lossOfEach(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  { temperature = 1 }: SoftmaxOptions = {},
): Float64Array {
  checkPositive("temperature", temperature);
  const classes = classCount(logits, labels);
  return Float64Array.from(labels, (label, i) => {
    const own = logits[i * classes + label];
    if (!(label >= 0 && label < classes) || own === undefined)
      throw new RangeError(`Expected labels in 0 … ${classes - 1}, got ${label} at index ${i}.`);
    return logSumExp(logits, i * classes, classes, temperature) - own / temperature;
  });
}

/**
 * How many numbers belong to each of `labels`.
 * @throws when it is not a whole number above 0
 * @internal
 */
export function classCount(values: ArrayLike<number>, labels: ArrayLike<number>): number {
  const classes = values.length / labels.length;
  if (Number.isInteger(classes) && classes > 0) return classes;
  throw new Error(
    `Expected the same number of classes for each of ${labels.length} labels, got ${values.length} numbers in all.`,
  );
}

/** log Σ exp(x / temperature) over one row; the largest is taken out first, so that nothing overflows. */
function logSumExp(logits: ArrayLike<number>, start: number, classes: number, temperature: number): number {
  let highest = Number.NEGATIVE_INFINITY;
  for (let i = start; i < start + classes; i++) highest = Math.max(highest, (logits[i] as number) / temperature);
  let sum = 0;
  for (let i = start; i < start + classes; i++) sum += Math.exp((logits[i] as number) / temperature - highest);
  return highest + Math.log(sum);
}
