import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { StepRecord } from "../../lib/src/common/records";
import { affine } from "../../lib/src/data/augment";
import { elastic } from "../../lib/src/data/elastic";
import { type ImageMap, imageMap } from "../../lib/src/data/image-map";
import { buildLeNet5 } from "../../lib/src/network/lenet";
import { type Loss, softmaxCrossEntropy } from "../../lib/src/network/loss";
import { tf } from "../../lib/src/tensors/tensorflow";
import { flatten, unflatten } from "../../lib/src/train/gradient";
import { adam } from "../../lib/src/train/optimizer";
import type { TrainOptions } from "../../lib/src/train/options";
import { constant } from "../../lib/src/train/schedule";
import { Trainer } from "../../lib/src/train/trainer";
import { assertNoLeak } from "../helpers/assertions";
import { noise } from "../helpers/data";
import { sample } from "../helpers/full";
import { assertNothingLeft } from "../helpers/graphs";
import { linear } from "../helpers/small-networks";
import { quick, tiny, validation } from "../helpers/small-runs";

test("trainer.run() leaves no tensor behind, with every option on", async () => {
  const model = buildLeNet5();
  const all = quick({
    validation,
    augment: elastic(),
    maxGradientNorm: 1,
    averageDecay: 0.9,
    patience: 2,
    optimizer: adam(),
  });
  await assertNoLeak(() => new Trainer(model, all).run());
  model.dispose();
});

test("trainer.run() leaves nothing behind when a callback, a map or a loss throws, the loss is no number, or Stop is pressed", async () => {
  const model = linear();
  const start = flatten(model.variables);
  /** Throws at the call with that number. */
  const atCall = (count: number) => {
    let calls = 0;
    return () => {
      if (calls++ === count) throw new Error("on purpose");
    };
  };
  const cases: Partial<TrainOptions>[] = [{ onStep: atCall(0) }, { onStep: atCall(2) }, { onEpoch: atCall(1) }];
  for (const count of [0, 1, 2, 4]) {
    const [inMap, inDraw, inApply, inLoss] = [atCall(count), atCall(count), atCall(count), atCall(count)];
    const map: ImageMap = (images) => {
      const twice = tf.mul(images, 2) as tf.Tensor4D;
      inMap();
      return twice;
    };
    const parts = imageMap({
      draws: 1,
      draw: () => {
        inDraw();
        return [tf.scalar(2)];
      },
      apply: (images, [gain]) => tf.mul(images, gain as tf.Tensor) as tf.Tensor4D,
    });
    const applying = imageMap({
      draws: 1,
      draw: () => [tf.scalar(2)],
      apply: (images, [gain]) => {
        const product = tf.mul(images, gain as tf.Tensor) as tf.Tensor4D;
        inApply();
        return product;
      },
    });
    const loss: Loss = (logits, labels) => {
      const value = softmaxCrossEntropy(logits, labels);
      inLoss();
      return value;
    };
    cases.push({ augment: map }, { augment: parts }, { augment: applying }, { loss });
  }
  for (const more of cases) {
    unflatten(model.variables, start);
    await assertNothingLeft(() => assert.rejects(new Trainer(model, tiny(more)).run(), /^Error: on purpose$/));
  }
  // the loss is no number at a first step of an epoch, or at another one
  for (const batchSize of [10, 4]) {
    unflatten(model.variables, start);
    const run = () => new Trainer(model, tiny({ batchSize, epochs: 4, schedule: constant(1e38) })).run();
    await assertNothingLeft(() => assert.rejects(run(), /^Error: Expected a finite loss, got (NaN|Infinity) at step/));
  }
  unflatten(model.variables, start);
  const onStep = ({ step }: StepRecord) => {
    if (step === 1) process.kill(process.pid, "SIGINT");
  };
  await assertNothingLeft(async () =>
    assert.equal(await new Trainer(model, tiny({ epochs: 100, onStep })).run(), "interrupted"),
  );
  model.dispose();
});

test("trainer.run() holds no more tensors after many steps, and no more memory after 2,000", async () => {
  // one batch kept a step would be 100 MB
  const model = linear({ size: 28 });
  const data = noise("train", { count: 64 });
  const steps = (count: number) =>
    new Trainer(
      model,
      quick({ train: data, batchSize: 16, epochs: count / 4, augment: affine(), compiled: true }),
    ).run();
  await assertNothingLeft(() => steps(sample(1000, 200)));
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  const before = process.memoryUsage().rss;
  await steps(2000);
  collect();
  const grown = (process.memoryUsage().rss - before) / 2 ** 20;
  assert.ok(grown < 50, `memory grew by ${grown.toFixed(1)} MB`);
  model.dispose();
});
