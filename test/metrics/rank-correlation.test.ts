import assert from "node:assert/strict";
import { test } from "node:test";
import { random } from "../../lib/src/common/random";
import { rankCorrelation } from "../../lib/src/metrics/rank-correlation";
import { assertClose } from "../helpers/assertions";

test("rankCorrelation(a, b) gives the values of scipy.stats.spearmanr, ties included", () => {
  // SciPy 1.17.1
  const table: [number[], number[], number][] = [
    [[106, 86, 100, 101, 99, 103, 97, 113, 112, 110], [7, 0, 27, 50, 28, 29, 20, 12, 6, 17], -0.17575757575757575],
    [[1, 2, 2, 3, 5, 5, 5, 8], [3, 1, 4, 4, 2, 9, 6, 9], 0.639862645418174],
    [[0, 0, 0, 1], [4, 3, 2, 1], -0.7745966692414834],
    [[1, 1, 2], [5, 1, 5], 0.5],
    [[1, 1, 2, 2], [1, 2, 1, 2], 0],
  ];
  for (const [a, b, expected] of table) assertClose([rankCorrelation(a, b)], [expected], 1e-14);
});

test("rankCorrelation(a, b) without ties is 1 − 6 Σ d² / (n³ − n)", () => {
  const n = 100;
  const a = random(1).shuffle(Uint8Array.from({ length: n }, (_, i) => i));
  const b = random(2).shuffle(Uint8Array.from({ length: n }, (_, i) => i));
  const squares = a.reduce((sum, rank, i) => sum + (rank - (b[i] as number)) ** 2, 0);
  assertClose([rankCorrelation(a, b)], [1 - (6 * squares) / (n ** 3 - n)], 1e-12);
});

test("rankCorrelation(a, b) sees only the order, and is the same from both sides", () => {
  const source = random(3);
  const a = Float64Array.from({ length: 50 }, () => source.normal());
  const b = a.map((value) => value + source.normal());
  const correlation = rankCorrelation(a, b);
  assert.equal(rankCorrelation(a.map(Math.exp), b), correlation);
  assert.equal(rankCorrelation(b, a), correlation);
  assert.equal(rankCorrelation(a, a.map(Math.exp)), 1);
  assert.equal(
    rankCorrelation(
      a,
      a.map((value) => -value),
    ),
    -1,
  );
  assertClose(
    [
      rankCorrelation(
        a,
        b.map((value) => -value),
      ),
    ],
    [-correlation],
    1e-12,
  );
});

test("rankCorrelation(a, b) is 0 where one side is constant", () => {
  assert.equal(rankCorrelation([1, 1, 1], [1, 2, 3]), 0);
  assert.equal(rankCorrelation([1, 2, 3], [0, 0, 0]), 0);
  assert.equal(rankCorrelation([1, 1], [2, 2]), 0);
});

test("rankCorrelation(a, b) refuses other lengths, too few pairs and NaN", () => {
  assert.throws(
    () => rankCorrelation([1, 2], [1]),
    /^Error: Expected `a` and `b` to be of the same length, got 2 and 1\.$/,
  );
  assert.throws(() => rankCorrelation([1], [1]), /^RangeError: Expected at least 2 pairs to correlate, got 1\.$/);
  assert.throws(() => rankCorrelation([], []), /^RangeError: Expected at least 2 pairs to correlate, got 0\.$/);
  assert.throws(
    () => rankCorrelation([1, 2], [1, Number.NaN]),
    /^RangeError: Expected `b` to hold numbers, got NaN at index 1\.$/,
  );
});
