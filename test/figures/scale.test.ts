import assert from "node:assert/strict";
import { test } from "node:test";
import { gapWords, lengthOf, placed, spanOf } from "../../lib/src/figures/scale";

const odd = [Number.NaN, 3, Number.NEGATIVE_INFINITY, 0, -2, 100];

test("placed(values, scale) leaves gaps for what has no place", () => {
  assert.deepEqual(placed(odd, "linear"), [null, 3, null, 0, -2, 100]);
  assert.deepEqual(placed(odd, "log"), [null, 3, null, null, null, 100]);
});

test("spanOf(lists, scale) spans what is drawn of all lists", () => {
  assert.deepEqual(spanOf([odd, [], [200]], "linear"), [-2, 200]);
  assert.deepEqual(spanOf([odd], "log"), [3, 100]);
  assert.equal(spanOf([[Number.NaN]], "linear"), undefined);
  assert.deepEqual([lengthOf([-2, 8], "linear"), lengthOf([0.1, 100], "log")], [10, 3]);
});

test("gapWords(…sides) counts points that are missing or have no place, each once, or is silent", () => {
  assert.equal(gapWords([[1], "linear"]), "");
  assert.equal(gapWords([odd, "linear"]), ", 2 without a value");
  assert.equal(gapWords([odd, "log"]), ", 2 without a value, 2 without a place on a logarithmic axis");
  assert.equal(
    gapWords([[0, 1, 2], "log"], [[Number.NaN, 0, 1], "log"]),
    ", 1 without a value, 1 without a place on a logarithmic axis",
  );
});
