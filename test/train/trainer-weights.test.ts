/** Which weights a run begins with and goes on from, and whose they are meanwhile. */
import assert from "node:assert/strict";
import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type ImageMap, imageMap } from "../../lib/src/data/image-map";
import { loadCheckpoint, saveCheckpoint } from "../../lib/src/network/safetensors";
import { fakeQuantized } from "../../lib/src/quantize/qat";
import { tf } from "../../lib/src/tensors/tensorflow";
import { flatten, unflatten } from "../../lib/src/train/gradient";
import type { Optimizer } from "../../lib/src/train/optimizer";
import { constant } from "../../lib/src/train/schedule";
import { type Trainable, trainable } from "../../lib/src/train/trainable";
import { Trainer } from "../../lib/src/train/trainer";
import { assertSameBits } from "../helpers/assertions";
import { noise, temporaryFolder } from "../helpers/data";
import { runNetworks } from "../helpers/run-networks";
import { dense, linear } from "../helpers/small-networks";
import { tiny } from "../helpers/small-runs";
import { wholeRun } from "../helpers/whole-run";

const still = { schedule: constant(1e-30) };

test("trainer.run() begins with the weights that the model has then, not with those when the trainer was made", async () => {
  for (const more of [{}, { averageDecay: 0.5 }, { compiled: false }]) {
    const model = dense();
    const trainer = new Trainer(model, tiny({ ...still, ...more }));
    const { variables } = trainable(model);
    const other = flatten(variables).map((w) => w + 1);
    unflatten(variables, other);
    await trainer.run();
    assertSameBits(flatten(variables), other);
    model.dispose();
  }
});

test("trainer.run() learns the layers that are trainable when it begins", async () => {
  const model = dense();
  const onStep = () => assert.fail("stop");
  const trainer = new Trainer(model, tiny({ onStep }));
  const hidden = model.layers[1] as tf.layers.Layer;
  hidden.trainable = false;
  const numbers = () => flatten(hidden.weights.map((weight) => weight.read()));
  const before = numbers();
  await assert.rejects(trainer.run(), /stop/);
  assertSameBits(numbers(), before);
  hidden.trainable = true;
  await assert.rejects(trainer.run(), /^Error: Expected the weights to learn that the run began with, got others/);
  model.dispose();
});

test("trainer.run() goes on from weights that are written between two runs, or by onStep and onEpoch", async () => {
  for (const compiled of [true, false]) {
    const model = linear();
    const written = (value: number) => unflatten(model.variables, flatten(model.variables).fill(value));
    const seen: number[] = [];
    let stop = true;
    const trainer = new Trainer(
      model,
      tiny({
        ...still,
        compiled,
        onStep: ({ step }) => {
          seen.push(flatten(model.variables)[0] as number);
          if (step === 1) written(2);
          if (step === 3 && stop) throw new Error("stop");
        },
        onEpoch: ({ epoch }) => {
          if (epoch === 0) written(3);
        },
      }),
    );
    await assert.rejects(trainer.run(), /^Error: stop$/);
    written(5);
    stop = false;
    await trainer.run();
    assert.deepEqual(seen.slice(1), [seen[0], 2, 3, 5, 5]);
    assert.equal(flatten(model.variables)[0], 5);
    model.dispose();
  }
});

test("trainer.run() saves what a callback has written: a run taken up from its file goes on from there", async (t) => {
  const path = join(temporaryFolder(t), "run.safetensors");
  const [model, other] = [linear(), linear()];
  const halve = (network: Trainable) => () =>
    unflatten(
      network.variables,
      flatten(network.variables).map((w) => w / 2),
    );
  const whole = linear();
  await new Trainer(whole, tiny({ epochs: 3, onEpoch: halve(whole) })).run();
  let kept = "";
  const onEpoch = () => {
    halve(model)();
    if (kept !== "") throw new Error("crash");
    kept = `${path}.copy`;
  };
  const onStep = ({ step }: { step: number }) => {
    if (step === 3) copyFileSync(path, kept);
  };
  const crashing = new Trainer(model, tiny({ epochs: 3, checkpoint: { path }, onEpoch, onStep }));
  await assert.rejects(crashing.run(), /^Error: crash$/);
  await new Trainer(other, tiny({ epochs: 3, checkpoint: { path: kept }, onEpoch: halve(other) })).run();
  assertSameBits(flatten(other.variables), flatten(whole.variables));
  for (const network of [model, other, whole]) network.dispose();
});

