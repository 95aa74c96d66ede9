/** What cannot be trained is refused when the trainer is made, with the sentence that says what to do. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import type { ImageMap } from "../../lib/src/data/image-map";
import { evaluate } from "../../lib/src/network/evaluate";
import { buildLeNet5 } from "../../lib/src/network/lenet";
import type { Loss } from "../../lib/src/network/loss";
import { fakeQuantized } from "../../lib/src/quantize/qat";
import { calibrate } from "../../lib/src/quantize/ranges";
import { tf } from "../../lib/src/tensors/tensorflow";
import { flatten } from "../../lib/src/train/gradient";
import { adam } from "../../lib/src/train/optimizer";
import type { TrainOptions } from "../../lib/src/train/options";
import { constant, type Schedule, stepDecay, warmUp } from "../../lib/src/train/schedule";
import { type Trainable, trainable } from "../../lib/src/train/trainable";
import { Trainer } from "../../lib/src/train/trainer";
import { assertNoLeak, assertSameBits } from "../helpers/assertions";
import { noise, temporaryFolder } from "../helpers/data";
import { linear } from "../helpers/small-networks";
import { quick, tiny } from "../helpers/small-runs";

/** Holds a refusal against its sentence, and that no tensor is left behind. */
async function assertRefused(
  model: tf.LayersModel | Trainable,
  options: TrainOptions,
  expected: { name: string; message: string | RegExp },
): Promise<void> {
  await assertNoLeak(() => assert.throws(() => new Trainer(model, options), expected));
}

test("new Trainer(model, {train}) refuses images of another size and labels of other classes than the network's", async () => {
  const model = buildLeNet5();
  const copy = fakeQuantized(model);
  for (const network of [model, copy]) {
    await assertRefused(network, quick({ train: noise("train", { size: 32 }) }), {
      name: "Error",
      message:
        "Expected images [n, 28, 28, 1] as the network takes them, got [n, 32, 32, 1] of noise: " +
        "build the network for them, or bring the images to its size.",
    });
    await assertRefused(network, quick({ train: noise("train", { classes: 27 }) }), {
      name: "Error",
      message:
        "Expected a network with 27 logits, one for each class of noise, got 10: build the model with `classes: 27`.",
    });
  }
  copy.dispose();
  model.dispose();
});

test("new Trainer(model, {train, validation}) refuses sets that hold what their type does not say, or differ", async () => {
  const model = linear();
  const train = noise("train", { size: 4 });
  const like = "Expected `validation` like `train`, images of 4 × 4 in 10 classes, got images of";
  const cases: [Partial<TrainOptions>, string, string][] = [
    [{ validation: noise("validation", { size: 5 }) }, "Error", `${like} 5 × 5 in 10 classes.`],
    [{ validation: noise("validation", { size: 4, classes: 12 }) }, "Error", `${like} 4 × 4 in 12 classes.`],
    [
      { validation: noise("validation", { size: 4, count: 0 }) },
      "RangeError",
      "Expected images in the validation set of noise, got none.",
    ],
    [
      { train: { ...train, labels: Uint8Array.from(train.labels, (label) => label + 1) } },
      "RangeError",
      "Expected labels of the train set of noise in 0 … 9, got 10 at index",
    ],
    [
      { train: { ...train, labels: train.labels.subarray(1) } },
      "Error",
      "Expected a label for each of 20 images of the train set of noise, got 19",
    ],
    [
      { validation: { ...noise("validation", { size: 4 }), labels: new Uint8Array(20).fill(99) } },
      "RangeError",
      "Expected labels of the validation set of noise in 0 … 9, got 99 at index 0",
    ],
  ];
  for (const [more, name, start] of cases) {
    const message = new RegExp(`^${start.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`);
    await assertRefused(model, tiny({ train, ...more }), { name, message });
  }
  model.dispose();
});

