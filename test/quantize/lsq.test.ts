import assert from "node:assert/strict";
import { test } from "node:test";
import { random } from "../../lib/src/common/random";
import { initialSteps, learnedStepSize } from "../../lib/src/quantize/lsq";
import { tf } from "../../lib/src/tensors/tensorflow";
import { assertClose, assertNoLeak, assertSameBits } from "../helpers/assertions";

const source = random(5);
const [inputs, channels] = [40, 3];
const values = Float32Array.from({ length: inputs * channels }, () => source.normal(0, 0.3));
const upstream = Float32Array.from({ length: inputs * channels }, () => source.normal(0, 1));
const steps = Float32Array.of(0.1, 0.23, 0.04);

/** Value and both gradients of Σ upstream × quantised weight. */
function run(bits: number, stepsNow: Float32Array) {
  return tf.tidy(() => {
    const [w, s] = [tf.tensor2d(values, [inputs, channels]), tf.tensor1d(stepsNow)];
    const loss = (a: tf.Tensor, b: tf.Tensor) =>
      tf.sum(tf.mul(learnedStepSize(a, b as tf.Tensor1D, { bits }), tf.tensor2d(upstream, [inputs, channels])));
    const [dw, ds] = tf.grads(loss)([w, s]);
    return {
      value: learnedStepSize(w, s, { bits }).dataSync() as Float32Array,
      dWeights: dw?.dataSync() as Float32Array,
      dSteps: ds?.dataSync() as Float32Array,
    };
  });
}

test("learnedStepSize(weights, steps) and its two gradients are those of the paper, weight by weight", () => {
  for (const bits of [2, 3, 4, 8]) {
    const limit = 2 ** (bits - 1) - 1;
    const { value, dWeights, dSteps } = run(bits, steps);
    const sums = [0, 0, 0];
    let clipped = 0;
    for (let i = 0; i < values.length; i++) {
      const c = i % channels;
      const [step, dy] = [steps[c] as number, upstream[i] as number];
      const ratio = (values[i] as number) / step;
      const inside = Math.abs(ratio) <= limit;
      const code = inside ? Math.round(ratio) : Math.sign(ratio) * limit;
      if (!inside) clipped += 1;
      assertClose([value[i] as number], [code * step], 1e-6);
      assertClose([dWeights[i] as number], [inside ? dy : 0], 0);
      sums[c] = (sums[c] as number) + dy * (inside ? code - ratio : code);
    }
    if (bits < 8) assert.ok(clipped > 0 && clipped < values.length);
    assertClose(
      dSteps,
      sums.map((sum) => sum / Math.sqrt(inputs * limit)),
      1e-4,
    );
  }
});

test("learnedStepSize(weights, steps) refuses steps that are not one a channel", () => {
  tf.tidy(() => {
    const weights = tf.tensor2d(values, [inputs, channels]);
    for (const wrong of [tf.tensor1d([0.1]), tf.tensor1d([0.1, 0.1, 0.1, 0.1]), tf.tensor2d([[0.1, 0.1, 0.1]])])
      assert.throws(
        () => learnedStepSize(weights, wrong as tf.Tensor1D, { bits: 4 }),
        /^Error: Expected `steps` \[3\], one a channel, got \[/,
      );
  });
});

test("learnedStepSize agrees with central differences in steps where all weights are clipped", () => {
  const tiny = Float32Array.of(1e-4, 1e-4, 1e-4);
  const lossAt = (step: number) =>
    run(
      2,
      tiny.map(() => step),
    ).value.reduce((sum, v, i) => sum + v * (upstream[i] as number), 0);
  const slope = (lossAt(1.5e-4) - lossAt(0.5e-4)) / 1e-4;
  const total = run(2, tiny).dSteps.reduce((sum, d) => sum + d * Math.sqrt(inputs), 0);
  assert.ok(Math.abs(slope - total) < 0.02 * Math.abs(total) + 0.05, `expected ${slope}, got ${total}`);
});

test("learnedStepSize(weights, −steps) gives the same weights: codes are symmetric", () => {
  const [positive, negative] = [
    run(4, steps),
    run(
      4,
      steps.map((s) => -s),
    ),
  ];
  assertSameBits(negative.value.map(Math.abs), positive.value.map(Math.abs));
  assertClose(negative.value, positive.value, 0);
  assertClose(
    negative.dSteps,
    positive.dSteps.map((d) => -d),
    1e-6,
  );
});

test("initialSteps(weights) is twice the mean absolute weight over √Q, and 1 for zeros", () => {
  tf.tidy(() => {
    const weights = tf.tensor2d([
      [1, 0, -4],
      [-3, 0, 2],
    ]);
    assertClose(initialSteps(weights, { bits: 4 }).dataSync(), [4 / Math.sqrt(7), 1, 6 / Math.sqrt(7)], 1e-6);
    assertClose(initialSteps(weights, { bits: 2 }).dataSync(), [4, 1, 6], 1e-6);
    assert.throws(() => initialSteps(weights, { bits: 1 }), /`bits` to be a whole number in 2 … 8, got 1/);
  });
});

test("learnedStepSize and initialSteps make one tensor each, and none that outlives a gradient", async () => {
  const [w, s] = [tf.tensor2d(values, [inputs, channels]), tf.tensor1d(steps)];
  await assertNoLeak(() => learnedStepSize(w, s, { bits: 4 }).dispose());
  await assertNoLeak(() => initialSteps(w, { bits: 4 }).dispose());
  await assertNoLeak(() =>
    tf.dispose(tf.grads((a: tf.Tensor, b: tf.Tensor) => learnedStepSize(a, b as tf.Tensor1D, { bits: 4 }))([w, s])),
  );
  tf.dispose([w, s]);
});
