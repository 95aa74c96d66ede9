import { checkFinite, checkList, checkWhole } from "../common/checks";
import { checkEach, checkLogits, checkPredictions, classesOf } from "./checks";

/** An estimate with the interval that holds the true value in 95 of 100 such experiments. */
export interface Interval {
  estimate: number;
  low: number;
  high: number;
}

/**
 * Wilson's score interval for a proportion (Wilson 1927): right where the usual ± formula fails, near 0 and 1.
 * @param correct how many of `total` succeeded
 * @param z standard normal quantile: 1.96 for 95 %
 * @returns 0 ≤ low ≤ estimate ≤ high ≤ 1; low is 0 where none, high is 1 where all succeeded
 * @throws when `total` is not a whole number above 0, `correct` not one in 0 … `total`, or `z` not a finite number
 *   above 0
 */
export function wilsonInterval(correct: number, total: number, z = 1.96): Interval {
  checkWhole("total", total, { above: 0 });
  checkWhole("correct", correct, { from: 0, to: total });
  checkFinite("z", z, { above: 0 });
  const estimate = correct / total;
  // beyond 10¹⁰⁰ the interval is 0 … 1 like here, but the square would not be finite
  const spread = Math.min(z, 1e100);
  const square = spread ** 2;
  const centre = (estimate + square / (2 * total)) / (1 + square / total);
  const root = Math.sqrt((estimate * (1 - estimate)) / total + square / (4 * total ** 2));
  const half = (spread * root) / (1 + square / total);
  // rounding may put an end on the wrong side of the estimate, or just short of the 0 or 1 that it is
  return {
    estimate,
    low: correct === 0 ? 0 : Math.max(0, Math.min(centre - half, estimate)),
    high: correct === total ? 1 : Math.min(1, Math.max(centre + half, estimate)),
  };
}

/**
 * How often each class (row) was predicted as each class (column).
 * @param labels [n] whole numbers in 0 … classes − 1
 * @param predictions [n], likewise
 * @param options.classes how many there are, 1 … 256
 * @returns [classes × classes]
 * @throws when these are no lists, differ in length, hold anything else, or `classes` is missing or out of its range
 */
export function confusionMatrix(
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  options: { classes: number },
): number[][] {
  const classes = classesOf(options, { from: 1, to: 256 });
  checkPredictions({ labels, predictions });
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < labels.length; i++) {
    const row = matrix[labels[i] as number];
    const predicted = predictions[i] as number;
    if (row?.[predicted] === undefined) {
      throw new RangeError(
        `Expected classes in 0 … ${classes - 1}, got ${labels[i]} predicted as ${predicted} at index ${i}.`,
      );
    }
    row[predicted] += 1;
  }
  return matrix;
}

/**
 * The class with the largest logit, for each image; the first of several equal ones.
 * @param logits [n × classes], row by row, finite
 * @param options.classes how many there are, 1 … 256
 * @returns uint8 [n]
 * @throws when `classes` is missing or out of its range, or the logits are no list, not finite or not as many for each
 *   image
 */
export function predictionsOf(logits: ArrayLike<number>, options: { classes: number }): Uint8Array {
  const classes = classesOf(options, { from: 1, to: 256 });
  checkLogits(logits, classes);
  return Uint8Array.from({ length: logits.length / classes }, (_, i) => placeOfLargest(logits, i * classes, classes));
}

/**
 * Where the largest of `count` numbers from `start` on stands, counted from there; the first of several equal ones.
 * @internal
 */
export function placeOfLargest(values: ArrayLike<number>, start: number, count: number): number {
  let best = 0;
  for (let j = 1; j < count; j++) if ((values[start + j] as number) > (values[start + best] as number)) best = j;
  return best;
}

/**
 * How many predictions equal their label.
 * @throws when these are no lists, differ in length, or hold anything but whole numbers, 0 or more
 */
export function countCorrect(labels: ArrayLike<number>, predictions: ArrayLike<number>): number {
  checkPredictions({ labels, predictions });
  let correct = 0;
  for (let i = 0; i < labels.length; i++) if (labels[i] === predictions[i]) correct += 1;
  return correct;
}

/**
 * The mean, and the standard deviation of a sample (dividing by n − 1; 0 for a single value).
 * @throws when these are no list, there are no values, or not all are finite
 */
export function meanAndDeviation(values: ArrayLike<number>): { mean: number; deviation: number } {
  checkList("values", values);
  const list = Array.from(values);
  if (list.length === 0) throw new RangeError("Expected at least one value, got none.");
  checkEach(list, Number.isFinite, "Expected values to be finite");
  const mean = list.reduce((a, b) => a + b, 0) / list.length;
  const squares = list.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: list.length > 1 ? Math.sqrt(squares / (list.length - 1)) : 0 };
}
