import assert from "node:assert/strict";
import { test } from "node:test";
import { random } from "../../lib/src/common/random";
import { softmaxCrossEntropy } from "../../lib/src/network/loss";
import { tf } from "../../lib/src/tensors/tensorflow";
import { assertClose, assertNoLeak } from "../helpers/assertions";

const source = random(1);
const someLogits = Array.from({ length: 5 }, () => Array.from({ length: 4 }, () => source.normal(0, 3)));
const someLabels = [0, 3, 3, 1, 2];

function lossOf(logits: number[][], labels: number[]): number {
  return tf.tidy(() => softmaxCrossEntropy(tf.tensor2d(logits), tf.tensor1d(labels, "int32")).dataSync()[0] as number);
}

function gradientOf(logits: number[][], labels: number[], factor = 1): number[][] {
  return tf.tidy(() => {
    const loss = (x: tf.Tensor) => tf.mul(softmaxCrossEntropy(x as tf.Tensor2D, tf.tensor1d(labels, "int32")), factor);
    return tf.grad(loss)(tf.tensor2d(logits)).arraySync() as number[][];
  });
}

const logSumExp = (row: number[]): number =>
  Math.max(...row) + Math.log(row.reduce((sum, x) => sum + Math.exp(x - Math.max(...row)), 0));

test("softmaxCrossEntropy(logits, labels) is the mean of log-sum-exp minus the label's logit", () => {
  const losses = someLogits.map((row, i) => logSumExp(row) - (row[someLabels[i] as number] as number));
  assertClose([lossOf(someLogits, someLabels)], [losses.reduce((a, b) => a + b, 0) / 5], 1e-6);
});

test("softmaxCrossEntropy(equal logits, labels) is the logarithm of the number of classes", () => {
  assertClose([lossOf([new Array(10).fill(0.3)], [7])], [Math.log(10)], 1e-6);
});

test("softmaxCrossEntropy has the gradient (softmax − one-hot) / n", () => {
  const expected = someLogits.map((row, i) =>
    row.map((x, c) => (Math.exp(x - logSumExp(row)) - (c === someLabels[i] ? 1 : 0)) / 5),
  );
  assertClose(gradientOf(someLogits, someLabels).flat(), expected.flat(), 1e-7);
});

test("softmaxCrossEntropy passes on what its loss is multiplied by", () => {
  const gradient = gradientOf(someLogits, someLabels).flat();
  assertClose(
    gradientOf(someLogits, someLabels, -3).flat(),
    gradient.map((g) => -3 * g),
    1e-6,
  );
});

test("softmaxCrossEntropy agrees with central differences", () => {
  const h = 0.01;
  const moved = (by: number, at: [number, number]) =>
    lossOf(
      someLogits.map((row, i) => row.map((x, c) => x + (i === at[0] && c === at[1] ? by : 0))),
      someLabels,
    );
  const gradient = gradientOf(someLogits, someLabels);
  for (const at of [
    [0, 0],
    [1, 3],
    [2, 1],
    [4, 2],
  ] as [number, number][]) {
    assertClose([gradient[at[0]]?.[at[1]] as number], [(moved(h, at) - moved(-h, at)) / (2 * h)], 1e-4);
  }
});

test("softmaxCrossEntropy stays finite for extreme logits", () => {
  const extreme = [
    [1e4, -1e4, 0],
    [3e38, 0, -3e38],
    [-500, -500, 500],
  ];
  assertClose([lossOf([[1e4, -1e4, 0]], [1])], [2e4], 1e-2);
  assertClose([lossOf(extreme, [0, 0, 2])], [0], 1e-6);
  assert.ok(gradientOf(extreme, [0, 2, 1]).flat().every(Number.isFinite));
});

test("softmaxCrossEntropy makes one tensor, and none that outlives a gradient", async () => {
  const [logits, labels] = [tf.tensor2d(someLogits), tf.tensor1d(someLabels, "int32")];
  await assertNoLeak(() => softmaxCrossEntropy(logits, labels).dispose());
  await assertNoLeak(() => {
    const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => softmaxCrossEntropy(x as tf.Tensor2D, labels))(logits);
    tf.dispose([value, grad]);
  });
  tf.dispose([logits, labels]);
});
