import assert from "node:assert/strict";
import { test } from "node:test";
import { random } from "../../lib/src/common/random";
import { loadMnist } from "../../lib/src/data/mnist";
import { confidentLearning, knownMnistErrors, rankByLoss } from "../../lib/src/metrics/label-errors";
import { assertClose } from "../helpers/assertions";

/** Logits whose softmax is the table. */
const logitsOf = (rows: number[][]): number[] => rows.flat().map(Math.log);

/** 600 images of three classes, of which every twentieth has been given another label. */
function mislabelled() {
  const source = random(5);
  const truth = Array.from({ length: 600 }, () => source.integer(0, 2));
  const logits = truth.flatMap((label) => [0, 1, 2].map((j) => source.normal(j === label ? 6 : 0)));
  const labels = truth.map((label, i) => (i % 20 === 0 ? (label + 1) % 3 : label));
  return { truth, logits, labels };
}

test("rankByLoss(logits, labels) puts the label that surprises most first", () => {
  const logits = logitsOf([
    [0.7, 0.2, 0.1],
    [0.3, 0.6, 0.1],
    [0.2, 0.3, 0.5],
  ]);
  const suspects = rankByLoss(logits, Uint8Array.of(0, 2, 1));
  assert.deepEqual(
    suspects.map(({ index, label, suggested }) => [index, label, suggested]),
    [
      [1, 2, 1],
      [2, 1, 2],
      [0, 0, 0],
    ],
  );
  assertClose(
    suspects.map(({ score }) => score),
    [-Math.log(0.1), -Math.log(0.3), -Math.log(0.7)],
    1e-12,
  );
});

test("rankByLoss(logits, labels) holds every image once, equal losses in the order of the images", () => {
  assert.deepEqual(
    rankByLoss([1, 0, 1, 0, 0, 1], [0, 0, 0]).map(({ index }) => index),
    [2, 0, 1],
  );
  assert.throws(() => rankByLoss([1, 0], [2]), /^RangeError: Expected labels in 0 … 1, got 2 at index 0\.$/);
});

test("rankByLoss(logits, labels) refuses logits with one NaN, which would stand anywhere in the order", () => {
  const logits = [1, 0, Number.NaN, 0, 0, 1];
  assert.throws(
    () => rankByLoss(logits, [1, 0, 0]),
    /^RangeError: Expected `logits` to be finite, got NaN at index 2: look for NaN in the weights and the images\.$/,
  );
});

test("confidentLearning(logits, labels) gives the hand-worked joint, thresholds and suspects", () => {
  const logits = logitsOf([
    [0.9, 0.1],
    [0.65, 0.35],
    [0.8, 0.2],
    [0.1, 0.9],
    [0.1, 0.9],
    [0.3, 0.7],
  ]);
  const { suspects, joint, thresholds } = confidentLearning(logits, [0, 1, 0, 0, 1, 1]);
  assertClose(thresholds, [(0.9 + 0.8 + 0.1) / 3, (0.35 + 0.9 + 0.7) / 3], 1e-12);
  assert.deepEqual(joint, [
    [2, 1],
    [1, 2],
  ]);
  assert.deepEqual(
    suspects.map(({ index, label, suggested }) => [index, label, suggested]),
    [
      [3, 0, 1],
      [1, 1, 0],
    ],
  );
  assertClose(
    suspects.map(({ score }) => score),
    [0.8, 0.3],
    1e-12,
  );
});

test("confidentLearning(logits, labels) asks of each class its own confidence", () => {
  // image 2 is most probably a 0, yet too little for a 0 and enough for a 1; image 3 is enough for neither
  const logits = logitsOf([
    [0.95, 0.05],
    [0.96, 0.04],
    [0.6, 0.4],
    [0.7, 0.3],
    [0.55, 0.45],
  ]);
  const { suspects, joint } = confidentLearning(logits, [0, 0, 0, 1, 1]);
  assert.deepEqual(joint, [
    [2, 1],
    [0, 1],
  ]);
  assert.deepEqual(
    suspects.map(({ index, suggested }) => [index, suggested]),
    [[2, 1]],
  );
  assertClose([suspects[0]?.score as number], [-0.2], 1e-12);
});

test("confidentLearning(logits, labels) never suggests a class without images", () => {
  const { suspects, joint, thresholds } = confidentLearning(logitsOf([[0.2, 0.8]]), [0]);
  assert.deepEqual(
    [suspects.length, joint, Number.isNaN(thresholds[1])],
    [
      0,
      [
        [1, 0],
        [0, 0],
      ],
      true,
    ],
  );
});

test("confidentLearning(logits, labels) finds labels that were changed, and so does the loss", () => {
  const { truth, logits, labels } = mislabelled();
  const changed = new Set(labels.flatMap((label, i) => (label === truth[i] ? [] : [i])));
  const { suspects, joint } = confidentLearning(logits, labels);
  const hits = (found: typeof suspects) => found.slice(0, changed.size).filter(({ index }) => changed.has(index));
  assert.equal(changed.size, 30);
  assert.ok(hits(suspects).length >= 28, `${hits(suspects).length} of 30`);
  assert.ok(hits(rankByLoss(logits, labels)).length >= 28);
  for (const { index, suggested } of hits(suspects)) assert.equal(suggested, truth[index]);
  const offDiagonal = joint.flatMap((row, i) => row.filter((_, j) => j !== i)).reduce((a, b) => a + b, 0);
  assert.equal(offDiagonal, suspects.length);
  suspects.slice(1).forEach(({ score }, i) => {
    assert.ok(score <= (suspects[i]?.score as number));
  });
});

test("confidentLearning(logits, labels) refuses labels that name no class", () => {
  for (const bad of [2, -1, 0.5]) {
    assert.throws(
      () => confidentLearning([1, 0, 0, 1], [0, bad]),
      /^RangeError: Expected labels in 0 … 1, got .* at index 1\.$/,
    );
  }
  assert.throws(
    () => confidentLearning([1, 2, 3], [0, 1]),
    /^Error: Expected the same number of classes for each of 2/,
  );
});

test("knownMnistErrors holds 15 labels of the test set, ten of them with another digit", () => {
  const { labels } = loadMnist().test;
  assert.deepEqual(
    knownMnistErrors.map(({ given }) => given),
    knownMnistErrors.map(({ index }) => labels[index]),
  );
  assert.equal(new Set(knownMnistErrors.map(({ index }) => index)).size, 15);
  const settled = knownMnistErrors.filter(({ majority }) => majority !== undefined);
  assert.equal(settled.length, 10);
  for (const { given, majority } of settled) assert.notEqual(given, majority);
});

test("rankByLoss([], []) is empty, and confidentLearning([], []) is refused, as it has no classes", () => {
  assert.deepEqual(rankByLoss([], []), []);
  assert.throws(
    () => confidentLearning([], []),
    /^RangeError: Expected at least one image with its logits, got none\.$/,
  );
});
