import assert from "node:assert/strict";
import { test } from "node:test";
import { toTensors } from "../../lib/src/data/batches";
import { subset, take } from "../../lib/src/data/dataset";
import { projectDataFolder } from "../../lib/src/data/mnist";
import { inputGradient, integratedGradients } from "../../lib/src/explain/saliency";
import { loadLeNet5 } from "../../lib/src/network/checkpoint";
import { evaluate } from "../../lib/src/network/evaluate";
import { buildLeNet5 } from "../../lib/src/network/lenet";
import { tf } from "../../lib/src/tensors/tensorflow";
import { assertClose, assertNoLeak } from "../helpers/assertions";
import { digits } from "../helpers/data";
import { sample } from "../helpers/full";

const some = take(digits().test, 5);
const classes = [7, 2, 1, 0, 4];
/** as many as by default, or few */
const steps = sample(128, 16);
const trained = () => loadLeNet5(`${projectDataFolder()}/checkpoints/lenet5.safetensors`).model;

/** The logit of each image's class. */
function logitsOf(model: tf.LayersModel, images: tf.Tensor4D): number[] {
  const rows = tf.tidy(() => (model.predict(images) as tf.Tensor2D).arraySync());
  return rows.map((row, i) => row[classes[i] as number] as number);
}

test("inputGradient(model, images, classes) agrees with central differences at every tenth pixel", () => {
  // tanh and average pooling: a network without kinks, where differences say what the gradient is
  const model = buildLeNet5({ seed: 2, activation: "tanh", pooling: "average", initializer: "glorotUniform" });
  const gradients = inputGradient(model, some, classes);
  const step = 0.02;
  for (let pixel = 5; pixel < 784; pixel += 10) {
    const [up, down] = [step, -step].map((move) =>
      tf.tidy(() => {
        const nudge = tf.tensor4d(
          Float32Array.from({ length: 784 }, (_, i) => (i === pixel ? move : 0)),
          [1, 28, 28, 1],
        );
        return logitsOf(model, tf.add(toTensors(some).images, nudge));
      }),
    ) as [number[], number[]];
    const differences = up.map((value, i) => (value - (down[i] as number)) / (2 * step));
    assertClose(
      differences.map((_, i) => gradients.data[i * 784 + pixel] as number),
      differences,
      2e-4,
    );
  }
  model.dispose();
});

test("inputGradient(model, images, a, {ratherThan: b}) is the gradient of the difference of two logits", () => {
  const model = trained();
  const [first, second] = [inputGradient(model, some, 3).data, inputGradient(model, some, 5).data];
  const expected = first.map((value, i) => value - (second[i] as number));
  assertClose(inputGradient(model, some, 3, { ratherThan: 5 }).data, expected, 1e-4);
  model.dispose();
});

test("integratedGradients(model, images, classes) adds up to the logit minus that of blank paper within 1 %", () => {
  const model = trained();
  const all = take(digits().test, sample(10_000, 500));
  const { predictions } = evaluate(model, all);
  const wrong = Array.from(all.labels.keys()).filter((i) => all.labels[i] !== predictions[i]);
  const places = [...wrong, ...Array.from({ length: sample(60, 10) }, (_, i) => i)];
  const chosen = subset(all, places);
  const explained = places.map((i) => predictions[i] as number);
  const attributions = integratedGradients(model, chosen, explained);
  const rows = tf.tidy(() => (model.predict(toTensors(chosen).images) as tf.Tensor2D).arraySync());
  const blank = tf.tidy(() => Array.from((model.predict(tf.zeros([1, 28, 28, 1])) as tf.Tensor).dataSync()));
  for (const [i, label] of explained.entries()) {
    const sum = attributions.data.subarray(i * 784, (i + 1) * 784).reduce((a, b) => a + b, 0);
    const difference = (rows[i]?.[label] as number) - (blank[label] as number);
    assert.ok(
      Math.abs(sum - difference) <= 0.01 * Math.abs(difference),
      `image ${places[i]}: ${sum}, not ${difference}`,
    );
  }
  model.dispose();
});

test("integratedGradients(model, images, classes) is pixel times weight where the model is linear, whatever the steps", () => {
  const model = tf.sequential({
    layers: [tf.layers.flatten({ inputShape: [28, 28, 1] }), tf.layers.dense({ units: 10 })],
  });
  const weights = model.layers[1]?.getWeights()[0]?.arraySync() as number[][];
  const pixels = tf.tidy(() => toTensors(some).images.dataSync());
  const expected = Float32Array.from(pixels, (value, i) => value * (weights[i % 784]?.[3] as number));
  assertClose(integratedGradients(model, some, 3, { steps: 1 }).data, expected, 1e-6);
  assertClose(integratedGradients(model, some, 3, { steps: 7 }).data, expected, 1e-6);
  const fromWhite = integratedGradients(model, some, 3, { baseline: 1, steps: 2 }).data;
  assertClose(
    fromWhite,
    Float32Array.from(pixels, (v, i) => (v - 1) * (weights[i % 784]?.[3] as number)),
    1e-6,
  );
  model.dispose();
});

