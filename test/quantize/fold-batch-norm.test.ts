import assert from "node:assert/strict";
import { test } from "node:test";
import { foldBatchNorm } from "../../lib/src/quantize/fold-batch-norm";
import { assertClose } from "../helpers/assertions";

const batchNorm = {
  gamma: Float32Array.of(2, -1),
  beta: Float32Array.of(0.5, 3),
  mean: Float32Array.of(1, -2),
  variance: Float32Array.of(3, 0.99),
  epsilon: 0.01,
};

test("foldBatchNorm({kernel, bias}, batchNorm) is the same function as one after the other", () => {
  const linear = { kernel: Float32Array.of(1, 2, 3, 4, 5, 6), bias: Float32Array.of(0.1, -0.2) };
  const folded = foldBatchNorm(linear, batchNorm);
  const x = [0.7, -1.1, 0.4];
  const apply = ({ kernel, bias }: Record<"kernel" | "bias", Float32Array>, c: number) =>
    x.reduce((sum, value, i) => sum + value * (kernel[2 * i + c] as number), bias[c] as number);
  for (const c of [0, 1]) {
    const { gamma, beta, mean, variance, epsilon } = batchNorm;
    const normal = (apply(linear, c) - (mean[c] as number)) / Math.sqrt((variance[c] as number) + epsilon);
    assertClose([apply(folded, c)], [(gamma[c] as number) * normal + (beta[c] as number)], 1e-5);
  }
  assert.deepEqual(Array.from(linear.kernel), [1, 2, 3, 4, 5, 6]);
});

test("foldBatchNorm refuses a batch normalisation of other channels", () => {
  const linear = { kernel: new Float32Array(9), bias: new Float32Array(3) };
  assert.throws(
    () => foldBatchNorm(linear, batchNorm),
    /^Error: Expected `gamma` to hold 3 numbers, one a channel, got 2\.$/,
  );
});
