import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { random } from "../../lib/src/common/random";
import { affine, compose } from "../../lib/src/data/augment";
import { toTensors } from "../../lib/src/data/batches";
import { subset, take } from "../../lib/src/data/dataset";
import { elastic } from "../../lib/src/data/elastic";
import { type ImageMap, imageMap } from "../../lib/src/data/image-map";
import { evaluate } from "../../lib/src/network/evaluate";
import { buildLeNet5 } from "../../lib/src/network/lenet";
import { type Loss, softmaxCrossEntropy } from "../../lib/src/network/loss";
import { loadCheckpoint, saveCheckpoint } from "../../lib/src/network/safetensors";
import { tf } from "../../lib/src/tensors/tensorflow";
import { flatten, lossAndGradient, type Trainable, trainable, unflatten } from "../../lib/src/train/gradient";
import { adam, sgd } from "../../lib/src/train/optimizer";
import type { StepRecord, TrainOptions } from "../../lib/src/train/options";
import { constant, cosine } from "../../lib/src/train/schedule";
import { Trainer } from "../../lib/src/train/trainer";
import { assertClose, assertNoLeak, assertSameBits } from "../helpers/assertions";
import { noise, someDigits, temporaryFolder } from "../helpers/data";
import { assertNothingLeft } from "../helpers/graphs";
import { root } from "../helpers/root";
import { dense, linear } from "../helpers/small-networks";
import type { RunOrder } from "../helpers/training-run";

const train = someDigits(128);
const validation = {
  ...subset(
    someDigits(200),
    Array.from({ length: 60 }, (_, i) => 140 + i),
  ),
  role: "validation" as const,
};

/** A run of 8 steps on 128 images that says nothing. */
const quick = (more: Partial<TrainOptions> = {}): TrainOptions => ({
  train,
  epochs: 2,
  batchSize: 32,
  schedule: constant(0.02),
  seed: 1,
  display: false,
  ...more,
});

/** Trains a fresh LeNet-5 and gives its weights; the model is gone afterwards. */
async function weightsAfter(more: Partial<TrainOptions> = {}): Promise<Float32Array> {
  const model = buildLeNet5({ seed: 1 });
  await new Trainer(model, quick(more)).run();
  const weights = flatten(trainable(model).variables);
  model.dispose();
  return weights;
}

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

test("trainer.history has a record an epoch, trainer.losses a number a step", async () => {
  const model = buildLeNet5({ seed: 1 });
  const [steps, epochs]: [StepRecord[], unknown[]] = [[], []];
  const schedule = cosine(0.02, { steps: 8 });
  const trainer = new Trainer(
    model,
    quick({
      train: take(train, 100),
      validation,
      schedule,
      onStep: (r) => steps.push(r),
      onEpoch: (r) => epochs.push(r),
    }),
  );
  await trainer.run();
  assert.deepEqual(epochs, trainer.history);
  assert.deepEqual(
    steps.map(({ step, epoch }) => [step, epoch]),
    [
      [0, 0],
      [1, 0],
      [2, 0],
      [3, 0],
      [4, 1],
      [5, 1],
      [6, 1],
      [7, 1],
    ],
  );
  assert.deepEqual(
    steps.map(({ learningRate }) => learningRate),
    Array.from({ length: 8 }, (_, step) => schedule(step)),
  );
  assert.deepEqual(
    trainer.losses,
    steps.map(({ loss }) => loss),
  );
  assert.equal(trainer.step, 8);
  assert.ok(steps.every(({ gradientNorm }) => Number.isNaN(gradientNorm)));
  for (const epoch of [0, 1]) {
    const record = trainer.history[epoch];
    const own = steps.filter((step) => step.epoch === epoch);
    // the last batch holds 4 images, the others 32
    const mean = (key: "loss" | "accuracy") =>
      own.reduce((sum, step, i) => sum + step[key] * (i < 3 ? 32 : 4), 0) / 100;
    assertClose(
      [record?.trainLoss as number, record?.trainAccuracy as number],
      [mean("loss"), mean("accuracy")],
      1e-12,
    );
    assert.deepEqual([record?.epoch, record?.learningRate], [epoch, schedule(4 * epoch + 3)]);
    assert.ok((record?.seconds as number) > 0 && (record?.seconds as number) < 60);
  }
  const measured = evaluate(model, validation);
  assert.deepEqual(
    [trainer.history[1]?.validationLoss, trainer.history[1]?.validationAccuracy],
    [measured.loss, measured.accuracy],
  );
  model.dispose();
});

