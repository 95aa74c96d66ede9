/** Softmax and its loss on the logits that `evaluate` gives, image by image, in double precision. */
import { checkList, checkPositive } from "../common/checks";
import { checkLabels, checkLogits, classesOf } from "./checks";

export interface SoftmaxOptions {
  /** divisor of the logits: above 1 brings the probabilities closer together, below 1 apart (Guo et al. 2017) */
  temperature?: number;
}

/**
 * Probabilities from logits.
 * @param logits [n × classes], row by row, finite
 * @param options.classes how many there are
 * @returns float64 [n × classes]; each row sums to 1
 * @throws when `classes` is missing or not a whole number above 0, the logits are no list, not finite or not as many
 *   for each image, or `temperature` is not above 0, or so small that a logit divided by it is not finite
 */
export function softmax(logits: ArrayLike<number>, options: SoftmaxOptions & { classes: number }): Float64Array {
  const classes = classesOf(options);
  const { temperature = 1 } = options;
  checkPositive("temperature", temperature);
  checkLogits(logits, classes);
  const probabilities = new Float64Array(logits.length);
  for (let row = 0; row < logits.length; row += classes) {
    const total = logSumExp(logits, row, classes, temperature);
    for (let i = row; i < row + classes; i++) probabilities[i] = Math.exp((logits[i] as number) / temperature - total);
  }
  return probabilities;
}

/**
 * Softmax cross-entropy of each image, in nats: how surprised the model is by the label.
 * @param logits [n × classes], row by row, finite
 * @param labels [n] whole numbers in 0 … classes − 1
 * @returns float64 [n], each 0 or more
 * @throws when logits and labels are no lists or do not match, a logit is not finite, a label is not one of the
 *   classes, or `temperature` is not above 0, or so small that a logit divided by it is not finite
 */
export function lossOfEach(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  { temperature = 1 }: SoftmaxOptions = {},
): Float64Array {
  checkPositive("temperature", temperature);
  if (isEmpty(logits, labels)) return new Float64Array(0);
  const classes = classCount(logits, labels);
  checkLogits(logits, classes);
  checkLabels(labels, classes);
  return Float64Array.from(labels, (label, i) => {
    const own = logits[i * classes + label] as number;
    return logSumExp(logits, i * classes, classes, temperature) - own / temperature;
  });
}

/**
 * How many logits belong to each of `labels`.
 * @throws when these are no lists, or it is not a whole number above 0
 * @internal
 */
export function classCount(logits: ArrayLike<number>, labels: ArrayLike<number>): number {
  if (isEmpty(logits, labels)) throw new RangeError("Expected at least one image with its logits, got none.");
  const classes = logits.length / labels.length;
  if (Number.isInteger(classes) && classes > 0) return classes;
  throw new Error(
    `Expected the same number of classes for each of ${labels.length} labels, got ${logits.length} numbers in all.`,
  );
}

/**
 * Whether there are no images, of which nothing tells the number of classes.
 * @throws when these are no lists
 * @internal
 */
export function isEmpty(logits: ArrayLike<number>, labels: ArrayLike<number>): boolean {
  for (const [name, list] of Object.entries({ logits, labels })) checkList(name, list);
  return logits.length === 0 && labels.length === 0;
}

/** log Σ exp(x / temperature) over one row; the largest is taken out first, so that nothing overflows. */
function logSumExp(logits: ArrayLike<number>, start: number, classes: number, temperature: number): number {
  let highest = Number.NEGATIVE_INFINITY;
  for (let i = start; i < start + classes; i++) highest = Math.max(highest, (logits[i] as number) / temperature);
  if (!Number.isFinite(highest))
    throw new RangeError(
      `Expected logits that stay finite when divided by \`temperature\`, got ${temperature}: take a larger one.`,
    );
  let sum = 0;
  for (let i = start; i < start + classes; i++) sum += Math.exp((logits[i] as number) / temperature - highest);
  return highest + Math.log(sum);
}
