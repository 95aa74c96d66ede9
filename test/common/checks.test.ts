import assert from "node:assert/strict";
import { test } from "node:test";
import { checkFinite, checkFraction, checkList, checkPositive, checkWhole } from "../../lib/src/common/checks";

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

test("checkWhole(name, value) takes whole numbers within their range, and its ends", () => {
  for (const value of [0, -3, 2 ** 53 - 1]) checkWhole("n", value);
  for (const value of [2, 8]) checkWhole("n", value, { from: 2, to: 8 });
  checkWhole("n", 1, { above: 0 });
  checkWhole("n", 0, { from: 0 });
});

test("checkWhole(name, value) refuses the rest with a RangeError that says what was expected and what came", () => {
  for (const value of [0.5, nan, infinity, 2 ** 53])
    assert.throws(() => checkWhole("n", value), {
      name: "RangeError",
      message: `Expected \`n\` to be a whole number, got ${value}.`,
    });
  const cases: [() => void, string][] = [
    [() => checkWhole("n", 0, { above: 0 }), "Expected `n` to be a whole number above 0, got 0."],
    [() => checkWhole("n", -1, { from: 0 }), "Expected `n` to be a whole number, 0 or more, got -1."],
    [() => checkWhole("n", 1, { from: 2, to: 8 }), "Expected `n` to be a whole number in 2 … 8, got 1."],
    [() => checkWhole("n", 9, { from: 2, to: 8 }), "Expected `n` to be a whole number in 2 … 8, got 9."],
    [() => checkWhole("a seed", 0.5), "Expected a seed to be a whole number, got 0.5."],
    [() => checkWhole("`bits` of conv", 0.5), "Expected `bits` of conv to be a whole number, got 0.5."],
  ];
  for (const [check, message] of cases) assert.throws(check, { name: "RangeError", message });
});

test("checkFinite(name, value) takes finite numbers within their range", () => {
  checkFinite("x", -0.5);
  checkFinite("x", 0, { from: 0 });
  checkFinite("x", Number.MIN_VALUE, { above: 0 });
  for (const value of [nan, infinity, -infinity, -1])
    assert.throws(() => checkFinite("x", value, { from: 0 }), {
      name: "RangeError",
      message: `Expected \`x\` to be a finite number, 0 or more, got ${value}.`,
    });
  assert.throws(
    () => checkFinite("x", 0, { above: 0 }),
    /^RangeError: Expected `x` to be a finite number above 0, got 0/,
  );
});

test("checkPositive(name, value) takes infinity too, checkFraction(name, value) all from 0 to below 1", () => {
  for (const value of [Number.MIN_VALUE, infinity]) checkPositive("x", value);
  for (const value of [0, -1, nan])
    assert.throws(() => checkPositive("x", value), {
      name: "RangeError",
      message: `Expected \`x\` to be above 0, got ${value}.`,
    });
  for (const value of [0, 1 - 2 ** -53]) checkFraction("x", value);
  for (const value of [1, -0.1, nan])
    assert.throws(() => checkFraction("x", value), {
      name: "RangeError",
      message: `Expected \`x\` in [0, 1), got ${value}.`,
    });
});

test("what is no number at all is a TypeError", () => {
  const cases: [unknown, string][] = [
    ["3", 'got "3".'],
    [undefined, "got undefined."],
    [null, "got null."],
  ];
  for (const [value, got] of cases) {
    assert.throws(() => checkWhole("n", value as number), {
      name: "TypeError",
      message: `Expected \`n\` to be a whole number, ${got}`,
    });
    assert.throws(() => checkFinite("n", value as number), { name: "TypeError" });
  }
  for (const check of [checkPositive, checkFraction]) assert.throws(() => check("x", undefined as never), TypeError);
});

test("checkList(name, value) takes arrays, typed arrays and what else has items and a length", () => {
  for (const list of [[], [1], new Float32Array(2), Buffer.from("a"), { length: 0 }]) checkList("x", list);
  assert.throws(() => checkList("x", "ab"), { name: "TypeError", message: 'Expected `x` as a list, got "ab".' });
  assert.throws(() => checkList("a row", {}), /^TypeError: Expected a row as a list, got Object\.$/);
});
