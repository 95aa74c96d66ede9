import assert from "node:assert/strict";
import { test } from "node:test";
import { toTensors } from "../../lib/src/data/batches";
import { take } from "../../lib/src/data/dataset";
import { loadLeNet5, readWeights } from "../../lib/src/network/checkpoint";
import { evaluate } from "../../lib/src/network/evaluate";
import { buildLeNet5 } from "../../lib/src/network/lenet";
import { type FakeQuantizedOptions, fakeQuantized } from "../../lib/src/quantize/qat";
import { calibrate, type Ranges } from "../../lib/src/quantize/ranges";
import { tf } from "../../lib/src/tensors/tensorflow";
import { flatten, lossAndGradient } from "../../lib/src/train/gradient";
import { sgd } from "../../lib/src/train/optimizer";
import { constant } from "../../lib/src/train/schedule";
import { Trainer } from "../../lib/src/train/trainer";
import { assertClose, assertNoLeak, assertSameBits } from "../helpers/assertions";
import { digits, noise, someDigits } from "../helpers/data";
import { sample } from "../helpers/full";
import { checkpoint } from "../helpers/quantized-lenet";

const trained = () => loadLeNet5(checkpoint).model;
const batch = (count = 8) => toTensors(noise("train", { count }));

/** The largest difference between the logits of two forward passes over the same images. */
function difference(a: (images: tf.Tensor4D) => tf.Tensor, b: (images: tf.Tensor4D) => tf.Tensor): number {
  return tf.tidy(() => {
    const { images } = batch();
    return tf.max(tf.abs(tf.sub(a(images), b(images)))).dataSync()[0] as number;
  });
}

test(`post-training quantisation to 8 bits loses at most ${sample("5 of 10,000", "1 of 2,000")} test images, and 2 bits lose most of them`, () => {
  const model = trained();
  const ranges = calibrate(model, someDigits(2000));
  const all = take(digits().test, sample(10_000, 2000));
  const correct = (options: FakeQuantizedOptions, images = all) => {
    const network = fakeQuantized(model, { ranges, ...options });
    const result = evaluate(network.infer, images).correct;
    network.dispose();
    return result;
  };
  assert.ok(correct({}) >= sample(9953, evaluate(model, all).correct - 1));
  const thousand = take(digits().test, 1000);
  assert.ok(correct({ weightBits: 4, weightScales: "largest" }, thousand) > 980);
  assert.ok(correct({ weightBits: 2, weightScales: "largest" }, thousand) < 700);
  assert.ok(correct({ weightBits: { dense2: 2 }, weightScales: "largest" }, thousand) > 900);
  model.dispose();
});

test("training at 8 bits from the trained checkpoint keeps the accuracy on 1,000 test images", async () => {
  const model = trained();
  const network = fakeQuantized(model, { ranges: calibrate(model, someDigits(500)) });
  const thousand = take(digits().test, 1000);
  const before = evaluate(model, thousand).correct;
  const options = { epochs: 1, schedule: constant(0.001), display: false };
  await new Trainer(network, { train: someDigits(1024), ...options }).run();
  assert.ok(evaluate(network.infer, thousand).correct >= before - 3);
  network.dispose();
  model.dispose();
});

test("the training loop trains a fake-quantised network from scratch: on 256 images the loss falls", async () => {
  const model = buildLeNet5({ seed: 1 });
  const start = readWeights(model);
  for (const weightBits of sample([8, 4], [4])) {
    const network = fakeQuantized(model, { weightBits, startStep: 8, freezeStep: 40 });
    const trainer = new Trainer(network, {
      train: someDigits(256),
      validation: someDigits(256),
      epochs: 6,
      batchSize: 32,
      schedule: constant(0.02),
      optimizer: sgd({ weightDecay: 1e-4 }),
      display: false,
    });
    await trainer.run();
    const [first, last] = [trainer.history[0], trainer.history.at(-1)];
    assert.ok((last?.trainLoss ?? 9) < 0.6 * (first?.trainLoss ?? 0), `${first?.trainLoss} → ${last?.trainLoss}`);
    assert.ok((last?.validationAccuracy ?? 0) > 0.8);
    network.dispose();
  }
  const end = readWeights(model);
  for (const name of Object.keys(start))
    assertSameBits(end[name]?.data as Float32Array, start[name]?.data as Float32Array);
  model.dispose();
});