test("trainer.run() of a run that is over leaves weights that were written since alone", async () => {
  const model = linear();
  const validation = noise("validation", { size: 4 });
  for (const more of [{}, { averageDecay: 0.5 }, { patience: 1, validation, ...still, epochs: 9 }]) {
    const trainer = new Trainer(model, tiny(more));
    const reason = await trainer.run();
    const other = flatten(model.variables).map((w) => w + 1);
    unflatten(model.variables, other);
    assert.equal(await trainer.run(), reason);
    assertSameBits(flatten(model.variables), other);
  }
  model.dispose();
});

test("trainer.run() refuses a network that is in training, by the same trainer or another one, and the run goes on", async () => {
  const busy = /^Error: Expected a network at rest, but it is still training: `await` the run that is under way\.$/;
  for (const compiled of [true, false]) {
    const [model, whole] = [linear(), linear()];
    const trainer = new Trainer(model, tiny({ compiled }));
    const first = trainer.run();
    await assert.rejects(trainer.run(), busy);
    await assert.rejects(new Trainer(model, tiny()).run(), busy);
    assert.equal(await first, "finished");
    assert.equal(trainer.step, 6);
    assert.deepEqual(
      trainer.history.map(({ epoch }) => epoch),
      [0, 1],
    );
    await new Trainer(whole, tiny({ compiled })).run();
    assertSameBits(flatten(model.variables), flatten(whole.variables));
    // at rest again, also after a run that failed
    await assert.rejects(new Trainer(model, tiny({ onStep: () => assert.fail("stop") })).run(), /stop/);
    assert.equal(await new Trainer(model, tiny()).run(), "finished");
    for (const network of [model, whole]) network.dispose();
  }
});

test("two networks may train at the same time", async () => {
  const networks = [linear(), linear()];
  const alone = linear();
  await new Trainer(alone, tiny()).run();
  await Promise.all(networks.map((network) => new Trainer(network, tiny()).run()));
  for (const network of networks) assertSameBits(flatten(network.variables), flatten(alone.variables));
  for (const network of [...networks, alone]) network.dispose();
});

test("trainer.run() refuses a file that lacks what the network keeps, as files of before it was saved do, and leaves it alone", async (t) => {
  const folder = temporaryFolder(t);
  for (const [name, what] of [
    ["batch normalisation", '"6 numbers"'],
    ["8 bits, frozen ranges", '"data"'],
    ["no layers model", '"10 numbers and data"'],
  ] as const) {
    const path = join(folder, `${name}.safetensors`);
    const network = (runNetworks[name] as () => ReturnType<(typeof runNetworks)["plain"]>)();
    await new Trainer(network.model, wholeRun({ checkpoint: { path } })).run();
    const { tensors, metadata } = loadCheckpoint(path);
    const { kept: _, ...before } = metadata;
    const run = { ...(metadata.run as object), state: undefined };
    saveCheckpoint(path, { tensors, metadata: { ...before, run } });
    await assert.rejects(new Trainer(network.model, wholeRun({ checkpoint: { path } })).run(), (error: Error) => {
      const expected = `(state: expected ${what}, got none: the file lacks what the network keeps besides its weights)`;
      assert.ok(error.message.includes(expected), error.message);
      return true;
    });
    network.dispose();
  }
});

test("trainer.run() reads a file of before networks said what they keep, where they keep nothing", async (t) => {
  const path = join(temporaryFolder(t), "run.safetensors");
  const [model, other] = [dense(), dense()];
  await new Trainer(model, tiny({ checkpoint: { path } })).run();
  const { metadata } = loadCheckpoint(path);
  assert.equal("state" in (metadata.run as object), false);
  assert.equal("kept" in metadata, false);
  assert.equal(await new Trainer(other, tiny({ checkpoint: { path } })).run(), "finished");
  for (const each of [model, other]) each.dispose();
});

test("a copy on the grid has its ranges again from the file of a finished run, and converts", async (t) => {
  const path = join(temporaryFolder(t), "run.safetensors");
  const float = dense();
  const [first, second] = [fakeQuantized(float), fakeQuantized(float)];
  await new Trainer(first, tiny({ checkpoint: { path }, compiled: undefined })).run();
  await new Trainer(second, tiny({ checkpoint: { path }, compiled: undefined })).run();
  assert.deepEqual(second.ranges(), first.ranges());
  assert.ok(Object.keys(second.ranges()).length > 0);
  for (const each of [first, second, float]) each.dispose();
});

