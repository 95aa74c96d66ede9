import assert from "node:assert/strict";
import { test } from "node:test";
import { affine } from "../../lib/src/data/augment";
import type { Dataset } from "../../lib/src/data/dataset";
import { elastic } from "../../lib/src/data/elastic";
import { Loader } from "../../lib/src/data/loader";
import { buildLeNet5, type LeNet5Options } from "../../lib/src/network/lenet";
import { type Loss, softmaxCrossEntropy } from "../../lib/src/network/loss";
import { tf } from "../../lib/src/tensors/tensorflow";
import { flatten, type GradientResult, lossAndGradient, unflatten } from "../../lib/src/train/gradient";
import { allVariables } from "../../lib/src/train/network-state";
import { type StepResult, TrainingStep } from "../../lib/src/train/step";
import { type Trainable, trainable } from "../../lib/src/train/trainable";
import { assertClose, assertSameBits } from "../helpers/assertions";
import { noise, someDigits } from "../helpers/data";
import { sample } from "../helpers/full";
import { assertNothingLeft } from "../helpers/graphs";
import { dense, linear } from "../helpers/small-networks";

/** All numbers of a network, as a step takes them. */
const numbersOf = (model: Trainable): Float32Array => flatten(allVariables(model));

/** Weights that are other ones at every step. */
const moved = (weights: Float32Array, step: number) => weights.map((w, i) => w + 0.01 * step * Math.sin(i));

function assertSameResult(actual: GradientResult, expected: GradientResult, what: string): void {
  assert.deepEqual([actual.loss, actual.correct], [expected.loss, expected.correct], what);
  assertSameBits(actual.gradient, expected.gradient, `of the gradient of ${what}`);
}

/** The same but for rounding: one part in 100,000 of the largest number. */
function assertCloseResult(actual: GradientResult, expected: GradientResult): void {
  assert.equal(actual.correct, expected.correct);
  assertClose([actual.loss], [expected.loss], 1e-5 * expected.loss);
  const largest = expected.gradient.reduce((most, g) => Math.max(most, Math.abs(g)), 0);
  assert.ok(largest > 0);
  assertClose(actual.gradient, expected.gradient, 1e-5 * largest);
}

/** Runs every full batch as one graph, and holds it against the kernels one by one; none may be a problem. */
async function assertGraphIsKernels(
  model: Trainable,
  {
    what,
    data = noise("train", { count: 12 }),
    loss,
    parts = 2,
    assertResult = assertCloseResult,
  }: {
    what: string;
    data?: Dataset;
    loss?: Loss;
    parts?: number;
    assertResult?: (actual: GradientResult, expected: GradientResult, what: string) => void;
  },
): Promise<void> {
  const numbers = numbersOf(model);
  const kept = () => flatten(model.state?.variables ?? []);
  await assertNothingLeft(async () => {
    const loader = new Loader(data, { batchSize: 3, shuffle: true, map: affine() });
    const step = new TrainingStep(model, { compiled: true, loss, parts });
    while (loader.batch) {
      const now = moved(numbers, loader.batch.step);
      const { upcoming, ...result } = await step.run(loader, now);
      assert.equal(step.problem, undefined, what);
      // the last batch has no next one
      assert.equal(upcoming !== undefined, loader.batch.step < 3, what);
      unflatten(allVariables(model), now);
      assertResult(result, lossAndGradient(model, loader.batch, { loss }), `${what}, step ${loader.batch.step}`);
      assertClose(result.kept, kept(), 1e-6);
      loader.advance(upcoming);
    }
    step.dispose();
    loader.dispose();
  });
}

test("trainingStep.run(loader, weights) on whole batches gives the same bits as a graph and by kernels, for every LeNet-5", async () => {
  const variants: LeNet5Options[] = [
    {},
    { padding: "valid" },
    { activation: "tanh" },
    { activation: "sigmoid" },
    { pooling: "average" },
    { classes: 47 },
    { padding: "valid", activation: "tanh", pooling: "average", classes: 3 },
  ];
  for (const [i, options] of variants.entries()) {
    const model = buildLeNet5({ seed: 1, ...options });
    const data = noise("train", { count: 12, classes: options.classes ?? 10 });
    await assertGraphIsKernels(trainable(model), {
      what: JSON.stringify(options),
      data,
      parts: 1,
      assertResult: assertSameResult,
    });
    for (const parts of sample([2, 3], i === 0 ? [2, 3] : []))
      await assertGraphIsKernels(trainable(model), { what: `${parts} parts`, data, parts });
    model.dispose();
  }
});