test("fakeQuantized(model) comes close to the float model, the closer the more bits", () => {
  const model = buildLeNet5({ seed: 1 });
  const float = (images: tf.Tensor4D) => model.predict(images) as tf.Tensor;
  const ranges = calibrate(model, noise("train"));
  const errors = [3, 4, 6, 8].map((weightBits) => {
    const network = fakeQuantized(model, { weightBits, weightScales: "largest", ranges });
    const error = difference(network.infer, float);
    network.dispose();
    return error;
  });
  assert.deepEqual(
    errors,
    errors.slice().sort((a, b) => b - a),
  );
  assert.ok((errors[3] as number) > 0 && (errors[3] as number) < 0.05, String(errors));
  model.dispose();
});

test("fakeQuantized(model).weights() are codes within their bits, and their scales give back rounded weights", () => {
  const model = buildLeNet5({ seed: 1 });
  for (const weightBits of [2, 3, 4, 8]) {
    const limit = 2 ** (weightBits - 1) - 1;
    const network = fakeQuantized(model, { weightBits });
    for (const [name, { codes, scales, bias, bits }] of Object.entries(network.weights())) {
      const kernel = readWeights(model)[`${name}/kernel`]?.data as Float32Array;
      assert.equal(bits, weightBits);
      assert.deepEqual([codes.length, scales.length], [kernel.length, bias.length]);
      const largest = codes.reduce((most, code) => Math.max(most, Math.abs(code)), 0);
      assert.ok(weightBits === 8 ? largest === limit : largest > 0 && largest <= limit);
      kernel.forEach((w, i) => {
        const scale = scales[i % scales.length] as number;
        const clipped = Math.max(-limit * scale, Math.min(limit * scale, w));
        assert.ok(Math.abs((codes[i] as number) * scale - clipped) <= 0.5001 * scale);
      });
    }
    network.dispose();
  }
  model.dispose();
});

test("ranges are watched from the start, rounded to from `startStep`, and stay from `freezeStep`", () => {
  const model = buildLeNet5({ seed: 1 });
  const float = (images: tf.Tensor4D) => model.predict(images) as tf.Tensor;
  const network = fakeQuantized(model, { decay: 0.5, startStep: 2, freezeStep: 3 });
  const maxima = () => Object.values(network.ranges()).map(({ max }) => max);
  const step = (brightness: number) =>
    tf.tidy(() => network.forward(tf.mul(batch().images, brightness)).dataSync()) as unknown;
  assert.deepEqual(network.ranges(), {});
  step(1);
  const first = maxima();
  assert.equal(first.length, 4);
  assert.ok(difference(network.infer, float) > 0);
  step(0);
  const second = maxima();
  assert.ok(second.every((max, i) => max < (first[i] as number)));
  assert.ok((second[0] as number) >= (first[0] as number) / 2 - 1e-6);
  step(0);
  const third = maxima();
  assert.notDeepEqual(third, second);
  step(1);
  assert.deepEqual(maxima(), third);
  network.dispose();

  // activations are float before `startStep`, and rounded as in inference after it
  const delayed = fakeQuantized(model, { decay: 0, startStep: 1 });
  const early = tf.tidy(() => delayed.forward(batch().images).dataSync());
  assert.ok(difference(delayed.infer, () => tf.tensor2d(early, [8, 10])) > 0);
  assert.equal(difference(delayed.forward, delayed.infer), 0);
  delayed.dispose();
  model.dispose();
});

