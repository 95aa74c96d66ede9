import assert from "node:assert/strict";
import { test } from "node:test";
import { mcnemar } from "../../lib/src/metrics/mcnemar";
import { assertClose } from "../helpers/assertions";

/** Predictions of two classifiers, each alone right as often as told; the label is always 1. */
function split(onlyFirst: number, onlySecond: number): [Uint8Array, Uint8Array, Uint8Array] {
  const count = onlyFirst + onlySecond;
  const first = Uint8Array.from({ length: count }, (_, i) => (i < onlyFirst ? 1 : 0));
  return [new Uint8Array(count).fill(1), first, first.map((right) => 1 - right)];
}

test("mcnemar(labels, first, second) counts who is right on which images", () => {
  const { p, ...counts } = mcnemar([1, 2, 3, 4, 5, 6], [1, 2, 3, 0, 0, 6], Uint8Array.of(1, 0, 0, 4, 9, 6));
  assert.deepEqual(counts, { onlyFirst: 2, onlySecond: 1, both: 2, neither: 1 });
  assert.equal(p, 1);
});

test("mcnemar(labels, first, second) gives the hand-worked p of ten tosses", () => {
  assertClose([mcnemar(...split(0, 10)).p, mcnemar(...split(1, 9)).p], [2 / 1024, 22 / 1024], 1e-15);
  assertClose([mcnemar(...split(8, 2)).p, mcnemar(...split(3, 7)).p], [112 / 1024, 352 / 1024], 1e-15);
});

test("mcnemar(labels, first, second) gives the p of scipy.stats.binomtest, thousands of tosses too", () => {
  // binomtest(onlyFirst, onlyFirst + onlySecond).pvalue, SciPy 1.17.1
  const table = [
    [12, 30, 0.007915897334896727],
    [40, 21, 0.0204147137996349],
    [2400, 2600, 0.004883649737517494],
    [2450, 2550, 0.16148522239737798],
    [2200, 2800, 2.2291847988565358e-17],
  ] as const;
  for (const [onlyFirst, onlySecond, expected] of table)
    assertClose([mcnemar(...split(onlyFirst, onlySecond)).p / expected], [1], 1e-9);
});

test("mcnemar(labels, first, second) gives p = 1 to an even split and where nobody is alone right", () => {
  for (const count of [0, 1, 5, 2500]) assert.equal(mcnemar(...split(count, count)).p, 1);
  assert.equal(mcnemar(...split(0, 1)).p, 1);
  assert.deepEqual(mcnemar([7, 7], [7, 1], [7, 2]), { onlyFirst: 0, onlySecond: 0, both: 1, neither: 1, p: 1 });
});

test("mcnemar(labels, first, second) does not care who is first, and falls as the split gets uneven", () => {
  let last = 1;
  for (let k = 500; k >= 0; k -= 50) {
    const { p } = mcnemar(...split(k, 1000 - k));
    assert.equal(p, mcnemar(...split(1000 - k, k)).p);
    assert.ok(p <= last && (p < last || k === 500), `p rises to ${p} at ${k}`);
    last = p;
  }
});

test("mcnemar(labels, first, second) refuses predictions of another length", () => {
  for (const [first, second] of [
    [[1], [1, 2]],
    [
      [1, 2],
      [1, 2, 3],
    ],
  ] as const) {
    assert.throws(
      () => mcnemar([1, 2], first, second),
      /^Error: Expected one prediction for each of 2 labels, got [13]\.$/,
    );
  }
});
