import assert from "node:assert/strict";
import { test } from "node:test";
import { reliability } from "../../lib/src/metrics/calibration";
import { riskCoverage } from "../../lib/src/metrics/risk-coverage";
import { outcomes } from "../helpers/outcomes";

test("riskCoverage(confidences, correct) gives the hand-worked curve", () => {
  assert.deepEqual(riskCoverage([0.7, 0.9, 0.5, 0.8, 0.7, 0.9, 0.6], [1, 1, 0, 1, false, true, 1]), [
    { coverage: 3 / 7, errors: 0, threshold: 0.8 },
    { coverage: 6 / 7, errors: 1, threshold: 0.6 },
    { coverage: 1, errors: 2, threshold: 0.5 },
  ]);
});

test("riskCoverage(confidences, correct) answers or refuses images of equal confidence together", () => {
  assert.deepEqual(riskCoverage([2, 2, 2, 1], [0, 1, 0, 1]), [{ coverage: 1, errors: 2, threshold: 1 }]);
  assert.deepEqual(riskCoverage([3, 3], [1, 1]), [{ coverage: 1, errors: 0, threshold: 3 }]);
});

test("riskCoverage(confidences, correct) agrees with trying every threshold", () => {
  const { confidences, correct } = outcomes(3);
  const curve = riskCoverage(confidences, correct);
  const best = new Map<number, number>();
  for (const threshold of confidences) {
    const answered = correct.filter((_, i) => (confidences[i] as number) >= threshold);
    const errors = answered.filter((right) => !right).length;
    best.set(errors, Math.max(best.get(errors) ?? 0, answered.length / correct.length));
  }
  assert.deepEqual(
    curve.map(({ errors, coverage }) => [errors, coverage]),
    [...best].sort(([a], [b]) => a - b),
  );
  for (const { coverage, threshold } of curve)
    assert.equal(confidences.filter((confidence) => confidence >= threshold).length / confidences.length, coverage);
});

test("riskCoverage and reliability refuse lists that are empty, of different lengths, or hold NaN", () => {
  for (const measure of [reliability, riskCoverage]) {
    assert.throws(() => measure([], []), /^RangeError: Expected at least one confidence, got none\.$/);
    assert.throws(() => measure([1, 1], [1]), /^Error: Expected `correct` to hold 2 items, got 1\.$/);
    assert.throws(
      () => measure([1, Number.NaN], [1, 1]),
      /^RangeError: Expected confidences to be numbers, got NaN at index 1\.$/,
    );
  }
});