test("new Trainer(model, {schedule}) refuses a rate that is not finite or below 0, at whatever step", async () => {
  const model = linear();
  const wrong: [Schedule, number, number][] = [
    [(step) => 0.1 / (3 - step), 3, Number.POSITIVE_INFINITY],
    [(step) => (step === 5 ? Number.NaN : 0.1), 5, Number.NaN],
    [(step) => 0.1 - 0.05 * step, 3, 0.1 - 0.05 * 3],
    [warmUp(1, (step) => (step < 4 ? 1 : Number.NEGATIVE_INFINITY)), 5, Number.NEGATIVE_INFINITY],
    [stepDecay(1, { every: 1, factor: 1e200 }), 2, Number.POSITIVE_INFINITY],
  ];
  for (const [schedule, step, got] of wrong)
    await assertRefused(model, tiny({ schedule }), {
      name: "RangeError",
      message: `Expected the learning rate that \`schedule\` gives at step ${step} to be a finite number, 0 or more, got ${got}.`,
    });
  await assertRefused(model, tiny({ schedule: (() => "0.1") as never }), {
    name: "TypeError",
    message:
      /^Expected the learning rate that `schedule` gives at step 0 to be a finite number, 0 or more, got "0\.1"\.$/,
  });
  assert.doesNotThrow(() => new Trainer(model, tiny({ schedule: () => 0 })));
  model.dispose();
});

test("trainer.run() refuses a rate that became wrong after the trainer was made, and keeps the weights", async () => {
  const model = linear();
  let rate = 0.1;
  const trainer = new Trainer(model, tiny({ schedule: () => rate, onStep: () => (rate = Number.NaN) }));
  await assert.rejects(trainer.run(), /^RangeError: Expected the learning rate that `schedule` gives at step 1 /);
  assert.equal(trainer.step, 1);
  assert.ok(model.variables.every((variable) => variable.dataSync().every(Number.isFinite)));
  model.dispose();
});

test("trainer.run() refuses, at its first step, a network of its own that gives other logits than the labels need", async () => {
  const model = linear({ classes: 7 });
  await assertNoLeak(() =>
    assert.rejects(
      new Trainer(model, tiny()).run(),
      /^Error: Expected logits \[n, 10\] for this data set, got \[4, 7\]: build the model with `classes: 10`\.$/,
    ),
  );
  model.dispose();
});

test("new Trainer(model, options) refuses a network with nothing to learn, and one that does not say what it keeps", async () => {
  const frozen = buildLeNet5();
  frozen.trainable = false;
  await assertRefused(frozen, quick(), {
    name: "Error",
    message: /^Expected a network with weights to learn, got none/,
  });
  const model = linear();
  const validation = noise("validation", { size: 4 });
  const saving = { checkpoint: { checkpoint: { path: "x" } }, patience: { patience: 1, validation } };
  for (const [name, more] of Object.entries(saving)) {
    const options = tiny({ ...more, compiled: undefined });
    await assertRefused(model, options, {
      name: "Error",
      message:
        "Expected `state` of the network, all that it keeps from step to step besides `variables`, for " +
        `\`${name}\`, got none: say \`state: {}\` if it keeps nothing.`,
    });
    assert.doesNotThrow(() => new Trainer({ ...model, state: {} }, options));
    assert.doesNotThrow(() => new Trainer({ ...model, compilable: true }, options));
  }
  await assertRefused({ ...model, state: { save: () => 1 } }, tiny(), {
    name: "Error",
    message: /both `save` and `restore`/,
  });
  for (const each of [frozen, model]) each.dispose();
});

test("trainer.run() refuses a network that moves a variable which it does not name, by the variable's name", async () => {
  const model = linear();
  const hidden = tf.variable(tf.scalar(0), false, "a hidden counter");
  const forward: Trainable["forward"] = (images) =>
    tf.tidy(() => {
      hidden.assign(tf.add(hidden, 1));
      return tf.mul(model.forward(images), hidden) as tf.Tensor2D;
    });
  const run = (state: Trainable["state"]) =>
    new Trainer({ ...model, forward, state }, tiny({ averageDecay: 0.5, compiled: undefined })).run();
  await assertNoLeak(() =>
    assert.rejects(run({}), /^Error: Expected every variable .* got none of `a hidden counter`/),
  );
  assert.equal(await run({ variables: [hidden] }), "finished");
  tf.dispose([hidden, ...model.variables]);
});

test("trainer.run() refuses a state that its file could not hold", async () => {
  const model = linear();
  for (const kept of [new Map(), { slots: Float32Array.of(1) }, [1n], new Date(0), { f: () => 1 }]) {
    const state = { save: () => kept, restore: () => undefined };
    await assert.rejects(
      new Trainer({ ...model, state }, tiny()).run(),
      /^TypeError: Expected `state\.save\(\)` of the network to give plain data/,
    );
  }
  model.dispose();
});

