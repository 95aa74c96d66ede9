import assert from "node:assert/strict";
import { test } from "node:test";
import ndarray from "ndarray";
import { checkLabels, checkList, checkNumbers, checkWord, kindOf, sameLength } from "../../lib/src/figures/arguments";

test("checkNumbers(what, list) says what came, and at which place", () => {
  checkNumbers("`y` of a", [1, Number.NaN, null]);
  assert.throws(() => checkNumbers("`y` of a", ndarray([1]) as never), {
    name: "TypeError",
    message: "Expected `y` of a as a list of numbers, got an ndarray: pass its `.data`.",
  });
  assert.throws(() => checkNumbers("`y` of a", [1, "2"] as never), {
    name: "TypeError",
    message: "Expected `y` of a as a list of numbers, got a string at index 1.",
  });
});

test("checkLabels and checkList take what they name", () => {
  checkLabels("`labels`", ["a", 7, Number.NaN]);
  assert.throws(
    () => checkLabels("`labels`", ["a", undefined] as never),
    /texts or numbers, got undefined at index 1\.$/,
  );
  checkList("`rows`", [{}]);
  assert.throws(
    () => checkList("`rows`", { a: 1 } as never),
    /^TypeError: Expected `rows` as a list, got an Object\.$/,
  );
});

test("checkWord(name, value, words) is an Error that names the words", () => {
  checkWord("side", "left", ["left", "right"]);
  assert.throws(() => checkWord("side", "top", ["left", "right"]), {
    name: "Error",
    message: 'Expected `side` to be left or right, got "top".',
  });
});

test("kindOf(value) tells how its numbers are had", () => {
  assert.equal(kindOf(new Map()), "a Map: pass `[...]` of its values");
  assert.deepEqual([kindOf(null), kindOf(true), kindOf([1])], ["null", "a boolean", "an Array"]);
});

test("sameLength(…) names the list, what came and what was expected", () => {
  sameLength("a", [1], "b", 1);
  assert.throws(() => sameLength("a", [1], "b", 2), { message: "Expected `a` to hold 2 items like `b`, got 1." });
});
