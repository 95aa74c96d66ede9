import assert from "node:assert/strict";
import { test } from "node:test";
import {
  confusionMatrix,
  countCorrect,
  meanAndDeviation,
  predictionsOf,
  wilsonInterval,
} from "../../lib/src/metrics/accuracy";
import { assertClose } from "../helpers/assertions";

test("wilsonInterval(correct, total) gives the intervals of Newcombe 1998, table I, method 3", () => {
  const table = [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ] as const;
  for (const [correct, total, low, high] of table) {
    const interval = wilsonInterval(correct, total, 1.959964);
    assertClose([interval.estimate, interval.low, interval.high], [correct / total, low, high], 5e-5);
  }
});

test("wilsonInterval(correct, total) ends where the score test is at the limit", () => {
  for (const [correct, total, z] of [
    [9950, 10000, 1.96],
    [9913, 10000, 1.96],
    [7, 10, 2.5758],
    [1, 3, 1],
  ] as const) {
    const { low, high } = wilsonInterval(correct, total, z);
    // both ends p satisfy (p̂ − p)² = z² p (1 − p) / n
    for (const p of [low, high]) assertClose([(correct / total - p) ** 2], [(z ** 2 * p * (1 - p)) / total], 1e-12);
    assert.ok(low < correct / total && correct / total < high);
  }
  const { low, high } = wilsonInterval(9950, 10000);
  assertClose([low, high], [0.99341, 0.99621], 5e-6);
});

test("wilsonInterval(0, n) begins at 0 and wilsonInterval(n, n) ends at 1", () => {
  const [none, all] = [wilsonInterval(0, 50), wilsonInterval(50, 50)];
  assert.equal(none.low, 0);
  assert.equal(all.high, 1);
  assertClose([none.high, all.low], [1.96 ** 2 / (50 + 1.96 ** 2), 50 / (50 + 1.96 ** 2)], 1e-12);
});

test("wilsonInterval(correct, total, z) lies around its estimate, begins at 0 for none and ends at 1 for all", () => {
  const zs = [1e-200, 0.001, 1, 1.96, 3.3, 1e9, 1e155, 1e200, Number.MAX_VALUE];
  for (let total = 1; total < 3000; total++) {
    for (const correct of [0, 1, total >> 1, total - 1, total]) {
      for (const z of total < 30 ? zs : [1.96]) {
        const { estimate, low, high } = wilsonInterval(correct, total, z);
        const what = `${correct} of ${total}, z = ${z}: ${low} … ${high}`;
        assert.ok(low >= 0 && low <= estimate && estimate <= high && high <= 1, what);
        assert.ok((correct > 0 || low === 0) && (correct < total || high === 1), what);
      }
    }
  }
});

test("wilsonInterval(correct, total) is as wide below as its mirror image is above", () => {
  const [a, b] = [wilsonInterval(3, 40), wilsonInterval(37, 40)];
  assertClose([a.low, a.high], [1 - b.high, 1 - b.low], 1e-12);
});

test("wilsonInterval(correct, total) refuses counts that make no sense", () => {
  for (const total of [0, 2.5, Number.NaN, Infinity]) {
    const message = `Expected \`total\` to be a whole number above 0, got ${total}.`;
    assert.throws(() => wilsonInterval(1, total), { name: "RangeError", message });
  }
  for (const correct of [-1, 6, 2.5, Number.NaN]) {
    const message = `Expected \`correct\` to be a whole number in 0 … 5, got ${correct}.`;
    assert.throws(() => wilsonInterval(correct, 5), { name: "RangeError", message });
  }
  for (const z of [0, -1, Number.NaN, Infinity])
    assert.throws(() => wilsonInterval(1, 5, z), /^RangeError: Expected `z` to be a finite number above 0, got/);
});

test("confusionMatrix(labels, predictions, {classes}) counts labels in rows and predictions in columns", () => {
  assert.deepEqual(confusionMatrix([0, 0, 1, 2, 2, 2], Uint8Array.of(0, 1, 1, 2, 0, 2), { classes: 3 }), [
    [1, 1, 0],
    [0, 1, 0],
    [1, 0, 2],
  ]);
  assert.deepEqual(confusionMatrix([], [], { classes: 2 }), [
    [0, 0],
    [0, 0],
  ]);
});

test("confusionMatrix(labels, predictions, {classes}) refuses other lengths and other classes", () => {
  assert.throws(
    () => confusionMatrix([1], [1, 2], { classes: 3 }),
    /^Error: Expected one prediction for each of 1 labels, got 2\.$/,
  );
  for (const [label, prediction] of [
    [0, 3],
    [3, 0],
    [3, 3],
  ] as const) {
    assert.throws(
      () => confusionMatrix([0, label], [0, prediction], { classes: 3 }),
      /^RangeError: Expected classes in 0 … 2, got .* at index 1\.$/,
    );
  }
});

test("countCorrect and confusionMatrix refuse, in the same words, what is no class", () => {
  const counts = [countCorrect, (a: number[], b: number[]) => confusionMatrix(a, b, { classes: 3 })];
  for (const [wrong, kind, got] of [
    [-1, "RangeError", "-1"],
    [0.5, "RangeError", "0.5"],
    [Number.NaN, "RangeError", "NaN"],
    ["0", "TypeError", '"0"'],
    ["length", "TypeError", '"length"'],
    [1n, "TypeError", "1n"],
    [true, "TypeError", "true"],
    [undefined, "TypeError", "undefined"],
  ] as const) {
    for (const count of counts) {
      const message = (name: string) => `Expected \`${name}\` to hold whole numbers, 0 or more, got ${got} at index 1.`;
      assert.throws(() => count([0, wrong as number], [0, 0]), { name: kind, message: message("labels") });
      assert.throws(() => count([0, 0], [0, wrong as number]), { name: kind, message: message("predictions") });
    }
  }
});

test("countCorrect(labels, predictions) counts equal pairs", () => {
  assert.equal(countCorrect([1, 2, 3, 4], [1, 0, 3, 5]), 2);
  assert.equal(countCorrect([], []), 0);
  assert.throws(() => countCorrect([1, 2], [1]), /^Error: Expected one prediction for each of 2 labels, got 1\.$/);
});

test("meanAndDeviation(values) divides by n − 1", () => {
  assert.deepEqual(meanAndDeviation([2, 4, 4, 4, 5, 5, 7, 9]), { mean: 5, deviation: Math.sqrt(32 / 7) });
  assert.deepEqual(meanAndDeviation(Float32Array.of(3)), { mean: 3, deviation: 0 });
  assert.throws(() => meanAndDeviation([]), /^RangeError: Expected at least one value, got none\.$/);
});

test("predictionsOf(logits, {classes}) is the place of the largest logit, the first of equal ones", () => {
  assert.deepEqual(Array.from(predictionsOf([0, -1, 3, 5, 5, 2, -3, -2, -2], { classes: 3 })), [2, 0, 1]);
  assert.equal(predictionsOf(new Float32Array(260), { classes: 26 }).length, 10);
  assert.throws(() => predictionsOf([1, 2, 3], { classes: 2 }), {
    message: "Expected `logits` to hold 2 numbers an image, got 3 in all.",
  });
});