test("evaluate(model, data) refuses images of another size by the sentence of gradCam, for a model and its copy on the grid", () => {
  const model = buildLeNet5();
  const copy = fakeQuantized(model);
  const message =
    /^Error: Expected `images` \[n, 28, 28, 1\] as the (model|network) takes them, got \[n, 32, 32, 1\]\.$/;
  for (const network of [model, copy.infer, trainable(model).forward])
    assert.throws(() => evaluate(network, noise("test", { size: 32 })), message);
  copy.dispose();
  model.dispose();
});

test("the network of a class is called as its method", async () => {
  class Own implements Trainable {
    private readonly base = linear();
    readonly variables = this.base.variables;
    readonly state = {};
    forward(images: tf.Tensor4D): tf.Tensor2D {
      return this.base.forward(images);
    }
    infer(images: tf.Tensor4D): tf.Tensor2D {
      return this.base.forward(images);
    }
  }
  const model = new Own();
  const options = tiny({ validation: noise("validation", { size: 4 }), schedule: constant(0.1), compiled: undefined });
  assert.equal(await new Trainer(model, options).run(), "finished");
  tf.dispose(model.variables);
});

test("trainer.run() refuses a checkpoint that it cannot write before its first step, by the file's path and the reason", async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, "a file");
  writeFileSync(file, "not a folder");
  const model = linear();
  for (const [path, reason] of [
    [folder, "a folder"],
    [join(file, "run.safetensors"), "a path through a file that is no folder"],
  ] as const) {
    const trainer = new Trainer(model, tiny({ checkpoint: { path } }));
    await assert.rejects(trainer.run(), (error: Error) => {
      assert.equal(error.message, `Expected ${path === folder ? "" : "to write "}a file at ${path}, got ${reason}.`);
      return true;
    });
    assert.equal(trainer.step, 0);
  }
  model.dispose();
});

test("trainer.run() says after its first step that validation cannot be computed, and goes on when it can", async () => {
  const model = linear();
  let works = false;
  const infer: Trainable["forward"] = (images) => {
    if (!works) throw new Error("a faulty `infer`");
    return model.forward(images);
  };
  const validation = noise("validation", { size: 4 });
  const trainer = new Trainer({ ...model, infer }, tiny({ validation }));
  await assert.rejects(trainer.run(), /^Error: a faulty `infer`$/);
  assert.equal(trainer.step, 1);
  works = true;
  assert.equal(await trainer.run(), "finished");
  assert.equal(trainer.history.length, 2);
  const whole = linear();
  await new Trainer(whole, tiny({ validation })).run();
  assertSameBits(flatten(model.variables), flatten(whole.variables));
  for (const each of [model, whole]) each.dispose();
});

test("new Trainer(model, options) refuses what is called instead of given, and given instead of called", async () => {
  const model = linear();
  const wrong: [Partial<Record<keyof TrainOptions, unknown>>, RegExp][] = [
    [
      { optimizer: adam },
      /^Expected `optimizer` to make an optimiser of a size, as `adam\(\)` does, got another function/,
    ],
    [{ optimizer: tf.train.adam(0.1) }, /^Expected `optimizer` to be a function, such as adam\(\), got /],
    [{ schedule: 0.1 }, /^Expected `schedule` to be a function, such as constant\(0\.1\), got 0\.1\.$/],
    [
      { loss: "categoricalCrossentropy" },
      /^Expected `loss` to be a function, such as softmaxCrossEntropy, got categorical/,
    ],
    [{ augment: "affine" }, /^Expected `augment` to be a function, such as affine\(\), got affine\.$/],
    [{ checkpoint: "file" }, /^Expected `checkpoint` as \{ path: "a file" \}, got "file"\.$/],
    [{ checkpoint: { path: "" } }, /^Expected `checkpoint` as \{ path: "a file" \}, got \{"path":""\}\.$/],
  ];
  for (const [more, message] of wrong)
    await assertRefused(model, tiny(more as Partial<TrainOptions>), { name: "TypeError", message });
  model.dispose();
});

test("new Trainer(model, {schedule}) refuses a schedule that gives another rate each time", async () => {
  const model = linear();
  let rate = 0.1;
  const schedule = () => {
    rate *= 0.5;
    return rate;
  };
  await assertRefused(model, tiny({ schedule }), {
    name: "Error",
    message: /the same rate for a step each time, got /,
  });
  model.dispose();
});

