import { checkWhole } from "../common/checks";
import { placeOfLargest } from "./accuracy";
import { checkLabels } from "./checks";
import { classCount, isEmpty, lossOfEach, softmax } from "./softmax";

/** An image whose label may be wrong. */
export interface Suspect {
  index: number;
  label: number;
  /** the class that the model would give it */
  suggested: number;
  /** larger = more suspicious */
  score: number;
}

/** The result of confident learning. */
export interface ConfidentLearning {
  /** images counted off the diagonal of `joint`; score: probability of `suggested` − probability of `label`, −1 … 1 */
  suspects: Suspect[];
  /** confident joint [classes][classes], images by label (row) and by the class they seem to belong to (column) */
  joint: number[][];
  /** [classes] mean probability of a class over the images labelled so; NaN for a class without images */
  thresholds: number[];
}

/**
 * All images, the label that surprises the model most first. Score: the softmax cross-entropy in nats; suggested: the
 * most probable class, which may be the label.
 * @param logits [n × classes], row by row, finite
 * @param labels [n] whole numbers in 0 … classes − 1
 * @throws when logits and labels are no lists or do not match, a logit is not finite, or a label is not one of the
 *   classes
 */
export function rankByLoss(logits: ArrayLike<number>, labels: ArrayLike<number>): Suspect[] {
  if (isEmpty(logits, labels)) return [];
  const classes = classCount(logits, labels);
  const suspects = Array.from(lossOfEach(logits, labels), (score, index) => {
    const suggested = placeOfLargest(logits, index * classes, classes);
    return { index, label: labels[index] as number, suggested, score };
  });
  return suspects.sort(mostSuspiciousFirst);
}

/**
 * Confident learning (Northcutt, Jiang and Chuang 2021): an image labelled i is counted at (i, j), where j is the most
 * probable of the classes whose probability reaches their threshold; an image that reaches none is not counted.
 * Suspects come by normalised margin.
 *
 * The logits must come from models that were not trained on these images, as in cross-validation: a model that has seen
 * an image has learnt its label too, right or wrong, and agrees with it.
 * @param logits [n × classes], row by row, finite; at most 256 classes
 * @param labels [n] whole numbers in 0 … classes − 1
 * @throws as `rankByLoss`, and when there are no images or more classes
 */
export function confidentLearning(logits: ArrayLike<number>, labels: ArrayLike<number>): ConfidentLearning {
  const classes = classCount(logits, labels);
  checkWhole("the number of classes", classes, { from: 1, to: 256 });
  checkLabels(labels, classes);
  const probabilities = softmax(logits, { classes });
  const probability = (image: number, j: number) => probabilities[image * classes + j] as number;
  const thresholds = meanOwnProbability(probability, labels, classes);
  const joint = thresholds.map(() => new Array<number>(classes).fill(0));
  const suspects: Suspect[] = [];
  for (let index = 0; index < labels.length; index++) {
    const label = labels[index] as number;
    const reached = thresholds.map((threshold, j) => (probability(index, j) >= threshold ? probability(index, j) : -1));
    const suggested = placeOfLargest(reached, 0, classes);
    const highest = reached[suggested] as number;
    if (highest < 0) continue;
    (joint[label] as number[])[suggested] = (joint[label]?.[suggested] as number) + 1;
    if (suggested !== label) suspects.push({ index, label, suggested, score: highest - probability(index, label) });
  }
  return { suspects: suspects.sort(mostSuspiciousFirst), joint, thresholds };
}

/** A label of MNIST's test set that people have rejected. */
export interface KnownError {
  /** position in the test set */
  index: number;
  given: number;
  /** the digit that most of five people saw; absent where they were tied or most saw neither digit they were offered */
  majority?: number;
}

/**
 * The labels of MNIST's *test* set that fewer than three of five people confirmed (Northcutt, Athalye and Mueller 2021,
 * labelerrors.com). Confident learning proposed the images and the other digit, so errors it missed are not here.
 */
export const knownMnistErrors: readonly Readonly<KnownError>[] = [
  { index: 947, given: 8, majority: 9 },
  { index: 1621, given: 0, majority: 6 },
  { index: 1901, given: 9, majority: 4 },
  { index: 2130, given: 4 },
  { index: 2462, given: 2, majority: 0 },
  { index: 2597, given: 5, majority: 3 },
  { index: 2654, given: 6 },
  { index: 3520, given: 6 },
  { index: 3558, given: 5, majority: 0 },
  { index: 5937, given: 5, majority: 3 },
  { index: 6651, given: 0, majority: 6 },
  { index: 6783, given: 1, majority: 6 },
  { index: 8527, given: 4 },
  { index: 9679, given: 6 },
  { index: 9729, given: 5, majority: 6 },
];

function meanOwnProbability(
  probability: (image: number, j: number) => number,
  labels: ArrayLike<number>,
  classes: number,
): number[] {
  const sums = new Array<number>(classes).fill(0);
  const counts = new Array<number>(classes).fill(0);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] as number;
    sums[label] = (sums[label] as number) + probability(i, label);
    counts[label] = (counts[label] as number) + 1;
  }
  return sums.map((sum, label) => sum / (counts[label] as number));
}

const mostSuspiciousFirst = (a: Suspect, b: Suspect): number => b.score - a.score;
