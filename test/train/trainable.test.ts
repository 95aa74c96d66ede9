import assert from "node:assert/strict";
import { test } from "node:test";
import { evaluate } from "../../lib/src/network/evaluate";
import { fakeQuantized } from "../../lib/src/quantize/qat";
import { tf } from "../../lib/src/tensors/tensorflow";
import { flatten, lossAndGradient } from "../../lib/src/train/gradient";
import { sgd } from "../../lib/src/train/optimizer";
import { constant } from "../../lib/src/train/schedule";
import { type Trainable, trainable } from "../../lib/src/train/trainable";
import { Trainer } from "../../lib/src/train/trainer";
import { assertClose, assertNoLeak, assertSameBits } from "../helpers/assertions";
import { noise } from "../helpers/data";
import { dense } from "../helpers/small-networks";
import { tiny } from "../helpers/small-runs";

const { layers } = tf;
type LayerOptions = Partial<Parameters<typeof layers.dense>[0]>;

/** Flatten, a hidden layer of six, logits; the same weights at every call. */
function withHidden(more: LayerOptions = {}, ...after: tf.layers.Layer[]): tf.Sequential {
  const draw = (seed: number) => tf.initializers.heNormal({ seed });
  return tf.sequential({
    layers: [
      layers.flatten({ inputShape: [4, 4, 1] }),
      layers.dense({ name: "hidden", units: 6, activation: "relu", kernelInitializer: draw(3), ...more }),
      layers.dense({ units: 10, kernelInitializer: draw(4) }),
      ...after,
    ],
  });
}

const data = noise("train", { count: 12, size: 4 });

/** Loss and gradient of the same four images. */
function gradientOf(network: Trainable) {
  const images = tf.randomUniform<tf.Rank.R4>([4, 4, 4, 1], 0, 1, "float32", 5);
  const labels = tf.tensor1d([1, 2, 3, 4], "int32");
  const result = lossAndGradient(network, { images, labels });
  tf.dispose([images, labels]);
  return result;
}

/** The model and its copy on the grid, as training sees them. */
function bothTrainables(more: LayerOptions): { networks: Record<string, Trainable>; dispose(): void } {
  const model = withHidden(more);
  const copy = fakeQuantized(model, { startStep: 100 });
  const dispose = () => {
    copy.dispose();
    model.dispose();
  };
  return { networks: { "a layers model": trainable(model), "its copy on the grid": copy }, dispose };
}

test("trainable(model), fakeQuantized(model): regularisers add their slope to the gradient, as in model.fit", () => {
  const plain = bothTrainables({});
  const regularised = bothTrainables({
    kernelRegularizer: tf.regularizers.l2({ l2: 0.05 }),
    biasRegularizer: tf.regularizers.l1({ l1: 0.5 }),
    biasInitializer: tf.initializers.constant({ value: 0.25 }),
  });
  const shifted = bothTrainables({ biasInitializer: tf.initializers.constant({ value: 0.25 }) });
  for (const [what, network] of Object.entries(regularised.networks)) {
    const without = shifted.networks[what] as Trainable;
    const [ours, theirs] = [gradientOf(network), gradientOf(without)];
    const kernel = (network.variables[0] as tf.Variable).dataSync() as Float32Array;
    const penalty = 0.05 * kernel.reduce((sum, w) => sum + w * w, 0) + 0.5 * 6 * 0.25;
    assertClose([ours.loss - theirs.loss], [penalty], 1e-5);
    const slopes = ours.gradient.map((g, i) => g - (theirs.gradient[i] as number));
    assertClose(
      slopes.subarray(0, 96),
      kernel.map((w) => 2 * 0.05 * w),
      1e-6,
    );
    assertClose(slopes.subarray(96, 102), new Float32Array(6).fill(0.5), 1e-6);
    assertClose(slopes.subarray(102), new Float32Array(slopes.length - 102), 1e-6);
  }
  for (const each of [plain, regularised, shifted]) each.dispose();
});

