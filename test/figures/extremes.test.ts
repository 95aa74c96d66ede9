import assert from "node:assert/strict";
import { test } from "node:test";
import { extremes, highest, withGaps } from "../../lib/src/figures/extremes";

const odd = [Number.NaN, 3, Number.NEGATIVE_INFINITY, 1, 3, Number.POSITIVE_INFINITY, 1];

test("extremes(values) are places of finite numbers, the first of equals", () => {
  assert.deepEqual(extremes(odd), { low: 3, high: 1 });
  assert.deepEqual(extremes([5]), { low: 0, high: 0 });
  assert.equal(extremes([Number.NaN]), undefined);
  assert.equal(extremes([]), undefined);
});

test("extremes and highest take more values than a call takes arguments", () => {
  const many = Float64Array.from({ length: 300_000 }, (_, i) => i);
  assert.deepEqual(extremes(many), { low: 0, high: 299_999 });
  assert.equal(highest(many, 0), 299_999);
});

test("highest(values, least) is finite, and least at least", () => {
  assert.deepEqual([highest(odd, 0), highest(odd, 7), highest([], 2)], [3, 7, 2]);
});

test("withGaps(values) is what JSON makes of them", () => {
  assert.deepEqual(withGaps(odd), JSON.parse(JSON.stringify(odd)));
});
