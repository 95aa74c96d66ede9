import { checkList } from "../common/checks";
import { checkEach, isNumber } from "./checks";

/** Coverage and errors when images below a confidence are refused. */
export interface RiskPoint {
  /** share of the images that are answered: those with a confidence of `threshold` or more */
  coverage: number;
  /** how many of the answers are wrong */
  errors: number;
  threshold: number;
}

/**
 * How many errors remain when only the most confident images are answered (El-Yaniv and Wiener 2010). Images of equal
 * confidence are answered or refused together. One point for each number of errors that some threshold gives: the one
 * with the largest coverage. Coverage and errors rise from point to point; the last point answers every image.
 * @param confidences [n] any numbers, the infinities too, larger = more confident
 * @param correct [n] whether the prediction is right: booleans, or 1 and 0
 * @throws when these are no lists, are empty or differ in length, a confidence is NaN, or an item of `correct` none of
 *   the above
 */
export function riskCoverage(confidences: ArrayLike<number>, correct: ArrayLike<number | boolean>): RiskPoint[] {
  const order = mostConfidentFirst(confidences, correct);
  const points: RiskPoint[] = [];
  let errors = 0;
  order.forEach((image, i) => {
    if (!correct[image]) errors += 1;
    const threshold = confidences[image] as number;
    if (confidences[order[i + 1] as number] === threshold) return;
    if (points.at(-1)?.errors === errors) points.pop();
    points.push({ coverage: (i + 1) / order.length, errors, threshold });
  });
  return points;
}

/**
 * Indices by falling confidence.
 * @throws as `riskCoverage`
 * @internal
 */
export function mostConfidentFirst(confidences: ArrayLike<number>, correct: ArrayLike<number | boolean>): number[] {
  for (const [name, list] of Object.entries({ confidences, correct })) checkList(name, list);
  if (confidences.length === 0) throw new RangeError("Expected at least one confidence, got none.");
  if (confidences.length !== correct.length)
    throw new Error(`Expected \`correct\` to hold ${confidences.length} items, got ${correct.length}.`);
  checkEach(confidences, isNumber, "Expected confidences to be numbers");
  checkEach(
    correct,
    (right) => right === true || right === false || right === 1 || right === 0,
    "Expected `correct` to hold true and false, or 1 and 0",
    "say of each prediction whether it is right",
  );
  return Array.from(confidences, (_, i) => i).sort((a, b) => (confidences[b] as number) - (confidences[a] as number));
}
