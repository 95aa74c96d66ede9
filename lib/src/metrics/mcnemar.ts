import { checkPredictions } from "./checks";

/** How two classifiers fare on the same images, and how likely so uneven a split is if they are equally good. */
export interface PairedComparison {
  /** images that only the first gets right */
  onlyFirst: number;
  /** images that only the second gets right */
  onlySecond: number;
  both: number;
  neither: number;
  /** two-sided p value; 1 where there is no image that only one gets right */
  p: number;
}

/**
 * McNemar's test (McNemar 1947) in its exact form: only images that one classifier gets right and the other wrong tell
 * the two apart, and if they are equally good each such image is a toss of a coin.
 * @param labels [n] whole numbers; for n = 0 every count is 0 and `p` is 1
 * @param first [n] predicted classes of one classifier
 * @param second [n] predicted classes of the other
 * @returns counts of images, which add up to n, and the p value in 0 … 1
 * @throws when these are no lists, differ in length, or hold anything but whole numbers, 0 or more
 */
export function mcnemar(
  labels: ArrayLike<number>,
  first: ArrayLike<number>,
  second: ArrayLike<number>,
): PairedComparison {
  checkPredictions({ labels, first, second });
  let [onlyFirst, onlySecond, both] = [0, 0, 0];
  for (let i = 0; i < labels.length; i++) {
    const [firstRight, secondRight] = [first[i] === labels[i], second[i] === labels[i]];
    if (firstRight && secondRight) both += 1;
    else if (firstRight) onlyFirst += 1;
    else if (secondRight) onlySecond += 1;
  }
  const tail = fairTail(Math.min(onlyFirst, onlySecond), onlyFirst + onlySecond);
  return {
    onlyFirst,
    onlySecond,
    both,
    neither: labels.length - both - onlyFirst - onlySecond,
    p: Math.min(1, 2 * tail),
  };
}

/** P(X ≤ k) of the number of heads X in n tosses, k ≤ n / 2. */
function fairTail(k: number, n: number): number {
  // P(X = i) as a logarithm, because 2⁻ⁿ is too small for a float; the sum in units of its latest term, the largest
  let logTerm = -n * Math.LN2;
  let sum = 1;
  for (let i = 1; i <= k; i++) {
    const ratio = (n - i + 1) / i;
    logTerm += Math.log(ratio);
    sum = 1 + sum / ratio;
  }
  return Math.exp(logTerm) * sum;
}