/** Doubles what comes in and adds a weight of its own: a layer that tfjs does not know. */
class Doubled extends tf.layers.Layer {
  static readonly className = "Doubled";
  private shift?: tf.LayerVariable;

  override build(): void {
    this.shift = this.addWeight("shift", [1], "float32", tf.initializers.constant({ value: 0.5 }));
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const input = Array.isArray(inputs) ? (inputs[0] as tf.Tensor) : inputs;
    return tf.tidy(() => tf.add(tf.mul(input, 2), (this.shift as tf.LayerVariable).read()));
  }

  override getClassName(): string {
    return Doubled.className;
  }
}

/** Two branches from one convolution, added and joined. */
function branched(): tf.LayersModel {
  const image = tf.input({ shape: [6, 6, 1] });
  const features = tf.layers
    .conv2d({ filters: 2, kernelSize: 3, padding: "same", activation: "relu" })
    .apply(image) as tf.SymbolicTensor;
  const left = tf.layers.conv2d({ filters: 2, kernelSize: 1, activation: "tanh" }).apply(features);
  const sum = tf.layers.add().apply([features, left as tf.SymbolicTensor]) as tf.SymbolicTensor;
  const flat = [features, sum].map((branch) => tf.layers.flatten().apply(branch) as tf.SymbolicTensor);
  const joined = tf.layers.concatenate().apply(flat) as tf.SymbolicTensor;
  return tf.model({ inputs: image, outputs: tf.layers.dense({ units: 10 }).apply(joined) as tf.SymbolicTensor });
}

const regularised = () =>
  tf.layers.dense({ units: 5, kernelRegularizer: "l1l2", biasRegularizer: tf.regularizers.l2({ l2: 0.1 }) });

function withLoss(model: tf.Sequential): tf.Sequential {
  const layer = model.layers[1] as tf.layers.Layer;
  layer.addLoss(() => tf.mean(tf.square(layer.weights[0]?.read() as tf.Tensor)) as tf.Scalar);
  return model;
}

test("trainingStep.run(loader, weights) gives the same but for rounding for other networks: branches, custom and frozen layers, no layers", async () => {
  const data = noise("train", { count: 12, size: 6 });
  const frozen = dense({ size: 6 });
  (frozen.layers[1] as tf.layers.Layer).trainable = false;
  assert.equal(trainable(frozen).variables.length, 2);
  for (const [what, model] of [
    ["branches", branched()],
    ["a custom layer", dense({ size: 6, between: new Doubled() })],
    ["a frozen layer", frozen],
    ["dropout of a seed", dense({ size: 6, between: tf.layers.dropout({ rate: 0.5, seed: 2 }) })],
    ["batch normalisation", dense({ size: 6, between: tf.layers.batchNormalization() })],
    ["frozen batch normalisation", dense({ size: 6, between: tf.layers.batchNormalization({ trainable: false }) })],
    ["a softmax at the end", tf.sequential({ layers: [dense({ size: 6 }), tf.layers.softmax()] })],
    ["a regulariser", dense({ size: 6, between: regularised() })],
    ["a layer's own loss", withLoss(dense({ size: 6 }))],
  ] as const) {
    await assertGraphIsKernels(trainable(model), { what, data });
    model.dispose();
  }
  const model = linear({ size: 6 });
  await assertGraphIsKernels(model, { what: "a linear classifier", data });
  model.dispose();
});

