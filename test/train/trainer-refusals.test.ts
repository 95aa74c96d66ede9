import assert from "node:assert/strict";
import { test } from "node:test";
import { buildLeNet5 } from "../../lib/src/network/lenet";
import type { Loss } from "../../lib/src/network/loss";
import { tf } from "../../lib/src/tensors/tensorflow";
import { flatten } from "../../lib/src/train/gradient";
import type { TrainOptions } from "../../lib/src/train/options";
import { constant } from "../../lib/src/train/schedule";
import { trainable } from "../../lib/src/train/trainable";
import { Trainer } from "../../lib/src/train/trainer";
import { assertNoLeak, assertSameBits } from "../helpers/assertions";
import { noise } from "../helpers/data";
import { quick, validation } from "../helpers/small-runs";

test("trainer.run() fails when the loss is no longer finite, and lets go of SIGINT", async () => {
  const before = process.listenerCount("SIGINT");
  const model = buildLeNet5({ seed: 1 });
  await assertNoLeak(async () => {
    const run = new Trainer(model, quick({ schedule: constant(1e30) })).run();
    await assert.rejects(
      run,
      /^Error: Expected a finite loss, got (NaN|Infinity) at step \d: the learning rate \(1e\+30\) is probably too high\.$/,
    );
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(process.listenerCount("SIGINT"), before);
  model.dispose();
});

test("new Trainer(model, options) refuses what cannot be trained, at once", () => {
  const model = buildLeNet5();
  const cases: [Partial<TrainOptions>, RegExp][] = [
    [{ train: noise("test") as never }, /^Error: Expected `train` to be a training set, got the test set of noise\.$/],
    [{ train: noise("train", { count: 0 }) }, /^RangeError: Expected images in the train set of noise, got none\.$/],
    [
      { validation: noise("test") as never },
      /^Error: Expected `validation` to be a validation set, got a test set: split the training set instead\.$/,
    ],
    [{ patience: 3 }, /^Error: Expected `validation` data with `patience`, got none\.$/],
    [{ patience: 0, validation }, /^RangeError: Expected `patience` to be a whole number above 0, got 0\.$/],
    [{ epochs: 0 }, /^RangeError: Expected `epochs` to be a whole number above 0, got 0\.$/],
    [{ epochs: 1.5 }, /^RangeError: Expected `epochs` to be a whole number above 0, got 1\.5\.$/],
    [{ batchSize: 0 }, /^RangeError: Expected `batchSize` to be a whole number above 0, got 0\.$/],
    [{ maxGradientNorm: 0 }, /^RangeError: Expected `maxGradientNorm` to be above 0, got 0\.$/],
    [{ averageDecay: 1 }, /^RangeError: Expected `averageDecay` in \[0, 1\), got 1\.$/],
    [
      { checkpoint: { path: "x", everySteps: 0 } },
      /^RangeError: Expected `everySteps` to be a whole number above 0, got 0\.$/,
    ],
  ];
  for (const [more, message] of cases) assert.throws(() => new Trainer(model, quick(more)), message);
  model.dispose();
});

test("trainer.run() refuses a gradient that is not finite before it spoils the weights", async () => {
  const model = buildLeNet5({ seed: 1 });
  const before = flatten(trainable(model).variables);
  // the square root's slope at 0 is infinite, its value is not
  const loss: Loss = (logits) => tf.sum(tf.sqrt(tf.mul(logits, 0))) as tf.Scalar;
  await assert.rejects(new Trainer(model, quick({ loss })).run(), /finite gradient at step 0/);
  assertSameBits(flatten(trainable(model).variables), before);
  model.dispose();
});

test("new Trainer(model, {parts}) refuses what is no number of parts", () => {
  const model = buildLeNet5();
  for (const parts of [0, -1, 1.5, Number.NaN])
    assert.throws(
      () => new Trainer(model, quick({ parts })),
      /^RangeError: Expected `parts` to be a whole number above 0/,
    );
  model.dispose();
});
