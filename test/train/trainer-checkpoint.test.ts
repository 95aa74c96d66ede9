import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { StepRecord } from "../../lib/src/common/records";
import { affine } from "../../lib/src/data/augment";
import { take } from "../../lib/src/data/dataset";
import type { ImageMap } from "../../lib/src/data/image-map";
import { buildLeNet5 } from "../../lib/src/network/lenet";
import { loadCheckpoint, saveCheckpoint } from "../../lib/src/network/safetensors";
import { tf } from "../../lib/src/tensors/tensorflow";
import { flatten } from "../../lib/src/train/gradient";
import { adam, sgd } from "../../lib/src/train/optimizer";
import type { TrainOptions } from "../../lib/src/train/options";
import { constant, cosine } from "../../lib/src/train/schedule";
import { trainable } from "../../lib/src/train/trainable";
import { Trainer } from "../../lib/src/train/trainer";
import { assertClose, assertNoLeak, assertSameBits } from "../helpers/assertions";
import { noise, someDigits, temporaryFolder } from "../helpers/data";
import { sample } from "../helpers/full";
import { assertNothingLeft } from "../helpers/graphs";
import { linear } from "../helpers/small-networks";
import { quick, tiny, train, validation, weightsAfter } from "../helpers/small-runs";

test("trainer.run() trains on 64 images in a folder with nothing but its checkpoint", async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, "run.safetensors");
  const model = buildLeNet5({ seed: 1 });
  const trainer = new Trainer(
    model,
    quick({ train: someDigits(64), epochs: 6, schedule: constant(0.05), checkpoint: { path, everySteps: 1 } }),
  );
  assert.equal(await trainer.run(), "finished");
  assert.ok((trainer.history.at(-1)?.trainLoss as number) < (trainer.history[0]?.trainLoss as number) / 2);
  assert.deepEqual(readdirSync(folder), ["run.safetensors"]);
  model.dispose();
});

test("trainer.run() of a finished run gives its weights and history from the checkpoint", async (t) => {
  const path = join(temporaryFolder(t), "run.safetensors");
  const options = quick({ validation, averageDecay: 0.9, checkpoint: { path } });
  const [model, other] = [buildLeNet5({ seed: 1 }), buildLeNet5({ seed: 2 })];
  const first = new Trainer(model, options);
  await first.run();
  // more losses than a function takes arguments: a long run resumes too
  const saved = loadCheckpoint(path);
  const losses = Float32Array.from({ length: 300_000 }, (_, i) => first.losses[i] ?? 0);
  saveCheckpoint(path, { ...saved, tensors: { ...saved.tensors, losses: { shape: [300_000], data: losses } } });
  const second = new Trainer(other, options);
  await assertNoLeak(async () => assert.equal(await second.run(), "finished"));
  assertSameBits(flatten(trainable(other).variables), flatten(trainable(model).variables));
  assert.deepEqual([second.history, second.step, second.losses.slice(0, 8)], [first.history, 8, first.losses]);
  model.dispose();
  other.dispose();
});

test("trainer.run() refuses the checkpoint of another run and names what differs", async (t) => {
  const path = join(temporaryFolder(t), "run.safetensors");
  const checkpoint = { path };
  await weightsAfter({ checkpoint });
  const bytes = readFileSync(path);
  const cases: [Partial<TrainOptions>, string][] = [
    [{ seed: 2 }, "seed: expected 2, got 1"],
    [{ epochs: 3 }, "epochs: expected 3, got 2"],
    [{ batchSize: 64 }, "batchSize: expected 64, got 32"],
    [{ train: take(train, 120) }, "images: expected 120, got 128"],
    [{ train: { ...train, labels: train.labels.slice().reverse() } }, "labels: expected"],
    [{ train: { ...train, name: "other" } }, 'data: expected "other", got "mnist"'],
    [{ schedule: cosine(0.02, { steps: 8 }) }, 'rates: expected "from 0.02 to 0,'],
    [{ schedule: (step) => (step === 5 ? 0.01 : 0.02) }, 'rates: expected "from 0.02 to 0.02,'],
    [{ optimizer: adam() }, 'optimizer: expected {"name":"adam"'],
    [{ optimizer: sgd({ weightDecay: 0.1 }) }, "optimizer: expected"],
    [{ augment: affine() }, "augmented: expected true, got false"],
    [{ averageDecay: 0.5 }, "averageDecay: expected 0.5, got none"],
    [{ maxGradientNorm: 5 }, "maxGradientNorm: expected 5, got none"],
    [{ validation }, 'validation: expected "'],
  ];
  for (const [more, difference] of cases) {
    await assert.rejects(weightsAfter({ checkpoint, ...more }), (error: Error) => {
      assert.ok(
        error.message.startsWith(`${path} belongs to another run (`) && error.message.includes(difference),
        error.message,
      );
      assert.match(error.message, /: delete the file to start anew, or give this run another path\.$/);
      return true;
    });
  }
  assert.ok(readFileSync(path).equals(bytes));
});