test("new Trainer(network, options) refuses a variable that is named twice, or learned and not float32", async () => {
  const model = linear();
  const [kernel] = model.variables as [tf.Variable];
  for (const twice of [
    { ...model, state: { variables: [kernel] } },
    { ...model, variables: [...model.variables, kernel] },
  ])
    await assertRefused(twice, tiny(), { name: "Error", message: new RegExp(`got \`${kernel.name}\` twice`) });
  const whole = tf.variable(tf.scalar(1, "int32"));
  const message = /^Expected float32 variables to learn, got `\S+` of int32\.$/;
  await assertRefused({ ...model, variables: [whole] }, tiny(), { name: "TypeError", message });
  tf.dispose([whole, ...model.variables]);
});

test("new Trainer(model, options) refuses a model of images without channels, and batch normalisation of another axis", async () => {
  const { layers } = tf;
  const rows = tf.sequential({
    layers: [layers.flatten({ inputShape: [4, 4] }), layers.dense({ units: 10 })],
  });
  await assertRefused(rows, tiny(), {
    name: "Error",
    message: /^Expected images \[n, 4, 4\] as the network takes them/,
  });
  const model = tf.sequential({
    layers: [
      layers.conv2d({ filters: 2, kernelSize: 2, inputShape: [4, 4, 1] }),
      layers.batchNormalization({ axis: 1, name: "rows" }),
      layers.flatten(),
      layers.dense({ units: 10 }),
    ],
  });
  await assertRefused(model, tiny(), { name: "Error", message: /of the last axis to train, got `rows` of axis 1/ });
  for (const each of [rows, model]) each.dispose();
});

test("new Trainer(copy, options) refuses a copy on the grid whose folded batch normalisation had a regulariser; it can be run", async () => {
  const { layers } = tf;
  for (const more of [{ gammaRegularizer: "l1l2" }, { betaConstraint: "nonNeg" }] as const) {
    const model = tf.sequential({
      layers: [
        layers.conv2d({ filters: 2, kernelSize: 2, inputShape: [4, 4, 1] }),
        layers.batchNormalization({ name: "folded", ...more }),
        layers.flatten(),
        layers.dense({ units: 10 }),
      ],
    });
    const copy = fakeQuantized(model, { ranges: calibrate(model, noise("train", { size: 4 })) });
    await assertRefused(copy, tiny(), {
      name: "Error",
      message: /layer `folded` \(BatchNormalization\): expected no regularisers/,
    });
    evaluate(copy, noise("test", { size: 4 }));
    for (const each of [copy, model]) each.dispose();
  }
});

test("trainer.run() refuses a variable that `forward` makes itself and moves, and one that it moves only later", async () => {
  const model = linear();
  const made: tf.Variable[] = [];
  const late = tf.variable(tf.scalar(1), false, "a late one");
  let calls = 0;
  const networks: Record<string, Trainable["forward"]> = {
    "made at its first call": (images) =>
      tf.tidy(() => {
        if (made.length === 0) made.push(tf.variable(tf.scalar(1), false, "made at its first call"));
        (made[0] as tf.Variable).assign(tf.add(made[0] as tf.Variable, 0.5));
        return tf.mul(model.forward(images), made[0] as tf.Variable) as tf.Tensor2D;
      }),
    "a late one": (images) =>
      tf.tidy(() => {
        calls += 1;
        if (calls > 2) late.assign(tf.add(late, 1));
        return tf.mul(model.forward(images), late) as tf.Tensor2D;
      }),
  };
  for (const [name, forward] of Object.entries(networks)) {
    const trainer = new Trainer({ ...model, forward, state: {} }, tiny({ averageDecay: 0.5, compiled: undefined }));
    await assert.rejects(trainer.run(), new RegExp(`^Error: Expected every variable .* got none of \`${name}\``));
  }
  tf.dispose([late, ...made, ...model.variables]);
});

test("trainer.run() blames an image map for pixels that are not finite, and a loss that is no scalar", async () => {
  const model = linear();
  const augment: ImageMap = (images) => tf.mul(images, Number.NaN);
  await assert.rejects(
    new Trainer(model, tiny({ augment })).run(),
    /^Error: Expected finite pixels in the batch of step 0/,
  );
  const loss: Loss = (logits) => tf.mean(logits, 1) as never;
  await assert.rejects(
    new Trainer(model, tiny({ loss })).run(),
    /^Error: Expected `loss` to give a scalar, got \[4\]: take the mean/,
  );
  model.dispose();
});

