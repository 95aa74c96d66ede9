import assert from "node:assert/strict";
import { test } from "node:test";
import {
  buildLeNet5,
  evaluate,
  inputGradient,
  integratedGradients,
  loadLeNet5,
  projectDataFolder,
  subset,
  take,
  tf,
  toTensors,
} from "lenet-lab";
import { assertClose, assertNoLeak } from "./helpers/assertions";
import { digits } from "./helpers/data";

const some = take(digits().test, 5);
const classes = [7, 2, 1, 0, 4];
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
  const { test: all } = digits();
  const { predictions } = evaluate(model, all);
  const wrong = Array.from(all.labels.keys()).filter((i) => all.labels[i] !== predictions[i]);
  const places = [...wrong, ...Array.from({ length: 60 }, (_, i) => i)];
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
    const maps = method(model, some, classes);
    assert.deepEqual(maps.shape, [5, 28, 28, 1]);
    assertClose(method(model, some, classes, { batchSize: 2 }).data, maps.data, 1e-5);
  }
  model.dispose();
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
    await assertNoLeak(() => method(model, some, classes, { ratherThan: 4, batchSize: 2 }));
    await assertNoLeak(() => assert.throws(() => method(model, some, 10)));
  }
  model.dispose();
});