test("averages are rounded to the values of what they were made from, and move no range", () => {
  const { layers } = tf;
  const model = tf.sequential({
    layers: [
      layers.conv2d({ name: "conv", filters: 1, kernelSize: 1, useBias: false, inputShape: [2, 2, 1] }),
      layers.averagePooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ units: 1, useBias: false }),
    ],
  });
  const ones = [tf.ones([1, 1, 1, 1]), tf.ones([1, 1])];
  model.setWeights(ones);
  const network = fakeQuantized(model, { ranges: { conv: { min: 0, max: 1 } }, activationBits: 2, decay: 0 });
  // two bits hold 0, 1/3, 2/3 and 1
  const pass = (run: typeof network.infer, ...pixels: number[]) =>
    tf.tidy(() => run(tf.tensor4d(pixels, [1, 2, 2, 1])).dataSync()[0] as number);
  assertClose([pass(network.infer, 1, 1, 1, 0)], [2 / 3], 1e-6);
  assertClose([pass(network.infer, 1, 0, 0, 0)], [1 / 3], 1e-6);
  assertClose([pass(network.infer, 1, 1, 1, 1)], [1], 1e-6);
  assertClose([pass(network.forward, 1, 1, 1, 0)], [2 / 3], 1e-6);
  assert.deepEqual(network.ranges(), { conv: { min: 0, max: 1 } });
  const { variables } = network;
  const gradients = tf.tidy(() =>
    Object.values(tf.variableGrads(() => tf.sum(network.forward(tf.fill([1, 2, 2, 1], 0.6))), variables).grads).map(
      (gradient) => gradient.dataSync()[0] as number,
    ),
  );
  assert.ok(Math.abs(gradients[0] as number) > 0.3, "no gradient reaches the convolution");
  network.dispose();
  tf.dispose(ones);
  model.dispose();
});

test("weight decay shrinks weights and their learned steps alike: codes stay", () => {
  const model = buildLeNet5({ seed: 1 });
  const network = fakeQuantized(model, { weightBits: 4 });
  const before = network.weights().dense1?.codes as Int8Array;
  for (const variable of network.variables) {
    const shrunk = tf.mul(variable, 0.5);
    variable.assign(shrunk);
    shrunk.dispose();
  }
  assert.deepEqual(network.weights().dense1?.codes, before);
  network.dispose();
  model.dispose();
});

test("a fake-quantised network's gradient reaches every kernel, bias and step", () => {
  const model = buildLeNet5({ seed: 1 });
  for (const [weightBits, count] of [
    [8, 10],
    [2, 15],
  ] as const) {
    const network = fakeQuantized(model, { weightBits });
    assert.equal(network.variables.length, count);
    const data = batch(32);
    const { gradient } = lossAndGradient(network, data);
    assert.equal(gradient.length, flatten(network.variables).length);
    let offset = 0;
    for (const { size } of network.variables) {
      assert.ok(gradient.subarray(offset, offset + size).some((g) => g !== 0));
      offset += size;
    }
    tf.dispose([data.images, data.labels]);
    network.dispose();
  }
  model.dispose();
});

test("the gradient of biases agrees with central differences of the float network when rounding is fine", () => {
  const model = buildLeNet5({ seed: 1 });
  const network = fakeQuantized(model, { startStep: 100 });
  const data = batch(16);
  const bias = network.variables.at(-1) as tf.Variable;
  const { gradient } = lossAndGradient(network, data);
  const lossAt = (by: number, at: number) => {
    const moved = tf.tensor1d(Array.from({ length: 10 }, (_, i) => (i === at ? by : 0)));
    bias.assign(moved);
    moved.dispose();
    return lossAndGradient(network, data).loss;
  };
  const expected = Array.from({ length: 10 }, (_, i) => (lossAt(0.02, i) - lossAt(-0.02, i)) / 0.04);
  assertClose(gradient.slice(-10), expected, 2e-4);
  tf.dispose([data.images, data.labels]);
  network.dispose();
  model.dispose();
});

