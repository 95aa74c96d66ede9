import assert from "node:assert/strict";
import { test } from "node:test";
import { random } from "../../lib/src/common/random";
import { confusionMatrix, wilsonInterval } from "../../lib/src/metrics/accuracy";
import { classReport, topConfusions } from "../../lib/src/metrics/class-report";
import { assertClose } from "../helpers/assertions";

const confusion = [
  [8, 2, 0],
  [1, 6, 3],
  [0, 0, 5],
];

test("classReport(confusion) gives the hand-worked table", () => {
  const { classes, macro, accuracy } = classReport(confusion);
  assert.deepEqual(
    classes.map(({ label, images, errors }) => [label, images, errors]),
    [
      [0, 10, 2],
      [1, 10, 4],
      [2, 5, 0],
    ],
  );
  const table = [
    [8 / 9, 8 / 10, 16 / 19],
    [6 / 8, 6 / 10, 12 / 18],
    [5 / 8, 1, 10 / 13],
  ] as const;
  table.forEach((row, i) => {
    const { precision, recall, f1 } = classes[i] as (typeof classes)[number];
    assertClose([precision, recall, f1], row, 1e-15);
  });
  assertClose(
    [macro.precision, macro.recall, macro.f1, accuracy],
    [...[0, 1, 2].map((key) => table.reduce((sum, row) => sum + (row[key] as number), 0) / 3), 19 / 25],
    1e-15,
  );
});

test("classReport(confusion) gives each error rate Wilson's interval", () => {
  const rates = classReport(confusion).classes.map(({ errorRate }) => errorRate);
  assert.deepEqual(rates, [wilsonInterval(2, 10), wilsonInterval(4, 10), wilsonInterval(0, 5)]);
});

test("classReport(confusion) gives a class never predicted a precision of 0", () => {
  const { classes, macro } = classReport([
    [3, 0],
    [1, 0],
  ]);
  assert.deepEqual([classes[1]?.precision, classes[1]?.recall, classes[1]?.f1], [0, 0, 0]);
  assertClose([macro.precision, macro.recall, macro.f1], [3 / 8, 1 / 2, 3 / 7], 1e-15);
});

test("classReport(confusion) leaves a class without images out of the means and its error rate open", () => {
  const { classes, macro, accuracy } = classReport([
    [4, 0, 0],
    [0, 3, 1],
    [0, 0, 0],
  ]);
  assert.deepEqual(classes[2], {
    label: 2,
    images: 0,
    errors: 0,
    errorRate: { estimate: Number.NaN, low: 0, high: 1 },
    precision: 0,
    recall: 0,
    f1: 0,
  });
  assertClose([macro.precision, macro.recall, macro.f1, accuracy], [1, 7 / 8, 13 / 14, 7 / 8], 1e-15);
});

test("classReport(confusion) gives F1 as the harmonic mean, and accuracy as the recall weighted by images", () => {
  const source = random(1);
  const labels = Array.from({ length: 500 }, () => source.integer(0, 9));
  const { classes, accuracy } = classReport(
    confusionMatrix(
      labels,
      labels.map((label) => (source.uniform() < 0.3 ? source.integer(0, 9) : label)),
      { classes: 10 },
    ),
  );
  for (const { precision, recall, f1 } of classes) assertClose([f1], [2 / (1 / precision + 1 / recall)], 1e-12);
  assertClose([accuracy], [classes.reduce((sum, { images, recall }) => sum + images * recall, 0) / 500], 1e-12);
});

test("topConfusions(confusion) lists the most frequent pairs first and leaves out pairs never confused", () => {
  assert.deepEqual(topConfusions(confusion), [
    { label: 1, predicted: 2, count: 3, share: wilsonInterval(3, 10) },
    { label: 0, predicted: 1, count: 2, share: wilsonInterval(2, 10) },
    { label: 1, predicted: 0, count: 1, share: wilsonInterval(1, 10) },
  ]);
  assert.deepEqual(
    topConfusions([
      [4, 0],
      [0, 4],
    ]),
    [],
  );
});

test("topConfusions(confusion, {merge}) counts both directions together", () => {
  assert.deepEqual(topConfusions(confusion, { merge: true }), [
    { label: 0, predicted: 1, count: 3, share: wilsonInterval(3, 20) },
    { label: 1, predicted: 2, count: 3, share: wilsonInterval(3, 15) },
  ]);
});

test("topConfusions(confusion, {count}) orders ties by label, then by prediction, and stops at the count", () => {
  const ones = Array.from({ length: 3 }, () => [1, 1, 1]);
  const pairs = (count: number) => topConfusions(ones, { count }).map(({ label, predicted }) => [label, predicted]);
  assert.deepEqual(pairs(4), [
    [0, 1],
    [0, 2],
    [1, 0],
    [1, 2],
  ]);
  assert.equal(pairs(100).length, 6);
  assert.equal(topConfusions(ones).length, 5);
});

test("classReport and topConfusions refuse what is no table of counts", () => {
  for (const report of [classReport, topConfusions]) {
    assert.throws(
      () => report([[1, 2], [3]]),
      /^Error: Expected `confusion` to be square, got 1 columns in row 1 of 2\.$/,
    );
    assert.throws(() => report([[1, 2]]), /^Error: Expected `confusion` to be square, got 2 columns in row 0 of 1/);
    for (const bad of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(
        () =>
          report([
            [1, 0],
            [bad, 1],
          ]),
        /^RangeError: Expected `confusion` to hold whole numbers, 0 or more, got .* in row 1, column 0: pass counts/,
      );
    }
  }
  assert.throws(() => classReport([]), /^RangeError: Expected `confusion` to count at least one image, got none\.$/);
  assert.throws(() => classReport([[0]]), /^RangeError: Expected `confusion` to count at least one image/);
  for (const count of [0, 1.5, Number.NaN]) {
    assert.throws(
      () => topConfusions(confusion, { count }),
      /^RangeError: Expected `count` to be a whole number above 0, got/,
    );
  }
});