test("integratedGradients(model, images, classes) takes an image as its baseline, and gives 0 where it is the image", () => {
  const model = trained();
  tf.tidy(() => {
    const image = tf.squeeze<tf.Tensor3D>(toTensors(take(some, 1)).images, [0]);
    const { data } = integratedGradients(model, take(some, 1), 7, { baseline: image, steps: 4 });
    assert.ok(data.every((value) => value === 0));
  });
  model.dispose();
});

test("saliency maps have a number for each pixel and channel, and do not depend on the batch size", () => {
  const model = trained();
  for (const method of [inputGradient, integratedGradients]) {
    const maps = method(model, some, classes, { steps });
    assert.deepEqual(maps.shape, [5, 28, 28, 1]);
    assertClose(method(model, some, classes, { steps, batchSize: 2 }).data, maps.data, 1e-5);
  }
  model.dispose();
});

test("integratedGradients(model, images, classes) refuses a baseline that is not a number or not of an image's shape", async () => {
  const model = buildLeNet5();
  for (const baseline of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const message = `Expected \`baseline\` to be a finite number, got ${baseline}.`;
    assert.throws(() => integratedGradients(model, some, 1, { baseline }), { name: "RangeError", message });
  }
  // the last two would be broadcast without a word
  for (const shape of [
    [20, 28, 1],
    [28, 28, 3],
    [1, 28, 1],
    [1, 1, 1],
  ] as [number, number, number][]) {
    const baseline = tf.zeros<tf.Rank.R3>(shape);
    const message = `Expected \`baseline\` [28, 28, 1] as each of the images, got [${shape.join(", ")}].`;
    await assertNoLeak(() =>
      assert.throws(() => integratedGradients(model, some, 1, { baseline }), { name: "Error", message }),
    );
    baseline.dispose();
  }
  model.dispose();
});

test("saliency maps of a model for images of any size are those of the same model for one size", async () => {
  const build = (size: number | null) => {
    const kernelInitializer = () => tf.initializers.heNormal({ seed: 3 });
    const layers = [
      tf.layers.conv2d({
        inputShape: [size, size, 1],
        filters: 4,
        kernelSize: 5,
        kernelInitializer: kernelInitializer(),
      }),
      tf.layers.globalAveragePooling2d({}),
      tf.layers.dense({ units: 10, activation: "softmax", kernelInitializer: kernelInitializer() }),
    ];
    return tf.sequential({ layers });
  };
  const [any, fixed] = [build(null), build(28)];
  for (const method of [inputGradient, integratedGradients]) {
    const maps = method(any, some, classes, { steps });
    assert.deepEqual(maps.shape, [5, 28, 28, 1]);
    assert.deepEqual(maps.data, method(fixed, some, classes, { steps }).data);
    assert.ok(maps.data.some((value) => value !== 0));
    await assertNoLeak(() => method(any, some, classes, { steps }));
  }
  for (const used of [any, fixed]) used.dispose();
});

test("integratedGradients(model, images, classes) refuses steps that are not whole", () => {
  const model = buildLeNet5();
  for (const steps of [0, 1.5, Number.NaN]) {
    const message = `Expected \`steps\` to be a whole number above 0, got ${steps}.`;
    assert.throws(() => integratedGradients(model, some, 1, { steps }), { name: "RangeError", message });
  }
  model.dispose();
});

test("saliency maps leave no tensor behind, also when they fail", async () => {
  const model = buildLeNet5();
  for (const method of [inputGradient, integratedGradients]) {
    await assertNoLeak(() => method(model, some, classes, { steps, ratherThan: 4, batchSize: 2 }));
    await assertNoLeak(() => assert.throws(() => method(model, some, 10)));
  }
  const image = tf.sequential({
    layers: [tf.layers.conv2d({ inputShape: [28, 28, 1], filters: 2, kernelSize: 5 })],
  });
  const message = "Expected a model with one output [n, classes], got [n, 24, 24, 2].";
  for (const method of [inputGradient, integratedGradients])
    await assertNoLeak(() => assert.throws(() => method(image, some, 1), { name: "Error", message }));
  for (const used of [model, image]) used.dispose();
});