test("trainer.run() with {patience} stops a run whose validation loss is never a number, and its file keeps that", async (t) => {
  const path = join(temporaryFolder(t), "run.safetensors");
  const model = linear();
  const infer: Trainable["forward"] = (images) => tf.mul(model.forward(images), Number.NaN) as tf.Tensor2D;
  const options = tiny({ epochs: 9, patience: 2, validation: noise("validation", { size: 4 }), checkpoint: { path } });
  for (const _ of ["at first", "from the file"]) {
    const trainer = new Trainer({ ...model, infer }, options);
    assert.equal(await trainer.run(), "stopped early");
    assert.deepEqual(
      trainer.history.map(({ validationLoss }) => validationLoss),
      [Number.NaN, Number.NaN],
    );
  }
  model.dispose();
});

/** SGD with momentum whose average is made at the first update. */
const late = (size: number): Optimizer => {
  let [slots, updates]: [Record<string, Float32Array>, number] = [{}, 0];
  return {
    settings: { name: "late" },
    update(weights, gradient, rate) {
      slots.v ??= new Float32Array(size);
      updates += 1;
      const { v } = slots;
      for (let i = 0; i < size; i++) {
        v[i] = 0.9 * (v[i] as number) + (gradient[i] as number);
        weights[i] = (weights[i] as number) - rate * (v[i] as number);
      }
    },
    state: () => ({ updates, slots }),
    restore: (state) => {
      ({ slots, updates } = state);
    },
  };
};

test("an optimiser that makes its averages at its first update has them again from the run's file", async (t) => {
  const path = join(temporaryFolder(t), "run.safetensors");
  const [whole, first, second] = [linear(), linear(), linear()];
  await new Trainer(whole, tiny({ optimizer: late })).run();
  const onEpoch = () => assert.fail("crash");
  const checkpoint = { path };
  await assert.rejects(new Trainer(first, tiny({ optimizer: late, checkpoint, onEpoch })).run(), /crash/);
  await new Trainer(second, tiny({ optimizer: late, checkpoint })).run();
  assertSameBits(flatten(second.variables), flatten(whole.variables));
  for (const network of [whole, first, second]) network.dispose();
});

test("trainer.run() refuses the file of a network with as many weights that computes something else", async (t) => {
  const path = join(temporaryFolder(t), "run.safetensors");
  const { layers } = tf;
  const two = (more: object, frozen = 2) => {
    const hidden = [1, 2].map((i) => layers.dense({ units: 16, ...more, trainable: i !== frozen }));
    return tf.sequential({
      layers: [layers.flatten({ inputShape: [4, 4, 1] }), ...hidden, layers.dense({ units: 10 })],
    });
  };
  const models = [two({ activation: "relu" }), two({ activation: "tanh" }), two({ activation: "relu" }, 1)];
  const copies = [8, 2].map((activationBits) => fakeQuantized(models[0] as tf.Sequential, { activationBits }));
  const options = tiny({ checkpoint: { path }, compiled: undefined });
  for (const [first, ...others] of [models, copies]) {
    rmSync(path, { force: true });
    await new Trainer(first as Trainable, options).run();
    assert.equal(await new Trainer(first as Trainable, options).run(), "finished");
    for (const other of others)
      await assert.rejects(
        new Trainer(other as Trainable, options).run(),
        /belongs to another run \(network\[\d\]: expected \{.+\}, got \{.+\}.*\): delete the file/,
      );
  }
  for (const each of [...copies, ...models]) each.dispose();
});

test("trainer.run() takes options that are spelled out for those that are not given", async (t) => {
  const path = join(temporaryFolder(t), "run.safetensors");
  const model = dense();
  await new Trainer(model, tiny({ checkpoint: { path }, compiled: undefined })).run();
  const spelled = tiny({ checkpoint: { path }, compiled: true, parts: 2 });
  assert.equal(await new Trainer(model, spelled).run(), "finished");
  model.dispose();
});

test("trainer.run() reads a file that says nothing of the network's layers, as older ones do", async (t) => {
  const path = join(temporaryFolder(t), "run.safetensors");
  const model = dense();
  await new Trainer(model, tiny({ checkpoint: { path } })).run();
  const { tensors, metadata } = loadCheckpoint(path);
  const run = Object.fromEntries(
    Object.entries(metadata.run as object).filter(([key]) => !/^(network\[\d+\]|settings|parts)$/.test(key)),
  );
  saveCheckpoint(path, { tensors, metadata: { ...metadata, run } });
  assert.equal(await new Trainer(model, tiny({ checkpoint: { path } })).run(), "finished");
  model.dispose();
});

