import assert from "node:assert/strict";
import { test } from "node:test";
import type { StepRecord } from "../../lib/src/common/records";
import { imageMap } from "../../lib/src/data/image-map";
import { softmaxCrossEntropy } from "../../lib/src/network/loss";
import { tf } from "../../lib/src/tensors/tensorflow";
import type { TrainOptions } from "../../lib/src/train/options";
import { type Trainable, trainable } from "../../lib/src/train/trainable";
import { Trainer } from "../../lib/src/train/trainer";
import { noise } from "../helpers/data";
import { assertNothingLeft } from "../helpers/graphs";
import { dense, linear } from "../helpers/small-networks";
import { quick, tiny } from "../helpers/small-runs";

test("trainer.run() refuses, within an epoch, a layer or an image map that changes after it was compiled", async () => {
  const scale = { now: 1 };
  class Scaled extends tf.layers.Layer {
    static readonly className = "Scaled";
    override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
      return tf.mul((Array.isArray(inputs) ? inputs[0] : inputs) as tf.Tensor, scale.now);
    }
    override getClassName(): string {
      return Scaled.className;
    }
  }
  const change = ({ step }: StepRecord) => {
    if (step === 2) scale.now = 0.5;
  };
  const model = dense({ between: new Scaled({}) });
  const sixteen = { train: noise("train", { count: 32, size: 4 }), batchSize: 2, epochs: 1, onStep: change };
  await assert.rejects(
    new Trainer(model, quick(sixteen)).run(),
    /^Error: Expected a network that does the same at every step, got a loss of/,
  );
  scale.now = 1;
  const augment = imageMap({
    draws: 0,
    draw: () => [],
    apply: (images) => tf.mul(images, scale.now),
  });
  const plain = dense();
  await assert.rejects(
    new Trainer(plain, quick({ ...sixteen, augment })).run(),
    /^Error: Expected an image map that does the same at every step, got other images than when it was compiled/,
  );
  for (const each of [model, plain]) each.dispose();
});

test("trainer.notCompiled says why a network does not train as one graph", async () => {
  const normalised = dense({ between: tf.layers.batchNormalization() });
  const moving = { ...trainable(normalised), dispose: () => normalised.dispose() };
  const models: [RegExp | undefined, Trainable | tf.LayersModel, Partial<TrainOptions>][] = [
    [undefined, dense(), { compiled: undefined }],
    [undefined, linear(), {}],
    [/^the network does not say that it is `compilable`$/, linear(), { compiled: undefined }],
    [/^the options say `compiled: false`$/, dense(), { compiled: false }],
    [undefined, dense({ between: tf.layers.batchNormalization() }), {}],
    [/^it keeps a tensor from one call to the next$/, { ...moving, state: {}, compilable: true }, {}],
    [/^it does not do the same each time/, dense({ between: tf.layers.dropout({ rate: 0.5 }) }), {}],
    [
      /^it reads numbers of a tensor that depend on the batch$/,
      linear(),
      { loss: (logits, labels) => tf.add(softmaxCrossEntropy(logits, labels), labels.dataSync()[0] as number) },
    ],
  ];
  for (const [problem, model, more] of models) {
    await assertNothingLeft(async () => {
      const trainer = new Trainer(model, tiny(more));
      assert.equal(await trainer.run(), "finished");
      if (problem) assert.match(trainer.notCompiled as string, problem);
      else assert.equal(trainer.notCompiled, undefined);
    });
    (model as { dispose(): void }).dispose();
  }
});

/** A classifier that counts the calls of its forward pass and multiplies its logits by what `factor` says of them. */
function counting(factor: (calls: number) => number) {
  const model = linear();
  let calls = 0;
  const forward: Trainable["forward"] = (images) => tf.mul(model.forward(images), factor(calls++)) as tf.Tensor2D;
  return { ...model, forward, calls: () => calls };
}

test("trainer.run() calls a network that counts its steps once a step, unless it is told to compile it", async () => {
  const seen: number[] = [];
  const model = counting((calls) => {
    seen.push(calls);
    return 1 + calls;
  });
  const trainer = new Trainer(model, tiny({ compiled: undefined }));
  await trainer.run();
  assert.deepEqual(seen, [0, 1, 2, 3, 4, 5]);
  assert.match(trainer.notCompiled as string, /^the network does not say/);
  model.dispose();
});

test("trainer.run() with {compiled: true} fails at the next epoch when the network has changed", async () => {
  let factor = 1;
  const model = counting(() => factor);
  const onEpoch = () => {
    factor = 3;
  };
  await assertNothingLeft(async () => {
    const trainer = new Trainer(model, tiny({ onEpoch }));
    await assert.rejects(trainer.run(), /^Error: Expected a network that does the same at every step, got a loss of/);
    assert.equal(trainer.step, 3);
  });
  model.dispose();
});
