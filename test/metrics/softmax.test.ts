import assert from "node:assert/strict";
import { test } from "node:test";
import { random } from "../../lib/src/common/random";
import { classCount, lossOfEach, softmax } from "../../lib/src/metrics/softmax";
import { evaluate } from "../../lib/src/network/evaluate";
import { softmaxCrossEntropy } from "../../lib/src/network/loss";
import { tf } from "../../lib/src/tensors/tensorflow";
import { assertClose } from "../helpers/assertions";
import { noise } from "../helpers/data";

/** `count` rows of logits as a network gives them. */
function someLogits(count: number, classes: number): Float32Array {
  const source = random(count, classes);
  return Float32Array.from({ length: count * classes }, () => source.normal(0, 4));
}

const rowsOf = (values: ArrayLike<number>, classes: number): number[][] =>
  Array.from({ length: values.length / classes }, (_, i) => Array.from(values).slice(i * classes, (i + 1) * classes));

test("softmax(logits, {classes, temperature}) is exp(x / t) over its sum, row by row", () => {
  for (const [classes, temperature] of [
    [10, 1],
    [3, 2.5],
    [7, 0.3],
    [1, 1],
  ] as const) {
    const logits = someLogits(5, classes);
    const expected = rowsOf(logits, classes).flatMap((row) => {
      const weights = row.map((x) => Math.exp(x / temperature));
      return weights.map((weight) => weight / weights.reduce((a, b) => a + b));
    });
    assertClose(softmax(logits, { classes, temperature }), expected, 1e-12);
  }
  assertClose(softmax([0, Math.log(3)], { classes: 2 }), [0.25, 0.75], 1e-15);
});

test("softmax(logits, {classes}) takes a temperature of 1 unless told", () => {
  const logits = someLogits(4, 10);
  assert.deepEqual(softmax(logits, { classes: 10 }), softmax(logits, { classes: 10, temperature: 1 }));
});

test("softmax(logits) gives rows that sum to 1, also of logits that would overflow", () => {
  const extreme = [1e4, -1e4, 0, 9999, 1e4, 1e4, -1e4, -1e4, -1e4, -1e4];
  for (const logits of [someLogits(20, 10), extreme, extreme.map((x) => x - 2e4)]) {
    const sums = rowsOf(softmax(logits, { classes: 10 }), 10).map((row) => row.reduce((a, b) => a + b));
    assertClose(sums, Array(logits.length / 10).fill(1), 1e-12);
  }
  assertClose(softmax([1e4, -1e4], { classes: 2 }), [1, 0], 0);
  assertClose(softmax([-1e4, -1e4], { classes: 2 }), [0.5, 0.5], 1e-12);
});

test("softmax(logits, {temperature}) is humbler above 1 and bolder below, with the same order", () => {
  const [bold, plain, humble] = [0.5, 1, 4].map((temperature) => softmax([1, 3, 2], { classes: 3, temperature }));
  const highest = (row: Float64Array | undefined) => Math.max(...(row as Float64Array));
  assert.ok(highest(bold) > highest(plain) && highest(plain) > highest(humble) && highest(humble) > 1 / 3);
  for (const row of [bold, plain, humble]) assert.equal(row?.indexOf(highest(row)), 1);
});

test("lossOfEach(logits, labels) is −log of the label's probability", () => {
  const [logits, labels] = [someLogits(6, 4), [0, 1, 2, 3, 3, 0]];
  for (const temperature of [0.5, 1, 3]) {
    const rows = rowsOf(softmax(logits, { classes: 4, temperature }), 4);
    const expected = labels.map((label, i) => -Math.log(rows[i]?.[label] as number));
    assertClose(lossOfEach(logits, labels, { temperature }), expected, 1e-12);
  }
  assertClose(lossOfEach([1e4, -1e4, 1e4, -1e4], [0, 1]), [0, 2e4], 1e-9);
});

test("lossOfEach(logits, labels) has the mean that evaluate(model, data) and softmaxCrossEntropy give", () => {
  const data = noise("test", { count: 37 });
  const logits = someLogits(37, 10);
  const forward = (images: tf.Tensor4D) => tf.tensor2d(logits, [images.shape[0], 10]);
  const losses = lossOfEach(logits, data.labels);
  const mean = losses.reduce((a, b) => a + b) / 37;
  assertClose([mean], [evaluate(forward, data).loss], 1e-5);
  const direct = tf.tidy(
    () =>
      softmaxCrossEntropy(
        tf.tensor2d(logits, [37, 10]),
        tf.tensor1d([...data.labels], "int32"),
      ).dataSync()[0] as number,
  );
  assertClose([mean], [direct], 1e-5);
});

test("classCount(values, labels) is how many numbers belong to each label", () => {
  assert.equal(classCount(new Float32Array(30), new Uint8Array(3)), 10);
  assert.equal(classCount([1, 2], [0, 0]), 1);
});

test("classCount(values, labels) and lossOfEach(logits, labels) refuse counts that do not fit", () => {
  for (const [values, labels] of [
    [
      [1, 2, 3],
      [0, 1],
    ],
    [[], [0]],
    [[1, 2], []],
    [[1], [0, 0]],
  ] as const) {
    const error = new RegExp(
      `^Error: Expected the same number of classes for each of ${labels.length} labels, got ${values.length} numbers in all\\.$`,
    );
    assert.throws(() => classCount(values, labels), error);
    assert.throws(() => lossOfEach(values, labels), error);
  }
});

test("softmax(logits) refuses rows that are cut short and temperatures that are not above 0", () => {
  assert.throws(
    () => softmax(new Float32Array(25), { classes: 10 }),
    /^Error: Expected `logits` to hold 10 numbers an image, got 25 in all\.$/,
  );
  for (const temperature of [0, -1, Number.NaN]) {
    assert.throws(
      () => softmax([1, 2], { classes: 2, temperature }),
      new RegExp(`^RangeError: Expected \`temperature\` to be above 0, got ${temperature}\\.$`),
    );
  }
});

test("lossOfEach(logits, labels) refuses labels that are no class, and says which", () => {
  for (const label of [3, -1, 0.5, Number.NaN]) {
    assert.throws(
      () => lossOfEach([1, 2, 3, 4, 5, 6, 7, 8, 9], [0, label, 2]),
      new RegExp(`^RangeError: Expected labels in 0 … 2, got ${label} at index 1\\.$`),
    );
  }
});

test("softmax and lossOfEach refuse a temperature that is not above 0", () => {
  for (const temperature of [0, -1, Number.NaN]) {
    const message = `Expected \`temperature\` to be above 0, got ${temperature}.`;
    assert.throws(() => softmax([1, 2], { classes: 2, temperature }), { name: "RangeError", message });
    assert.throws(() => lossOfEach([1, 2], [0], { temperature }), { name: "RangeError", message });
  }
});

test("softmax and lossOfEach refuse a temperature so small that logits divided by it are not finite", () => {
  const message = "Expected logits that stay finite when divided by `temperature`, got 1e-320: take a larger one.";
  for (const logits of [
    [1, 2],
    [-1, -2],
  ]) {
    assert.throws(() => softmax(logits, { classes: 2, temperature: 1e-320 }), { name: "RangeError", message });
    assert.throws(() => lossOfEach(logits, [0], { temperature: 1e-320 }), { name: "RangeError", message });
  }
});

test("lossOfEach([], []) is empty, and classCount([], []) has nothing to tell classes by", () => {
  assert.deepEqual(lossOfEach([], []), new Float64Array(0));
  assert.throws(() => classCount([], []), /^RangeError: Expected at least one image with its logits, got none\.$/);
});
