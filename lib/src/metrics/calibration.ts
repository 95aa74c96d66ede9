import { checkFinite, checkList, checkWhole } from "../common/checks";
import { type Interval, placeOfLargest, wilsonInterval } from "./accuracy";
import { checkEach, checkLabels, checkLogits, classesOf } from "./checks";
import { mostConfidentFirst } from "./risk-coverage";
import { classCount, type SoftmaxOptions, softmax } from "./softmax";

/** Images of similar confidence: calibrated means that `confidence` and `accuracy` agree. */
export interface ReliabilityBin {
  /** lower edge; bins of equal mass: the smallest confidence in the bin */
  low: number;
  /** upper edge; bins of equal mass: the largest confidence in the bin */
  high: number;
  images: number;
  /** mean over the images of the bin */
  confidence: number;
  /** share of the images that are right, with Wilson's interval */
  accuracy: Interval;
}

export interface ReliabilityOptions {
  bins?: number;
  /** `"width"`: equal parts of 0 … 1, the last with both its ends; `"mass"`: as many images in each, ± 1 */
  binning?: "width" | "mass";
}

/**
 * Accuracy against confidence, bin by bin from the least confident on; empty bins are left out.
 * @param confidences [n] in 0 … 1, see `topProbability`
 * @param correct [n] whether the prediction is right: booleans, or 1 and 0
 * @returns at most `bins` bins, which hold each image once
 * @throws when these are no lists, are empty or differ in length, a confidence is NaN or outside 0 … 1, an item of
 *   `correct` is none of the above, `bins` is not a whole number above 0 or `binning` an unknown word
 */
export function reliability(
  confidences: ArrayLike<number>,
  correct: ArrayLike<number | boolean>,
  { bins = 10, binning = "width" }: ReliabilityOptions = {},
): ReliabilityBin[] {
  const order = mostConfidentFirst(confidences, correct).reverse();
  const sorted = Float64Array.from(order, (i) => confidences[i] as number);
  const count = sorted.length;
  checkEach(confidences, (confidence) => confidence >= 0 && confidence <= 1, "Expected confidences in 0 … 1");
  checkWhole("bins", bins, { above: 0 });
  if (binning !== "width" && binning !== "mass")
    throw new Error(`Expected \`binning\` to be "width" or "mass", got ${binning}.`);
  const result: ReliabilityBin[] = [];
  for (let bin = 1, start = 0, end = 0; bin <= bins; bin++, start = end) {
    if (binning === "mass") end = Math.floor((bin * count) / bins);
    else while (end < count && (bin === bins || (sorted[end] as number) < bin / bins)) end += 1;
    if (end === start) continue;
    const images = end - start;
    result.push({
      low: binning === "mass" ? (sorted[start] as number) : (bin - 1) / bins,
      high: binning === "mass" ? (sorted[end - 1] as number) : bin / bins,
      images,
      confidence: sorted.subarray(start, end).reduce((a, b) => a + b, 0) / images,
      accuracy: wilsonInterval(order.slice(start, end).filter((i) => correct[i]).length, images),
    });
  }
  return result;
}

/**
 * Mean distance between accuracy and confidence, weighted by images (Naeini et al. 2015; Guo et al. 2017): 0 … 1.
 * @param bins as `reliability` gives them
 * @throws when these are no list, there are no bins, or one without images, or with a confidence or accuracy outside 0
 *   … 1
 */
export function expectedCalibrationError(bins: readonly ReliabilityBin[]): number {
  checkList("bins", bins);
  if (bins.length === 0) throw new RangeError("Expected `bins` to hold at least one bin, got none.");
  bins.forEach(({ images, confidence, accuracy }, bin) => {
    checkWhole(`images of bin ${bin}`, images, { above: 0 });
    checkFinite(`confidence of bin ${bin}`, confidence, { from: 0, to: 1 });
    checkFinite(`accuracy of bin ${bin}`, accuracy.estimate, { from: 0, to: 1 });
  });
  const total = bins.reduce((sum, { images }) => sum + images, 0);
  return bins.reduce((sum, bin) => sum + (bin.images / total) * Math.abs(bin.accuracy.estimate - bin.confidence), 0);
}

/**
 * The softmax probability of the predicted class of each image.
 * @param logits [n × classes], row by row, finite
 * @param options as of `softmax`, with its errors
 * @returns float64 [n], each in 1 / classes … 1
 */
export function topProbability(logits: ArrayLike<number>, options: SoftmaxOptions & { classes: number }): Float64Array {
  const classes = classesOf(options);
  const probabilities = softmax(logits, options);
  return Float64Array.from({ length: logits.length / classes }, (_, i) => {
    const best = placeOfLargest(probabilities, i * classes, classes);
    return probabilities[i * classes + best] as number;
  });
}

/**
 * The temperature in 1/100 … 100 with the smallest mean cross-entropy (Guo et al. 2017); fit it on images that the
 * model was not trained on. It is 1/100 where lower is always better, as when every label has the largest logit; 100
 * where higher is, as when every label has the smallest; and 1 (no change) where the loss does not depend on it, as
 * when all logits of an image are equal.
 * @param logits [n × classes], row by row, finite
 * @param labels [n] whole numbers in 0 … classes − 1
 * @throws when these are no lists, there are no labels, the logits are not within ±10³⁰⁰ or not as many for each label,
 *   or a label is not one of the classes
 */
export function fitTemperature(logits: ArrayLike<number>, labels: ArrayLike<number>): number {
  checkList("labels", labels);
  if (labels.length === 0) throw new RangeError("Expected at least one image to fit a temperature, got none.");
  const classes = classCount(logits, labels);
  checkLogits(logits, classes);
  checkLabels(labels, classes);
  // larger ones would leave the range of numbers where they are divided by 1/100
  checkEach(logits, (logit) => Math.abs(logit) <= 1e300, "Expected `logits` within ±1e300 to fit a temperature");
  let [low, high] = [1 / 100, 100];
  const [atLow, atHigh] = [slope(logits, labels, low), slope(logits, labels, high)];
  // a convex loss whose slope is 0 at both ends is constant between them
  if (atLow === 0 && atHigh === 0) return 1;
  if (atLow <= 0) return low;
  if (atHigh >= 0) return high;
  for (let halving = 0; halving < 50; halving++) {
    const middle = Math.sqrt(low * high);
    if (slope(logits, labels, middle) > 0) low = middle;
    else high = middle;
  }
  return Math.sqrt(low * high);
}

/** The slope of the summed loss over 1 / temperature, in which it is convex; above 0, hotter is better. */
function slope(logits: ArrayLike<number>, labels: ArrayLike<number>, temperature: number): number {
  const classes = classCount(logits, labels);
  return softmax(logits, { classes, temperature }).reduce((sum, probability, i) => {
    const row = Math.floor(i / classes);
    const own = logits[row * classes + (labels[row] as number)] as number;
    return sum + probability * ((logits[i] as number) - own);
  }, 0);
}