test("trainer.run() refuses layers that onEpoch freezes, and what it changes of a compiled network, at the next step", async () => {
  const forty = { train: noise("train", { count: 40, size: 4 }), epochs: 3 };
  for (const compiled of [true, false]) {
    const model = dense();
    const onEpoch = () => {
      (model.layers[1] as tf.layers.Layer).trainable = false;
    };
    const trainer = new Trainer(model, tiny({ ...forty, compiled, onEpoch }));
    await assert.rejects(trainer.run(), /^Error: Expected the weights to learn that the run began with, got others/);
    assert.equal(trainer.step, 10);
    assert.equal(trainer.history.length, 1);
    model.dispose();
  }
  const model = linear();
  let strength = 1;
  const forward: Trainable["forward"] = (images) => tf.mul(model.forward(images), strength) as tf.Tensor2D;
  const onEpoch = () => {
    strength = 2;
  };
  const trainer = new Trainer({ ...model, forward }, tiny({ ...forty, onEpoch }));
  await assert.rejects(trainer.run(), /^Error: Expected a network that does the same at every step/);
  assert.equal(trainer.step, 10);
  model.dispose();
});

test("trainer.run() waits for callbacks that take their time, and goes on from what they write", async () => {
  const model = linear();
  const pause = () => new Promise((resolve) => setTimeout(resolve, 5));
  const seen: number[] = [];
  const trainer = new Trainer(
    model,
    tiny({
      ...still,
      onStep: async ({ step }) => {
        await pause();
        seen.push(flatten(model.variables)[0] as number);
        if (step === 0) unflatten(model.variables, flatten(model.variables).fill(7));
      },
      onEpoch: async ({ epoch }) => {
        await pause();
        if (epoch === 0) unflatten(model.variables, flatten(model.variables).fill(8));
      },
    }),
  );
  await trainer.run();
  assert.deepEqual(seen.slice(1), [7, 7, 8, 8, 8]);
  model.dispose();
});

test("trainer.run() records an epoch whose validation failed when it goes on", async () => {
  const model = linear();
  let calls = 0;
  const infer: Trainable["forward"] = (images) => {
    calls += 1;
    // the first call tries a single image
    if (calls === 2) throw new Error("out of order");
    return model.forward(images);
  };
  const options = tiny({ validation: noise("validation", { size: 4 }) });
  const trainer = new Trainer({ ...model, infer }, options);
  await assert.rejects(trainer.run(), /^Error: out of order$/);
  assert.equal(trainer.step, 3);
  assert.equal(await trainer.run(), "finished");
  const whole = linear();
  const undisturbed = new Trainer(whole, options);
  await undisturbed.run();
  const records = ({ history }: Trainer) => history.map(({ seconds: _, ...record }) => record);
  assert.deepEqual(records(trainer), records(undisturbed));
  for (const each of [model, whole]) each.dispose();
});

test("trainer.run() with a checkpoint refuses a rate that has changed since the run began; without, it may", async (t) => {
  const path = join(temporaryFolder(t), "run.safetensors");
  let rate = 0.1;
  const plateau = { schedule: () => rate, onEpoch: () => (rate /= 2) };
  const model = linear();
  const trainer = new Trainer(model, tiny({ ...plateau, checkpoint: { path } }));
  await assert.rejects(
    trainer.run(),
    /^Error: Expected `schedule` to give 0\.1 at step 3, as when the run began, got 0\.05/,
  );
  assert.equal(loadCheckpoint(path).metadata.step, 3);
  assert.equal(await new Trainer(model, tiny(plateau)).run(), "finished");
  model.dispose();
});

test("what an image map draws by Math.random is fixed by the seed too", async () => {
  const maps: ImageMap[] = [
    (images) => tf.add(images, tf.randomUniform(images.shape)),
    imageMap({
      draws: 1,
      draw: (shape) => [tf.randomUniform(shape)],
      apply: (images, [noise]) => tf.add(images, tf.reshape(noise as tf.Tensor, images.shape)),
    }),
    imageMap({ draws: 0, draw: () => [], apply: (images) => tf.add(images, tf.randomUniform(images.shape)) }),
  ];
  for (const augment of maps) {
    const numbers: Float32Array[] = [];
    for (const seed of [1, 1, 2]) {
      const model = linear();
      await new Trainer(model, tiny({ augment, seed })).run();
      numbers.push(flatten(model.variables));
      model.dispose();
    }
    assertSameBits(numbers[1] as Float32Array, numbers[0] as Float32Array);
    assert.notDeepEqual(numbers[2], numbers[0]);
  }
});
