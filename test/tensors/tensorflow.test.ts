import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { random } from "../../lib/src/common/random";
import { runKernel, runKernels, stringAttribute, tf, typeAttribute } from "../../lib/src/tensors/tensorflow";
import { assertClose, assertNoLeak, assertSameBits } from "../helpers/assertions";
import { root } from "../helpers/root";

/** Numbers in −1 … 1, none of them near the kink of ReLU. */
function values(count: number): number[] {
  const source = random(count);
  return Array.from({ length: count }, () => {
    const value = source.uniform(-1, 1);
    return value + 0.05 * Math.sign(value);
  });
}

test("tf is tfjs-node, and computes", () => {
  assert.equal(tf.getBackend(), "tensorflow");
  const product = tf.tidy(() =>
    tf
      .matMul(
        tf.tensor2d([
          [1, 2],
          [3, 4],
        ]),
        tf.tensor2d([
          [5, 6],
          [7, 8],
        ]),
      )
      .arraySync(),
  );
  assert.deepEqual(product, [
    [19, 22],
    [43, 50],
  ]);
});

test("the gradient of relu is the composed one, bit for bit", () => {
  tf.tidy(() => {
    const x = tf.tensor2d([...values(62), 0, -0], [8, 8]);
    const upstream = tf.tensor2d(values(64), [8, 8]);
    const gradient = tf.grad((input) => tf.relu(input))(x, upstream);
    const composed = tf.mul(upstream, tf.cast(tf.greater(x, 0), "float32"));
    assertSameBits(tf.abs(gradient).dataSync() as Float32Array, tf.abs(composed).dataSync() as Float32Array);
    assertClose(gradient.dataSync(), composed.dataSync(), 0);
  });
});

test("the gradient of relu is the slope that central differences measure", () => {
  const [h, x] = [0.01, values(10)];
  const sum = (numbers: number[]) =>
    tf.tidy(() => tf.sum(tf.mul(tf.square(tf.relu(tf.tensor1d(numbers))), 3)).dataSync()[0] as number);
  const slopes = x.map(
    (_, i) => (sum(x.map((v, j) => v + (i === j ? h : 0))) - sum(x.map((v, j) => v - (i === j ? h : 0)))) / (2 * h),
  );
  const gradient = tf.tidy(() =>
    tf
      .grad((input: tf.Tensor) => tf.sum(tf.mul(tf.square(tf.relu(input)), 3)))(tf.tensor1d(x))
      .dataSync(),
  );
  assertClose(gradient, slopes, 2e-3);
});

test("the gradient of relu is one kernel: none of the six that tfjs composes it from runs", async () => {
  const { kernelNames } = await tf.profile(() => tf.grad((input) => tf.relu(input))(tf.tensor1d([1, -1])));
  assert.deepEqual(
    kernelNames.filter((name) => ["Step", "Multiply", "Greater", "Cast"].includes(name)),
    [],
  );
  assert.ok(kernelNames.includes("Relu"));
});

test("the gradient of relu reaches the layers API and leaves no tensor behind", async () => {
  await assertNoLeak(() => {
    tf.tidy(() => {
      const layer = tf.layers.dense({
        units: 2,
        activation: "relu",
        inputShape: [1],
        weights: [tf.tensor2d([[1, -1]]), tf.tensor1d([0, 0])],
      });
      const gradient = tf.grad((x) => layer.apply(x) as tf.Tensor)(
        tf.tensor2d([[3], [-3]]),
        tf.tensor2d([
          [10, 100],
          [10, 100],
        ]),
      );
      assert.deepEqual(gradient.arraySync(), [[10], [-100]]);
      layer.dispose();
    });
  });
});

test("runKernel(name, attributes, inputs) runs a kernel that tfjs does not wrap", () => {
  tf.tidy(() => {
    const [dy, x] = [tf.tensor1d([5, 6, 7]), tf.tensor1d([1, -1, 2])];
    assert.deepEqual(runKernel("ReluGrad", [typeAttribute("T", "float32")], [dy, x]).arraySync(), [5, 0, 7]);
    const numbers = tf.tensor1d([1, 2], "int32");
    assert.deepEqual(
      runKernel("BitwiseXor", [typeAttribute("T", "int32")], [numbers, tf.tensor1d([3, 3], "int32")]).arraySync(),
      [2, 1],
    );
    const [rows, gain] = [tf.ones([1, 2, 2, 1]), tf.scalar(2)];
    const padded = runKernel(
      "MirrorPad",
      [typeAttribute("T", "float32"), typeAttribute("Tpaddings", "int32"), stringAttribute("mode", "SYMMETRIC")],
      [
        tf.mul(rows, gain),
        tf.tensor2d(
          [
            [0, 0],
            [1, 0],
            [0, 0],
            [0, 0],
          ],
          [4, 2],
          "int32",
        ),
      ],
    );
    assert.deepEqual(padded.shape, [1, 3, 2, 1]);
  });
});

test("runKernels(name, attributes, inputs, outputs) gives as many outputs as asked for", () => {
  tf.tidy(() => {
    const [values_, indices] = runKernels(
      "Unique",
      [typeAttribute("T", "int32"), typeAttribute("out_idx", "int32")],
      [tf.tensor1d([7, 8, 7], "int32")],
      2,
    );
    assert.deepEqual(
      [values_?.arraySync(), indices?.arraySync()],
      [
        [7, 8],
        [0, 1, 0],
      ],
    );
  });
});

test("lenet-lab loads and computes without a word on stdout or stderr", () => {
  const script =
    'const { tf, buildLeNet5 } = require("lenet-lab"); buildLeNet5().predict(tf.ones([2, 28, 28, 1])).dataSync();';
  const { TF_CPP_MIN_LOG_LEVEL: _, ...env } = process.env;
  const { stdout, stderr, status } = spawnSync(process.execPath, ["-e", script], {
    env,
    cwd: root,
    encoding: "utf8",
  });
  assert.deepEqual({ stdout, stderr, status }, { stdout: "", stderr: "", status: 0 });
});