test("trainingStep.run(loader, weights) gives the same but for rounding for other losses: smoothed labels, a penalty on the weights", async () => {
  const data = noise("train", { count: 12, size: 6 });
  const model = dense({ size: 6 });
  const { variables } = trainable(model);
  const losses: [string, Loss][] = [
    [
      "smoothed labels",
      (logits, labels) => tf.losses.softmaxCrossEntropy(tf.oneHot(labels, 10), logits, undefined, 0.1) as tf.Scalar,
    ],
    [
      "a penalty on the weights",
      (logits, labels) =>
        variables.reduce(
          (sum, variable) => tf.add(sum, tf.mul(tf.sum(tf.square(variable)), 1e-2)) as tf.Scalar,
          softmaxCrossEntropy(logits, labels),
        ),
    ],
  ];
  for (const [what, loss] of losses) await assertGraphIsKernels(trainable(model), { what, data, loss });
  model.dispose();
});

test("trainingStep.run(loader, weights) makes the next batch with the bits of loader.advance()", async () => {
  const model = buildLeNet5({ seed: 1 });
  const options = { batchSize: 8, epochs: 2, shuffle: true, seed: 2, map: elastic() };
  await assertNothingLeft(async () => {
    const [loader, other] = [new Loader(someDigits(32), options), new Loader(someDigits(32), options)];
    const step = new TrainingStep(trainable(model));
    const weights = numbersOf(trainable(model));
    let made = 0;
    while (loader.batch && other.batch) {
      assertSameBits(
        loader.batch.images.dataSync() as Float32Array,
        other.batch.images.dataSync() as Float32Array,
        `of batch ${loader.batch.step}`,
      );
      const { upcoming } = await step.run(loader, weights);
      if (upcoming) made += 1;
      loader.advance(upcoming);
      other.advance();
    }
    assert.equal(made, 7);
    step.dispose();
    loader.dispose();
    other.dispose();
  });
  model.dispose();
});

test("trainingStep.run(loader, weights) makes the next batch only from one full batch to another", async () => {
  const model = linear();
  await assertNothingLeft(async () => {
    const loader = new Loader(noise("train", { count: 10, size: 4 }), { batchSize: 4, epochs: 2 });
    const step = new TrainingStep(model, { compiled: true });
    const made: boolean[] = [];
    while (loader.batch) {
      const { upcoming, ...result } = await step.run(loader, numbersOf(model));
      assertCloseResult(result, lossAndGradient(model, loader.batch));
      made.push(upcoming !== undefined);
      loader.advance(upcoming);
    }
    assert.deepEqual(made, [true, false, false, true, false, false]);
    step.dispose();
    loader.dispose();
  });
  model.dispose();
});

/** What `steps` runs give, and the problem; the batches are three of four images. */
async function resultsOf(model: Trainable, options: { compiled?: boolean; loss?: Loss } = {}, steps = 3) {
  const loader = new Loader(noise("train", { count: 12 * steps, size: 4 }), { batchSize: 4 });
  const step = new TrainingStep(model, options);
  const results: StepResult[] = [];
  const numbers = numbersOf(model);
  for (let i = 0; i < steps; i++) {
    const { upcoming, ...result } = await step.run(loader, numbers);
    numbers.set(result.kept, numbers.length - result.kept.length);
    results.push(result);
    loader.advance(upcoming);
  }
  step.dispose();
  loader.dispose();
  return { results, problem: step.problem };
}

test("trainingStep.run(loader, weights) of batch normalisation gives the kernels' results and moving averages, compiled too", async () => {
  const all: StepResult[][] = [];
  for (const compiled of [true, false]) {
    const model = dense({ between: tf.layers.batchNormalization() });
    await assertNothingLeft(async () => {
      const { results, problem } = await resultsOf(trainable(model), { compiled });
      assert.equal(problem, compiled ? undefined : "the options say `compiled: false`");
      all.push(results);
    });
    model.dispose();
  }
  const [graph, kernels] = all as [StepResult[], StepResult[]];
  for (const [i, result] of graph.entries()) {
    const expected = kernels[i] as StepResult;
    assertCloseResult(result, expected);
    assertClose(result.kept, expected.kept, 1e-6);
    assert.ok(result.kept.some((value) => value !== 0 && value !== 1));
  }
});