test("fakeQuantized refuses bits, decays and layer names that cannot be, and inference without ranges", () => {
  const model = buildLeNet5();
  const refused: [FakeQuantizedOptions, RegExp][] = [
    [{ weightBits: 9 }, /^RangeError: Expected `weightBits` to be a whole number in 2 … 8, got 9\.$/],
    [{ weightBits: { conv1: 1 } }, /`weightBits` to be a whole number in 2 … 8, got 1/],
    [{ activationBits: 1 }, /`activationBits` to be a whole number in 2 … 8, got 1/],
    [{ weightScales: "mean" as "learned" }, /^Error: Expected `weightScales` to be largest or learned, got mean\.$/],
    [{ decay: 1 }, /^RangeError: Expected `decay` in \[0, 1\), got 1\.$/],
    [{ weightBits: { conv9: 4 } }, /Expected `weightBits` of layers conv1, conv2, .*, got one of `conv9`\.$/],
    [{ ranges: { pool1: { min: 0, max: 1 } } as Ranges }, /Expected `ranges` of layers conv1.*, got one of `pool1`\.$/],
  ];
  for (const [options, message] of refused) assert.throws(() => fakeQuantized(model, options), message);
  const network = fakeQuantized(model);
  tf.tidy(() =>
    assert.throws(
      () => network.infer(batch().images),
      /^Error: Expected a range of the outputs of `conv1`, got none: give `ranges: calibrate\(model, train\)`, or train first\.$/,
    ),
  );
  network.dispose();
  model.dispose();
});

test("a fake-quantised network leaves no tensor behind: passes make one, dispose() frees the rest", async () => {
  const model = buildLeNet5();
  const data = batch();
  await assertNoLeak(async () => {
    const network = fakeQuantized(model, { weightBits: 4 });
    await assertNoLeak(() => network.forward(data.images).dispose());
    await assertNoLeak(() => network.infer(data.images).dispose());
    await assertNoLeak(() => lossAndGradient(network, data));
    await assertNoLeak(() => network.weights());
    network.dispose();
  });
  await assertNoLeak(() => assert.throws(() => fakeQuantized(model, { weightBits: { logits: 1 } })));
  tf.dispose([data.images, data.labels]);
  model.dispose();
});

test("fakeQuantized(model, options) refuses steps that are no numbers from 0 on", () => {
  const model = buildLeNet5();
  for (const name of ["startStep", "freezeStep"])
    for (const value of [Number.NaN, -1, Number.NEGATIVE_INFINITY])
      assert.throws(
        () => fakeQuantized(model, { [name]: value }),
        new RegExp(`^RangeError: Expected \`${name}\` to be a finite number, 0 or more, got ${value}\\.$`),
      );
  model.dispose();
});

test("fakeQuantized(model) keeps the settings of layers called as what every object has, and of layers of another model", () => {
  const { layers } = tf;
  const hidden = layers.dense({ name: "constructor", units: 5, activation: "relu", trainable: false });
  const first = tf.sequential({ layers: [layers.flatten({ inputShape: [4, 4, 1] }), hidden] });
  const model = tf.sequential({ layers: [...first.layers, layers.dense({ units: 10 })] });
  const network = fakeQuantized(model, { weightBits: { constructor: 4 } });
  assert.equal(network.variables.length, 3);
  assert.deepEqual(
    Object.entries(network.weights()).map(([name, { bits }]) => [name, bits]),
    [
      ["constructor", 4],
      [model.layers[2]?.name, 8],
    ],
  );
  const images = tf.ones<tf.Rank.R4>([1, 4, 4, 1]);
  assert.throws(() => network.infer(images), /Expected a range of the outputs of `constructor`, got none/);
  network.forward(images).dispose();
  assert.deepEqual(Object.keys(network.ranges()), ["constructor"]);
  network.infer(images).dispose();
  images.dispose();
  for (const each of [network, model]) each.dispose();
});
