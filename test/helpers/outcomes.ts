import { random } from "../../lib/src/common/random";

/** Random confidences, some of them equal, and whether each is right. */
export function outcomes(seed: number, count = 203): { confidences: Float64Array; correct: boolean[] } {
  const source = random(seed);
  const confidences = Float64Array.from({ length: count }, () => source.integer(0, 100) / 100);
  return { confidences, correct: Array.from(confidences, (confidence) => source.uniform() < confidence) };
}