test("trainingStep.problem of a network that keeps a tensor that it does not name", async () => {
  const model = dense({ between: tf.layers.batchNormalization() });
  await assertNothingLeft(async () => {
    const { problem } = await resultsOf({ ...trainable(model), state: {} });
    assert.equal(problem, "it keeps a tensor from one call to the next");
  });
  model.dispose();
});

test("trainingStep.problem of dropout without a seed, of reading numbers, and of what is not asked for", async () => {
  const model = dense({ between: tf.layers.dropout({ rate: 0.5 }) });
  const plain = linear();
  const reading: Loss = (logits, labels) =>
    tf.mul(softmaxCrossEntropy(logits, labels), tf.sum(labels).dataSync()[0] as number);
  await assertNothingLeft(async () => {
    const dropout = await resultsOf(trainable(model));
    assert.match(dropout.problem as string, /^it does not do the same each time/);
    assert.ok(dropout.results.every(({ loss }) => Number.isFinite(loss)));
    assert.match((await resultsOf(plain)).problem as string, /^the network does not say/);
    assert.equal((await resultsOf({ ...plain, compilable: true })).problem, undefined);
    assert.match(
      (await resultsOf({ ...plain, compilable: true }, { compiled: false })).problem as string,
      /^the options/,
    );
    const read = await resultsOf(plain, { compiled: true, loss: reading });
    assert.equal(read.problem, "it reads numbers of a tensor that depend on the batch");
    const expected = await resultsOf(plain, { compiled: false, loss: reading });
    read.results.forEach((result, i) => {
      assertSameResult(result, expected.results[i] as GradientResult, `step ${i}`);
    });
  });
  model.dispose();
  plain.dispose();
});

test("trainingStep.run(loader, weights) leaves nothing behind when network, loss or map throws, at the first or second call", async () => {
  const model = linear();
  const weights = flatten(model.variables);
  for (const failing of ["network", "loss", "map"]) {
    for (const at of [0, 1]) {
      let calls = 0;
      const fails = (what: string) => {
        if (what === failing && calls++ === at) throw new Error(`a faulty ${what}`);
      };
      const forward: Trainable["forward"] = (images) => {
        const logits = model.forward(images);
        fails("network");
        return logits;
      };
      const loss: Loss = (logits, labels) => {
        const value = softmaxCrossEntropy(logits, labels);
        fails("loss");
        return value;
      };
      await assertNothingLeft(async () => {
        const map = affine();
        const loader = new Loader(noise("train", { size: 4 }), { batchSize: 5, map });
        // not for the first batch, which the loader makes itself
        const apply = map.parts?.apply;
        if (map.parts && apply)
          map.parts.apply = (images, draws) => {
            fails("map");
            return apply(images, draws);
          };
        const step = new TrainingStep({ ...model, forward }, { compiled: true, loss });
        await assert.rejects(step.run(loader, weights), new RegExp(`^Error: a faulty ${failing}$`));
        step.dispose();
        loader.dispose();
      });
    }
  }
  model.dispose();
});

test("trainingStep.run(loader, weights) refuses a network that has changed since it was compiled", async () => {
  const model = linear();
  let factor = 1;
  const changing = { ...model, forward: (images: tf.Tensor4D) => tf.mul(model.forward(images), factor) as tf.Tensor2D };
  const weights = flatten(model.variables);
  await assertNothingLeft(async () => {
    const loader = new Loader(noise("train", { count: 10, size: 4 }), { batchSize: 5, epochs: 4 });
    const step = new TrainingStep(changing, { compiled: true });
    const next = async () => loader.advance((await step.run(loader, weights)).upcoming);
    await next();
    factor = 2;
    const message =
      /^Error: Expected a network that does the same at every step, got a loss of [\d.]+, but [\d.]+ as it was compiled: train it with `compiled: false`, or with `parts: 1` where/;
    await assert.rejects(next(), message);
    factor = 1;
    await next();
    // a loss that is not finite is left to the trainer, which has a better word for it
    const { loss, upcoming } = await step.run(
      loader,
      weights.map(() => Number.NaN),
    );
    assert.ok(Number.isNaN(loss));
    upcoming?.dispose();
    step.dispose();
    loader.dispose();
  });
  model.dispose();
});
