import assert from "node:assert/strict";
import { test } from "node:test";
import type { StepRecord } from "../../lib/src/common/records";
import { affine } from "../../lib/src/data/augment";
import { toTensors } from "../../lib/src/data/batches";
import { take } from "../../lib/src/data/dataset";
import type { ImageMap } from "../../lib/src/data/image-map";
import { evaluate } from "../../lib/src/network/evaluate";
import { buildLeNet5 } from "../../lib/src/network/lenet";
import { softmaxCrossEntropy } from "../../lib/src/network/loss";
import { tf } from "../../lib/src/tensors/tensorflow";
import { flatten, lossAndGradient } from "../../lib/src/train/gradient";
import { adam, sgd } from "../../lib/src/train/optimizer";
import type { TrainOptions } from "../../lib/src/train/options";
import { constant, cosine } from "../../lib/src/train/schedule";
import { trainable } from "../../lib/src/train/trainable";
import { Trainer } from "../../lib/src/train/trainer";
import { assertClose, assertSameBits } from "../helpers/assertions";
import { quick, train, validation, weightsAfter } from "../helpers/small-runs";

test("trainer.run() learns a small set by heart", async () => {
  const model = buildLeNet5({ seed: 1 });
  const trainer = new Trainer(model, quick({ epochs: 12, optimizer: adam(), schedule: cosine(3e-3, { steps: 48 }) }));
  assert.equal(await trainer.run(), "finished");
  const [first, last] = [trainer.history[0], trainer.history.at(-1)];
  assert.ok((first?.trainLoss as number) > 1.5, `first epoch ${first?.trainLoss}`);
  assert.ok((last?.trainLoss as number) < 0.3, `last epoch ${last?.trainLoss}`);
  assert.ok(evaluate(model, train).accuracy > 0.93);
  model.dispose();
});

test("trainer.run() begins with a loss near ln 10 and takes the step that the optimiser says", async () => {
  const model = buildLeNet5({ seed: 1 });
  const part = trainable(model);
  const weights = flatten(part.variables);
  const records: StepRecord[] = [];
  await new Trainer(
    model,
    quick({
      epochs: 1,
      batchSize: 128,
      schedule: constant(0.3),
      optimizer: sgd({ weightDecay: 0.01 }),
      onStep: (r) => records.push(r),
    }),
  ).run();
  const trained = flatten(part.variables);
  // one batch of all images: their order matters to the rounding only
  const { images, labels } = toTensors(train);
  const other = buildLeNet5({ seed: 1 });
  const { gradient, loss, correct } = lossAndGradient(trainable(other), { images, labels });
  sgd({ weightDecay: 0.01 })(weights.length).update(weights, gradient, 0.3);
  assertClose(trained, weights, 1e-5);
  assert.equal(records.length, 1);
  assertClose([records[0]?.loss as number], [loss], 1e-5);
  assert.ok(Math.abs(loss - Math.log(10)) < 0.4);
  assert.equal(records[0]?.accuracy, correct / 128);
  tf.dispose([images, labels]);
  model.dispose();
  other.dispose();
});

test("trainer.run() gives the same bits for the same seed, and others for another", async () => {
  const augment = affine();
  const first = await weightsAfter({ augment });
  assertSameBits(await weightsAfter({ augment }), first);
  assert.notDeepEqual(await weightsAfter({ augment, seed: 2 }), first);
  assert.notDeepEqual(await weightsAfter(), first);
});

test("trainer.run() with {maxGradientNorm} shortens long gradients and reports their length", async () => {
  const model = buildLeNet5({ seed: 1 });
  const { variables } = trainable(model);
  const steps: StepRecord[] = [];
  let before = flatten(variables);
  const lengths: number[] = [];
  const onStep = (record: StepRecord) => {
    steps.push(record);
    const now = flatten(variables);
    lengths.push(Math.hypot(...now.map((w, i) => w - (before[i] as number)).filter((d) => d !== 0)));
    before = now;
  };
  await new Trainer(
    model,
    quick({ epochs: 1, maxGradientNorm: 0.1, optimizer: sgd({ momentum: 0 }), schedule: constant(1), onStep }),
  ).run();
  assert.ok(steps.every(({ gradientNorm }) => gradientNorm > 0.1));
  assertClose(lengths, [0.1, 0.1, 0.1, 0.1], 1e-4);
  model.dispose();
});

test("trainer.run() augments every training image once an epoch, and never validation", async () => {
  let seen = 0;
  const augment: ImageMap = (images) => {
    seen += images.shape[0];
    return tf.zerosLike(images);
  };
  const model = buildLeNet5({ seed: 1 });
  const trainer = new Trainer(model, quick({ train: take(train, 100), validation, augment, schedule: constant(1e-9) }));
  await trainer.run();
  assert.equal(seen, 200);
  // black images all give the biases, that is equal logits; real ones do not
  assertClose([trainer.history[0]?.trainLoss as number], [Math.log(10)], 1e-5);
  assert.ok(Math.abs((trainer.history[0]?.validationLoss as number) - Math.log(10)) > 1e-3);
  model.dispose();
});

test("trainer.run() takes another loss, and a network that is no layers model", async () => {
  const kernel = tf.variable(tf.zeros([784, 10]), true, "a plain kernel");
  const forward = (images: tf.Tensor4D) => tf.matMul(tf.reshape(images, [-1, 784]), kernel) as tf.Tensor2D;
  const losses: number[] = [];
  const options = quick({
    loss: (logits, labels) => tf.add(softmaxCrossEntropy(logits, labels), 7),
    validation,
    onStep: ({ loss }) => losses.push(loss),
    epochs: 4,
  });
  await new Trainer({ forward, variables: [kernel] }, options).run();
  assertClose([losses[0] as number], [7 + Math.log(10)], 1e-5);
  assert.ok((losses.at(-1) as number) < 8.8);
  kernel.dispose();
});

test("two runs at the same time do not disturb each other", async () => {
  const runs: Partial<TrainOptions>[] = [
    { train: take(train, 40), batchSize: 8, augment: affine() },
    { train: take(train, 30), batchSize: 10, seed: 7, epochs: 3 },
  ];
  const together = await Promise.all(runs.map(weightsAfter));
  for (const [i, more] of runs.entries()) assertSameBits(together[i] as Float32Array, await weightsAfter(more));
});