test("trainer.run() refuses a damaged checkpoint and leaves it as it is", async (t) => {
  const path = join(temporaryFolder(t), "run.safetensors");
  await weightsAfter({ checkpoint: { path } });
  const bytes = readFileSync(path);
  bytes[bytes.length - 1000] = (bytes[bytes.length - 1000] as number) ^ 1;
  writeFileSync(path, bytes);
  await assert.rejects(
    weightsAfter({ checkpoint: { path } }),
    /run\.safetensors: expected bytes that match their SHA-256: the file is damaged or not a checkpoint; delete it, or fetch it again\.$/,
  );
  assert.ok(readFileSync(path).equals(bytes));
});

test("trainer.run() goes on without losing an epoch's record when a callback threw at its last step", async () => {
  const model = buildLeNet5({ seed: 1 });
  let thrown = false;
  const onStep = ({ step }: { step: number }) => {
    if (step !== 3 || thrown) return;
    thrown = true;
    throw new Error("on purpose");
  };
  const trainer = new Trainer(model, quick({ onStep }));
  await assert.rejects(trainer.run(), /on purpose/);
  assert.equal(await trainer.run(), "finished");
  assert.deepEqual(
    trainer.history.map(({ epoch }) => epoch),
    [0, 1],
  );
  assertSameBits(flatten(trainable(model).variables), await weightsAfter());
  model.dispose();
});

test("trainer.run() goes on to the same weights after an image map threw between two steps", async () => {
  let left = 3;
  const augment: ImageMap = (images, source) => {
    if (left-- === 0) throw new Error("a faulty map");
    return tf.mul(images, source.uniform(0.5, 1));
  };
  const model = buildLeNet5({ seed: 1 });
  const trainer = new Trainer(model, quick({ augment }));
  await assertNoLeak(() => assert.rejects(trainer.run(), /^Error: a faulty map$/));
  assert.equal(trainer.step, 3);
  assert.equal(await trainer.run(), "finished");
  left = Number.POSITIVE_INFINITY;
  assertSameBits(flatten(trainable(model).variables), await weightsAfter({ augment }));
  model.dispose();
});

test("trainer.run() of a run that is over changes nothing and leaves nothing behind", async () => {
  const model = linear();
  const trainer = new Trainer(model, tiny());
  await trainer.run();
  const weights = flatten(model.variables);
  await assertNothingLeft(async () => assert.equal(await trainer.run(), "finished"));
  assertSameBits(flatten(model.variables), weights);
  assert.equal(trainer.losses.length, 6);
  model.dispose();
});

test("a run that stops at any of its steps goes on to the same bits, in the same trainer or from its file", async (t) => {
  const folder = temporaryFolder(t);
  const options = { augment: affine(), epochs: 3, validation: noise("validation", { size: 4 }), averageDecay: 0.9 };
  const whole = linear();
  const undisturbed = new Trainer(whole, tiny(options));
  await undisturbed.run();
  const expected = flatten(whole.variables);
  for (let stop = 0; stop < 9; stop += sample(1, 4)) {
    let stopped = false;
    const onStep = ({ step }: StepRecord) => {
      if (step !== stop || stopped) return;
      stopped = true;
      throw new Error("stop");
    };
    const checkpoint = { path: join(folder, `${stop}.safetensors`), everySteps: 1 };
    const [model, other] = [linear(), linear()];
    const trainer = new Trainer(model, tiny({ ...options, onStep, checkpoint }));
    await assertNothingLeft(() => assert.rejects(trainer.run(), /^Error: stop$/));
    assert.equal(trainer.step, stop + 1);
    const fromFile = new Trainer(other, tiny({ ...options, checkpoint: { path: checkpoint.path } }));
    await fromFile.run();
    await trainer.run();
    for (const { variables } of [model, other])
      assertSameBits(flatten(variables), expected, `after a stop at step ${stop}`);
    for (const { losses } of [trainer, fromFile]) assertClose(losses, undisturbed.losses, 1e-6);
    model.dispose();
    other.dispose();
  }
  whole.dispose();
});