test("one step with a regulariser is the step of model.fit", async () => {
  const [ours, theirs] = [0, 1].map(() => withHidden({ kernelRegularizer: "l1l2" })) as [tf.Sequential, tf.Sequential];
  const rate = 0.1;
  const step = { batchSize: 12, train: data, epochs: 1, optimizer: sgd({ momentum: 0 }), schedule: constant(rate) };
  await new Trainer(ours, tiny(step)).run();
  theirs.compile({
    optimizer: tf.train.sgd(rate),
    loss: (labels, logits) => tf.losses.softmaxCrossEntropy(labels, logits),
  });
  const x = tf.tensor4d(
    Float32Array.from(data.images.data.subarray(0, 12 * 16), (pixel) => pixel / 255),
    [12, 4, 4, 1],
  );
  const y = tf.tidy(() => tf.oneHot(tf.tensor1d(data.labels, "int32"), 10));
  await theirs.fit(x, y, { batchSize: 12, epochs: 1, shuffle: false, verbose: 0 });
  const numbers = (model: tf.Sequential) => flatten(model.getWeights());
  assertClose(numbers(ours), numbers(theirs), 1e-5);
  tf.dispose([x, y]);
  for (const model of [ours, theirs]) model.dispose();
});

test("trainer.run() keeps constraints after every step, compiled or not, and of a copy on the grid", async () => {
  for (const [compiled, onGrid] of [
    [true, false],
    [false, false],
    [undefined, true],
  ] as const) {
    const model = withHidden({
      kernelConstraint: tf.constraints.maxNorm({ maxValue: 0.5, axis: 0 }),
      biasConstraint: "nonNeg",
    });
    const copy = onGrid ? fakeQuantized(model) : undefined;
    const { variables } = copy ?? trainable(model);
    const seen: number[] = [];
    const onStep = () => {
      const [kernel, bias] = variables as [tf.Variable, tf.Variable];
      const norms = tf.tidy(() => tf.norm(kernel, 2, 0).dataSync());
      seen.push(Math.max(...norms));
      assert.ok(Math.min(...bias.dataSync()) >= 0);
    };
    await assertNoLeak(() => new Trainer(copy ?? model, tiny({ compiled, onStep, schedule: constant(0.5) })).run());
    assert.equal(seen.length, 6);
    assert.ok(Math.max(...seen) <= 0.5 + 1e-6, `${seen}`);
    copy?.dispose();
    model.dispose();
  }
});

test("trainer.run() leaves what is frozen as it is: layers, batch normalisation, layers of a copy on the grid", async () => {
  const frozen = (name: string) => layers.batchNormalization({ name, trainable: false });
  const inner = tf.sequential({ layers: [layers.dense({ units: 5, inputShape: [10] }), frozen("inner")] });
  const model = withHidden({ trainable: false }, frozen("outer"), inner, layers.batchNormalization({ name: "free" }));
  const numbersOf = (name: string, of = model) =>
    flatten((of.getLayer(name) as tf.layers.Layer).weights.map((w) => w.read()));
  const before = ["hidden", "outer", "free"].map((name) => numbersOf(name));
  const inside = numbersOf("inner", inner);
  const five = noise("train", { count: 12, size: 4, classes: 5 });
  for (const compiled of [true, false]) {
    const trainer = new Trainer(model, tiny({ train: five, compiled }));
    await trainer.run();
    assert.equal(trainer.notCompiled, compiled ? undefined : "the options say `compiled: false`");
  }
  for (const [i, name] of ["hidden", "outer"].entries())
    assertSameBits(numbersOf(name), before[i] as Float32Array, `of ${name}`);
  assertSameBits(numbersOf("inner", inner), inside);
  assert.notDeepEqual(numbersOf("free"), before[2]);
  model.dispose();

  const float = withHidden({ trainable: false });
  const copy = fakeQuantized(float, { weightBits: 4 });
  const kept = () => copy.weights().hidden as { bias: Float32Array };
  const [codes, bias] = [flatten(copy.state?.variables ?? []), kept().bias];
  // kernel and bias of the hidden layer do not learn, but the step sizes of its weights do
  assert.deepEqual(
    copy.variables.map(({ shape }) => shape),
    [[6], [6, 10], [10], [10]],
  );
  await new Trainer(copy, tiny()).run();
  assertSameBits(flatten(copy.state?.variables ?? []), codes);
  assertSameBits(kept().bias, bias);
  for (const each of [copy, float]) each.dispose();
});