test("trainer.run() with {averageDecay} measures and ends with the moving average of the weights", async () => {
  const model = buildLeNet5({ seed: 1 });
  const { variables } = trainable(model);
  const average = flatten(variables);
  const trainer = new Trainer(
    model,
    quick({
      validation,
      averageDecay: 0.8,
      onStep: () =>
        flatten(variables).forEach((w, i) => {
          average[i] = 0.8 * (average[i] as number) + 0.2 * w;
        }),
    }),
  );
  await trainer.run();
  assertClose(flatten(variables), average, 1e-6);
  assert.equal(trainer.history[1]?.validationLoss, evaluate(model, validation).loss);
  assert.notDeepEqual(flatten(variables), await weightsAfter());
  model.dispose();
});

test("trainer.run() with {patience} stops when validation gets worse and goes back to the best weights", async (t) => {
  const path = join(temporaryFolder(t), "run.safetensors");
  const model = buildLeNet5({ seed: 1 });
  const { variables } = trainable(model);
  const atEpoch: Float32Array[] = [];
  // uphill from the third epoch on
  const schedule = (step: number) => (step < 8 ? 0.02 : -0.002);
  const options = quick({
    epochs: 20,
    validation,
    patience: 2,
    schedule,
    onEpoch: () => atEpoch.push(flatten(variables)),
    checkpoint: { path },
  });
  const trainer = new Trainer(model, options);
  assert.equal(await trainer.run(), "stopped early");
  assert.equal(trainer.history.length, 4);
  const losses = trainer.history.map(({ validationLoss }) => validationLoss as number);
  assert.equal(Math.min(...losses), losses[1]);
  assertSameBits(flatten(variables), atEpoch[1] as Float32Array);
  assert.equal(await trainer.run(), "stopped early");
  assert.equal(trainer.step, 16);
  // the same from the file
  const other = buildLeNet5({ seed: 1 });
  assert.equal(await new Trainer(other, options).run(), "stopped early");
  assertSameBits(flatten(trainable(other).variables), atEpoch[1] as Float32Array);
  model.dispose();
  other.dispose();
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

test("trainer.run() prints a line an epoch and one at the end outside a notebook, and none of success when it fails", async (t) => {
  const log = t.mock.method(console, "log", () => undefined);
  const model = buildLeNet5({ seed: 1 });
  await new Trainer(model, quick({ display: undefined })).run();
  const lines = log.mock.calls.map((call) => String(call.arguments[0]));
  assert.equal(lines.length, 3);
  assert.match(lines[0] as string, /^epoch 1\/2 /);
  assert.match(lines[2] as string, /^Finished: 2 epochs/);
  await assert.rejects(new Trainer(model, quick({ display: undefined, schedule: constant(1e30) })).run());
  assert.equal(log.mock.callCount(), 3);
  model.dispose();
});

test("new Trainer(model, options) refuses what cannot be trained, at once", () => {
  const model = buildLeNet5();
  const cases: [Partial<TrainOptions>, RegExp][] = [
    [{ train: noise("test") as never }, /^Error: Expected `train` to be a training set, got the test set of noise\.$/],
    [{ train: noise("train", { count: 0 }) }, /^Error: Expected images in the train set of noise, got none\.$/],
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

test("trainer.run() interrupted by SIGINT keeps what it has learned within a batch, and run() goes on to the same weights", async (t) => {
  const path = join(temporaryFolder(t), "run.safetensors");
  const expected = await weightsAfter({ augment: affine() });
  for (const checkpoint of [undefined, { path }]) {
    const model = buildLeNet5({ seed: 1 });
    const { variables } = trainable(model);
    const start = flatten(variables);
    const listeners = process.listenerCount("SIGINT");
    const trainer = new Trainer(
      model,
      quick({
        augment: affine(),
        checkpoint,
        onStep: ({ step }) => {
          if (step === 2) process.kill(process.pid, "SIGINT");
        },
      }),
    );
    await assertNoLeak(async () => assert.equal(await trainer.run(), "interrupted"));
    assert.ok(trainer.step === 3 || trainer.step === 4, `stopped after ${trainer.step} steps`);
    assert.equal(process.listenerCount("SIGINT"), listeners);
    assert.notDeepEqual(flatten(variables), start);
    if (checkpoint) assert.equal(loadCheckpoint(path).metadata.step, trainer.step);
    assert.equal(await trainer.run(), "finished");
    assertSameBits(flatten(variables), expected);
    model.dispose();
  }
});

// ---- runs in processes of their own, killed and interrupted

const folder = mkdtempSync(join(tmpdir(), "lenet lab-"));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Run {
  lines: string[];
  signal: NodeJS.Signals | null;
  code: number | null;
}

/** Runs `helpers/training-run.ts`; `onLine` may send it signals. */
function runChild(
  order: RunOrder,
  onLine: (line: string, child: ChildProcess) => void = () => undefined,
): Promise<Run> {
  const program = join(root, "test", "helpers", "training-run.ts");
  const child = spawn(process.execPath, ["--import", "tsx", program, JSON.stringify(order)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    onLine(line, child);
  });
  return new Promise((resolve) => child.on("close", (code, signal) => resolve({ lines, signal, code })));
}

const stepOf = (line: string): number => Number(/^step (\d+)$/.exec(line)?.[1] ?? -1);

let undisturbed: Promise<Buffer> | undefined;

/** Weights and history of the run that nobody disturbs. */
function undisturbedResult(): Promise<Buffer> {
  undisturbed ??= (async () => {
    const weights = join(folder, "undisturbed");
    const { lines, code } = await runChild({ weights });
    assert.equal(code, 0);
    assert.deepEqual(lines, ["starts", ...Array.from({ length: 60 }, (_, step) => `step ${step}`)]);
    return readFileSync(weights);
  })();
  return undisturbed;
}

test("a run killed by SIGKILL three times at random moments ends with the same bits as one that was not", async (t) => {
  const seed = Date.now();
  t.diagnostic(`seed of the moments: ${seed}`);
  const moments = random(seed);
  // the other run goes on at the same time
  const expected = undisturbedResult();
  const [weights, checkpoint] = [join(folder, "killed"), join(folder, "killed.safetensors")];
  let reached = -1;
  for (let kill = 0; kill < 3; kill++) {
    const target = reached + moments.integer(4, 15);
    const delay = moments.uniform(0, 15);
    const { lines, signal } = await runChild({ weights, checkpoint }, (line, child) => {
      if (stepOf(line) === target) setTimeout(() => child.kill("SIGKILL"), delay);
    });
    assert.equal(signal, "SIGKILL");
    assert.equal(lines[0], kill === 0 ? "starts" : "resumes");
    // it lost at most the steps since the last checkpoint
    const first = stepOf(lines[1] as string);
    assert.ok(first <= reached + 1 && first > reached - 3, `went on from step ${first} after step ${reached}`);
    reached = stepOf(lines.at(-1) as string);
  }
  assert.equal(existsSync(weights), false);
  const { code } = await runChild({ weights, checkpoint });
  assert.equal(code, 0);
  assert.ok(
    readFileSync(weights).equals(await expected),
    "expected the same weights, history and losses, with tolerance 0",
  );
});

test("a script interrupted by SIGINT mid-epoch can run on to the same bits", async () => {
  const weights = join(folder, "interrupted");
  const { lines, code } = await runChild({ weights, afterInterrupt: "run again" }, (line, child) => {
    if (stepOf(line) === 27) child.kill("SIGINT");
  });
  assert.equal(code, 0);
  const [, step, changed] =
    /^interrupted (\d+) (true|false)$/.exec(lines.find((line) => line.startsWith("interrupted")) ?? "") ?? [];
  assert.ok(Number(step) >= 28 && Number(step) < 40, `interrupted after ${step} steps`);
  assert.equal(changed, "true");
  assert.ok(
    readFileSync(weights).equals(await undisturbedResult()),
    "expected the same weights, history and losses, with tolerance 0",
  );
});

test("a second SIGINT ends a script as usual", async () => {
  const { lines, signal, code } = await runChild(
    { weights: join(folder, "never"), afterInterrupt: "wait" },
    (line, child) => {
      if (stepOf(line) === 3 || line.startsWith("interrupted")) child.kill("SIGINT");
    },
  );
  assert.ok(lines.at(-1)?.startsWith("interrupted"), lines.join());
  assert.ok(signal === "SIGINT" || code === 130);
  assert.equal(existsSync(join(folder, "never")), false);
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

test("trainer.run() refuses a gradient that is not finite before it spoils the weights", async () => {
  const model = buildLeNet5({ seed: 1 });
  const before = flatten(trainable(model).variables);
  // the square root's slope at 0 is infinite, its value is not
  const loss: Loss = (logits) => tf.sum(tf.sqrt(tf.mul(logits, 0))) as tf.Scalar;
  await assert.rejects(new Trainer(model, quick({ loss })).run(), /finite gradient at step 0/);
  assertSameBits(flatten(trainable(model).variables), before);
  model.dispose();
});

// ---- steps as one graph

/** Trains a fresh LeNet-5 on few images both ways and holds weights and losses against each other. */
async function assertCompiledIsNot(name: string, more: Partial<TrainOptions>): Promise<void> {
  const [asGraph, byKernels] = await Promise.all(
    [true, false].map(async (compiled) => {
      const model = buildLeNet5({ seed: 1 });
      const trainer = new Trainer(model, quick({ train: take(train, 40), batchSize: 8, ...more, compiled, parts: 1 }));
      assert.equal(await trainer.run(), "finished");
      if (compiled) assert.equal(trainer.notCompiled, undefined, name);
      const weights = flatten(trainable(model).variables);
      model.dispose();
      return { weights, losses: Float32Array.from(trainer.losses), history: trainer.history };
    }),
  );
  assertSameBits(asGraph?.losses as Float32Array, byKernels?.losses as Float32Array, `of the losses with ${name}`);
  assertSameBits(asGraph?.weights as Float32Array, byKernels?.weights as Float32Array, `of the weights with ${name}`);
  const told = (history?: readonly object[]) => history?.map((record) => ({ ...record, seconds: 0 }));
  assert.deepEqual(told(asGraph?.history), told(byKernels?.history), name);
}

const ownMap: ImageMap = (images, source) => tf.mul(images, source.uniform(0.5, 1));

for (const [name, more] of Object.entries({
  "no options": {},
  "affine()": { augment: affine() },
  "elastic(), validation and a moving average": { augment: elastic(), validation, averageDecay: 0.9 },
  "a map of one's own": { augment: ownMap },
  "two maps, one of one's own": { augment: compose(affine(), ownMap) },
  "an odd last batch": { train: take(train, 35), augment: affine() },
  "an odd last batch of two": { train: take(train, 13), epochs: 4 },
  "one step an epoch": { batchSize: 40, epochs: 4, augment: affine() },
  "larger batches than there are images": { batchSize: 500, epochs: 3 },
  "one step": { batchSize: 40, epochs: 1 },
  "a limit for the gradient": { maxGradientNorm: 0.5, optimizer: adam(), schedule: constant(1e-3) },
} satisfies Record<string, Partial<TrainOptions>>)) {
  test(`trainer.run() with {parts: 1} gives the same bits compiled and not: ${name}`, () =>
    assertCompiledIsNot(name, more));
}

test("trainer.run() in two parts learns what it learns in one, but for rounding", async () => {
  const runs = [1, 2, 3].map((parts) => weightsAfter({ parts, epochs: 1, augment: affine() }));
  const [whole, ...divided] = await Promise.all(runs);
  for (const weights of divided) {
    assert.notDeepEqual(weights, whole);
    assertClose(weights, whole as Float32Array, 1e-5);
  }
});

test("trainer.run() computes a loss that is no mean over images on whole batches, also when {parts} are asked for", async () => {
  // weighs each image by its share in the batch's loss: halves would give something else
  const loss: Loss = (logits, labels) => tf.square(softmaxCrossEntropy(logits, labels)) as tf.Scalar;
  assertSameBits(await weightsAfter({ loss, parts: 2 }), await weightsAfter({ loss, compiled: false }));
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

test("trainer.run() shows an image map without parts the weights of the step before, compiled or not", async () => {
  const seen: Float32Array[][] = [];
  for (const compiled of [true, false]) {
    const model = buildLeNet5({ seed: 1 });
    const weights: Float32Array[] = [];
    const augment: ImageMap = (images) => {
      weights.push(flatten(trainable(model).variables));
      return images;
    };
    await new Trainer(model, quick({ augment, compiled, parts: 1 })).run();
    assert.equal(new Set(weights.map(([first]) => first)).size, 8);
    seen.push(weights);
    model.dispose();
  }
  seen[0]?.forEach((weights, i) => {
    assertSameBits(weights, seen[1]?.[i] as Float32Array, `before step ${i}`);
  });
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

test("trainer.run() takes an image map that changes the size of images from step to step", async () => {
  // a network for any size: convolution, then the mean of each channel
  const make = () =>
    tf.sequential({
      layers: [
        tf.layers.conv2d({
          ...{ filters: 10, kernelSize: 3, inputShape: [null, null, 1] as unknown as number[] },
          kernelInitializer: tf.initializers.heNormal({ seed: 3 }),
        }),
        tf.layers.globalAveragePooling2d({}),
      ],
    });
  const augment: ImageMap = (images, source) => {
    const size = source.integer(0, 1) === 0 ? 20 : 28;
    return tf.image.resizeBilinear(images, [size, size]);
  };
  const losses: number[][] = [];
  for (const compiled of [true, false]) {
    const model = make();
    const trainer = new Trainer(model, quick({ augment, compiled }));
    await trainer.run();
    if (compiled) assert.equal(trainer.notCompiled, undefined);
    losses.push([...trainer.losses]);
    model.dispose();
  }
  assertClose(losses[0] as number[], losses[1] as number[], 1e-4);
});

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

/** A run of tiny steps of a classifier that is no layers model: 3 steps an epoch, the last of 2 images. */
const tiny = (more: Partial<TrainOptions> = {}): TrainOptions =>
  quick({ train: noise("train", { count: 10, size: 4 }), batchSize: 4, compiled: true, ...more });

test("trainer.notCompiled says why a network does not train as one graph", async () => {
  const models: [RegExp | undefined, Trainable | tf.LayersModel, Partial<TrainOptions>][] = [
    [undefined, dense(), { compiled: undefined }],
    [undefined, linear(), {}],
    [/^the network does not say that it is `compilable`$/, linear(), { compiled: undefined }],
    [/^the options say `compiled: false`$/, dense(), { compiled: false }],
    [/^it keeps a tensor from one call to the next$/, dense({ between: tf.layers.batchNormalization() }), {}],
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

test("trainer.run() trains a network with batch normalisation as with {compiled: false}, moving averages included", async () => {
  const states: Float32Array[] = [];
  for (const compiled of [undefined, false]) {
    const model = dense({ between: tf.layers.batchNormalization() });
    await new Trainer(model, tiny({ compiled, epochs: 3 })).run();
    states.push(flatten(model.weights.map((weight) => weight.read())));
    model.dispose();
  }
  assertSameBits(states[0] as Float32Array, states[1] as Float32Array);
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

test("trainer.run() shows callbacks a model with the weights of the step or epoch, however steps are run", async () => {
  for (const callback of ["onStep", "onEpoch"] as const) {
    const seen: Float32Array[][] = [];
    for (const compiled of [true, false]) {
      const model = linear();
      const weights = [flatten(model.variables)];
      const look = () => {
        weights.push(flatten(model.variables));
      };
      await new Trainer(model, tiny({ compiled, parts: 1, [callback]: look, averageDecay: 0.5 })).run();
      assert.equal(weights.length, callback === "onStep" ? 7 : 3);
      weights.slice(1).forEach((now, i) => {
        assert.notDeepEqual(now, weights[i]);
      });
      seen.push(weights);
      model.dispose();
    }
    seen[0]?.forEach((weights, i) => {
      assertSameBits(weights, seen[1]?.[i] as Float32Array);
    });
  }
});

test("two runs at the same time do not disturb each other", async () => {
  const runs: Partial<TrainOptions>[] = [
    { train: take(train, 40), batchSize: 8, augment: affine() },
    { train: take(train, 30), batchSize: 10, seed: 7, epochs: 3 },
  ];
  const together = await Promise.all(runs.map(weightsAfter));
  for (const [i, more] of runs.entries()) assertSameBits(together[i] as Float32Array, await weightsAfter(more));
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
  for (let stop = 0; stop < 9; stop++) {
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

test("trainer.run() holds no more tensors after 1,000 steps, and no more memory after 2,000", async () => {
  // one batch kept a step would be 100 MB
  const model = linear({ size: 28 });
  const data = noise("train", { count: 64 });
  const steps = (count: number) =>
    new Trainer(
      model,
      quick({ train: data, batchSize: 16, epochs: count / 4, augment: affine(), compiled: true }),
    ).run();
  await assertNothingLeft(() => steps(1000));
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