test("trainer.run() takes what networks, schedules and optimisers legitimately do", async () => {
  const model = linear();
  const saving = { averageDecay: 0.5, compiled: undefined };
  // plain data of a notebook's cell, which has an `Object` of its own, with the first values that a search begins with
  const save = runInNewContext("() => ({ best: Infinity, last: undefined, seen: [NaN, { n: 1 }] })");
  const restored: unknown[] = [];
  const state = { save, restore: (kept: unknown) => void restored.push(kept) };
  assert.equal(await new Trainer({ ...model, state }, tiny(saving)).run(), "finished");
  assert.deepEqual(restored.at(-1), { best: Infinity, last: undefined, seen: [Number.NaN, { n: 1 }] });
  // a constant that is made when it is first needed
  let mask: tf.Variable | undefined;
  const forward: Trainable["forward"] = (images) =>
    tf.tidy(() => {
      mask ??= tf.variable(tf.ones([10]), false, "a mask");
      return tf.mul(model.forward(images), mask) as tf.Tensor2D;
    });
  assert.equal(await new Trainer({ ...model, forward, state: {} }, tiny(saving)).run(), "finished");
  // a schedule that reads the trainer, which is not there yet when it is made
  const trainer: Trainer = new Trainer(model, tiny({ schedule: () => (trainer.history.length > 0 ? 0.01 : 0.1) }));
  assert.equal(await trainer.run(), "finished");
  // an optimiser for weights of one number
  const sizes: number[] = [];
  const optimizer = (size: number) => {
    sizes.push(size);
    return adam()(size);
  };
  await new Trainer(model, tiny({ optimizer })).run();
  assert.deepEqual(new Set(sizes), new Set([170]));
  tf.dispose([mask as tf.Variable, ...model.variables]);
});

test("two heads may train at the same time on one frozen base, and a finished run may be called again after it is set free", async () => {
  const { layers } = tf;
  const base = tf.sequential({ layers: [layers.flatten({ inputShape: [4, 4, 1] }), layers.dense({ units: 6 })] });
  base.trainable = false;
  const heads = [1, 2].map(() => tf.sequential({ layers: [base, layers.dense({ units: 10 })] }));
  const before = flatten(base.getWeights());
  const trainers = heads.map((head) => new Trainer(head, tiny({ onStep: () => undefined })));
  await Promise.all(trainers.map((trainer) => trainer.run()));
  assertSameBits(flatten(base.getWeights()), before);
  base.trainable = true;
  assert.equal(await (trainers[0] as Trainer).run(), "finished");
  // which disposes the base too
  heads[0]?.dispose();
});

test("trainer.run() takes up the file of layers that wrap others, and of layers of one's own with anything in their settings", async (t) => {
  const { layers } = tf;
  class Own extends tf.layers.Layer {
    static readonly className = "Own";
    private readonly mask = tf.ones([16]);
    override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
      return tf.mul((Array.isArray(inputs) ? inputs[0] : inputs) as tf.Tensor, this.mask);
    }
    override getClassName(): string {
      return Own.className;
    }
    override getConfig(): tf.serialization.ConfigDict {
      return { ...super.getConfig(), me: this, mask: this.mask } as never;
    }
  }
  const rows = () => layers.reshape({ targetShape: [4, 4], inputShape: [4, 4, 1] });
  const recurrent = () => layers.simpleRNN({ units: 3 });
  const makers = [
    () =>
      tf.sequential({
        layers: [
          rows(),
          layers.bidirectional({ layer: recurrent(), mergeMode: "concat" }),
          layers.dense({ units: 10 }),
        ],
      }),
    () =>
      tf.sequential({
        layers: [
          rows(),
          layers.timeDistributed({ layer: layers.dense({ units: 3 }) }),
          layers.flatten(),
          layers.dense({ units: 10 }),
        ],
      }),
    () =>
      tf.sequential({ layers: [layers.flatten({ inputShape: [4, 4, 1] }), new Own({}), layers.dense({ units: 10 })] }),
  ];
  for (const [i, make] of makers.entries()) {
    const options = tiny({ checkpoint: { path: join(temporaryFolder(t), `${i}.safetensors`) }, compiled: undefined });
    const [first, second] = [make(), make()];
    await new Trainer(first, options).run();
    const again = new Trainer(second, options);
    assert.equal(await again.run(), "finished");
    assertSameBits(flatten(second.getWeights()), flatten(first.getWeights()));
    for (const model of [first, second]) model.dispose();
  }
});