test("a frozen batch normalisation computes as in inference while the others train", () => {
  const model = withHidden({}, layers.batchNormalization({ trainable: false }));
  const { forward, infer } = trainable(model);
  const images = tf.randomUniform<tf.Rank.R4>([5, 4, 4, 1], 0, 1, "float32", 1);
  tf.tidy(() =>
    assertSameBits(
      forward(images).dataSync() as Float32Array,
      (infer as typeof forward)(images).dataSync() as Float32Array,
    ),
  );
  images.dispose();
  model.dispose();
});

test("a softmax at the end changes neither evaluation nor training, as a layer, an activation or in a model within", async () => {
  const plain = withHidden();
  const ends: Record<string, () => tf.LayersModel> = {
    "a layer": () => withHidden({}, layers.softmax()),
    "an activation layer": () => withHidden({}, layers.activation({ activation: "softmax" })),
    "an activation": () => {
      const model = withHidden();
      const last = layers.dense({ units: 10, activation: "softmax" });
      const ended = tf.sequential({ layers: [...model.layers.slice(0, 2), last] });
      last.setWeights((model.layers[2] as tf.layers.Layer).getWeights());
      return ended;
    },
    "in a model within": () => tf.sequential({ layers: [withHidden({}, layers.softmax())] }),
  };
  const before = evaluate(plain, data);
  await new Trainer(plain, tiny()).run();
  const after = evaluate(plain, data);
  for (const [what, make] of Object.entries(ends)) {
    const model = make();
    const untrained = evaluate(model, data);
    assertClose(untrained.logits, before.logits, 1e-6);
    assert.ok(Math.abs(untrained.loss - before.loss) < 1e-6, what);
    await new Trainer(model, tiny()).run();
    assertClose(evaluate(model, data).logits, after.logits, 1e-5);
  }
});

test("fakeQuantized(model) refuses a layer with a loss of its own", () => {
  const model = withHidden();
  const hidden = model.getLayer("hidden") as tf.layers.Layer;
  hidden.addLoss(() => tf.mean(hidden.weights[0]?.read() as tf.Tensor) as tf.Scalar);
  assert.throws(
    () => fakeQuantized(model),
    /^Error: Cannot convert layer `hidden` \(Dense\): expected no losses but regularisers, got a loss of its own: give it to the trainer as part of `loss`\.$/,
  );
  model.dispose();
});

test("trainable(model) refuses batch normalisation that tfjs cannot train", () => {
  for (const more of [{ scale: false }, { center: false }]) {
    const model = dense({ between: layers.batchNormalization({ name: "norm", ...more }) });
    assert.throws(
      () => trainable(model),
      /^Error: Expected batch normalisation with `scale` and `center` to train, got `norm` without/,
    );
    model.dispose();
  }
});

test("trainable(model) names a model that cannot be trained: two inputs, two outputs, an input that is not known", () => {
  const at = (layer: tf.layers.Layer, x: tf.SymbolicTensor) => layer.apply(x) as tf.SymbolicTensor;
  const [a, b] = [tf.input({ shape: [4, 4, 1] }), tf.input({ shape: [4, 4, 1] })];
  const head = (x: tf.SymbolicTensor) => at(layers.dense({ units: 10 }), at(layers.flatten(), x));
  const joined = layers.add().apply([a, b]) as tf.SymbolicTensor;
  assert.throws(() => trainable(tf.model({ inputs: [a, b], outputs: head(joined) })), /one input, got one with 2/);
  assert.throws(() => trainable(tf.model({ inputs: a, outputs: [head(a), head(a)] })), /one output \[n, classes\]/);
  assert.throws(
    () => trainable(tf.sequential({ layers: [] })),
    /^Error: Expected a model with one input, got one with 0/,
  );
});

test("dropout draws the same for a seed of the run and a step, other masks at other steps and seeds", async () => {
  const losses: number[][] = [];
  for (const seed of [1, 1, 2]) {
    const model = dense({ between: layers.dropout({ rate: 0.5 }) });
    const trainer = new Trainer(model, tiny({ seed, schedule: constant(1e-9) }));
    await trainer.run();
    losses.push([...trainer.losses]);
    model.dispose();
  }
  assert.deepEqual(losses[0], losses[1]);
  assert.notDeepEqual(losses[0], losses[2]);
  assert.equal(new Set(losses[0]).size, 6);
});
