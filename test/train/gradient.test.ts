import assert from "node:assert/strict";
import { test } from "node:test";
import { toTensors } from "../../lib/src/data/batches";
import type { Forward } from "../../lib/src/network/evaluate";
import { buildLeNet5 } from "../../lib/src/network/lenet";
import { type Loss, softmaxCrossEntropy } from "../../lib/src/network/loss";
import { tf } from "../../lib/src/tensors/tensorflow";
import { flatten, lossAndGradient, unflatten } from "../../lib/src/train/gradient";
import { type Trainable, trainable } from "../../lib/src/train/trainable";
import { assertClose, assertNoLeak, assertSameBits } from "../helpers/assertions";
import { noise, someDigits } from "../helpers/data";

/** A linear classifier of 3 × 3 images into 4 classes, small enough to difference in every weight. */
function linear(): Trainable & { dispose: () => void } {
  const kernel = tf.variable(
    tf.randomNormal([9, 4], 0, 1, "float32", 1),
    true,
    `kernel${Math.trunc(performance.now() * 1e6)}`,
  );
  const bias = tf.variable(tf.tensor1d([0.1, 0.2, -0.3, 0]), true, `bias${Math.trunc(performance.now() * 1e6)}`);
  const forward: Forward = (images) => tf.add(tf.matMul(tf.reshape(images, [-1, 9]), kernel), bias);
  return { forward, variables: [kernel, bias], dispose: () => tf.dispose([kernel, bias]) };
}

test("lossAndGradient(model, batch) agrees with central differences in every weight", () => {
  const model = linear();
  const batch = toTensors(noise("train", { count: 6, size: 3, classes: 4 }));
  const { gradient, loss, correct } = lossAndGradient(model, batch);
  const weights = flatten(model.variables);
  assert.equal(gradient.length, 40);
  const lossAt = (i: number, by: number) => {
    unflatten(
      model.variables,
      weights.map((w, j) => (i === j ? w + by : w)),
    );
    return lossAndGradient(model, batch).loss;
  };
  const h = 0.02;
  assertClose(
    gradient,
    Array.from(weights, (_, i) => (lossAt(i, h) - lossAt(i, -h)) / (2 * h)),
    2e-4,
  );
  unflatten(model.variables, weights);
  tf.tidy(() => {
    const logits = model.forward(batch.images);
    assert.equal(loss, softmaxCrossEntropy(logits, batch.labels).dataSync()[0]);
    const labels = batch.labels.dataSync();
    assert.equal(correct, Array.from(tf.argMax(logits, 1).dataSync()).filter((c, i) => c === labels[i]).length);
  });
  tf.dispose([batch.images, batch.labels]);
  model.dispose();
});

test("lossAndGradient(model, batch, {loss}) uses another loss", () => {
  const model = linear();
  const batch = toTensors(noise("train", { count: 6, size: 3, classes: 4 }));
  const plain = lossAndGradient(model, batch);
  const tripled = lossAndGradient(model, batch, {
    loss: (logits, labels) => tf.mul(softmaxCrossEntropy(logits, labels), 3),
  });
  assertClose([tripled.loss], [3 * plain.loss], 1e-5);
  assertClose(
    tripled.gradient,
    plain.gradient.map((g) => 3 * g),
    1e-5,
  );
  tf.dispose([batch.images, batch.labels]);
  model.dispose();
});

test("lossAndGradient(model, batch) of LeNet-5 is the slope along random directions", () => {
  const model = buildLeNet5({ seed: 1 });
  const part = trainable(model);
  const batch = toTensors(noise("train", { count: 16 }));
  const { gradient } = lossAndGradient(part, batch);
  const weights = flatten(part.variables);
  // along the gradient itself the loss changes by the square of its norm
  const norm = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
  const lossAt = (by: number) => {
    unflatten(
      part.variables,
      weights.map((w, i) => w + (by * (gradient[i] as number)) / norm),
    );
    return lossAndGradient(part, batch).loss;
  };
  const slope = (lossAt(2e-3) - lossAt(-2e-3)) / 4e-3;
  assert.ok(Math.abs(slope / norm - 1) < 0.02, `expected ${norm}, got ${slope}`);
  tf.dispose([batch.images, batch.labels]);
  model.dispose();
});

test("lossAndGradient(model, batch) of LeNet-5 is what tfjs composes from its own gradients", () => {
  const model = buildLeNet5({ seed: 1 });
  const part = trainable(model);
  const batch = toTensors(someDigits(16));
  const own = lossAndGradient(part, batch);
  const patched = tf.getGradient("Relu");
  tf.unregisterGradient("Relu");
  tf.registerGradient({
    kernelName: "Relu",
    inputsToSave: ["x"],
    gradFunc: (dy, [x]) => ({ x: () => tf.mul(dy as tf.Tensor, tf.step(x as tf.Tensor)) }),
  });
  const composed: Loss = (logits, labels) =>
    tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(logits), tf.oneHot(labels, 10)), 1))) as tf.Scalar;
  try {
    const { loss, correct, gradient } = lossAndGradient(part, batch, { loss: composed });
    const largest = Math.max(...gradient.map(Math.abs));
    assert.equal(own.correct, correct);
    assertClose([own.loss], [loss], 1e-5 * loss);
    assertClose(own.gradient, gradient, 1e-5 * largest);
  } finally {
    tf.unregisterGradient("Relu");
    tf.registerGradient(patched);
  }
  tf.dispose([batch.images, batch.labels]);
  model.dispose();
});

test("lossAndGradient(model, batch) leaves no tensor behind, also when network or loss throws or does not depend on a variable", async () => {
  const model = linear();
  const batch = toTensors(noise("train", { count: 6, size: 3, classes: 4 }));
  await assertNoLeak(() => lossAndGradient(model, batch));
  const broken = (...inputs: tf.Tensor[]): never => {
    tf.square(inputs[0] as tf.Tensor);
    throw new Error("on purpose");
  };
  const forward: Forward = (images) => broken(model.forward(images));
  await assertNoLeak(() => assert.throws(() => lossAndGradient({ ...model, forward }, batch), /^Error: on purpose$/));
  for (const loss of [
    broken,
    (logits: tf.Tensor2D, labels: tf.Tensor1D) => broken(softmaxCrossEntropy(logits, labels)),
  ])
    await assertNoLeak(() => assert.throws(() => lossAndGradient(model, batch, { loss }), /^Error: on purpose$/));
  const constant: Loss = () => tf.scalar(1);
  await assertNoLeak(() => assert.throws(() => lossAndGradient(model, batch, { loss: constant }), /connection/));
  const idle = tf.variable(tf.scalar(1));
  const variables = [...model.variables, idle];
  await assertNoLeak(() => assert.throws(() => lossAndGradient({ ...model, variables }, batch), /does not depend on/));
  idle.dispose();
  tf.dispose([batch.images, batch.labels]);
  model.dispose();
});

test("lossAndGradient(model, batch) names a variable that the loss does not depend on", () => {
  const model = linear();
  const idle = tf.variable(tf.scalar(1), true, "idle");
  const batch = toTensors(noise("train", { count: 2, size: 3, classes: 4 }));
  assert.throws(
    () => lossAndGradient({ ...model, variables: [...model.variables, idle] }, batch),
    /does not depend on `idle`/,
  );
  tf.dispose([batch.images, batch.labels, idle]);
  model.dispose();
});

test("trainable(model) is a layers model's forward passes and its trainable variables in order", () => {
  const model = buildLeNet5({ seed: 1 });
  const { forward, infer, variables } = trainable(model);
  assert.deepEqual(
    variables.map(({ shape }) => shape),
    model.trainableWeights.map(({ shape }) => shape),
  );
  assert.equal(variables.length, 10);
  tf.tidy(() => {
    const images = tf.ones<tf.Rank.R4>([2, 28, 28, 1]);
    const expected = (model.predict(images) as tf.Tensor).dataSync() as Float32Array;
    for (const pass of [forward, infer as Forward]) assertSameBits(pass(images).dataSync() as Float32Array, expected);
  });
  model.dispose();
});

test("trainable(model) runs dropout in training only", () => {
  const model = tf.sequential({
    layers: [
      tf.layers.flatten({ inputShape: [3, 3, 1] }),
      tf.layers.dropout({ rate: 0.5, seed: 1 }),
      tf.layers.dense({ units: 2 }),
    ],
  });
  const { forward, infer } = trainable(model);
  tf.tidy(() => {
    const images = tf.ones<tf.Rank.R4>([4, 3, 3, 1]);
    const [a, b] = [(infer as Forward)(images).dataSync(), (infer as Forward)(images).dataSync()];
    assert.deepEqual(a, b);
    assert.notDeepEqual(forward(images).dataSync(), a);
  });
  model.dispose();
});

test("unflatten(variables, flatten(variables)) changes nothing, and the variables share no memory", async () => {
  const model = buildLeNet5({ seed: 1 });
  const { variables } = trainable(model);
  const flat = flatten(variables);
  assert.equal(flat.length, 61706);
  await assertNoLeak(() => unflatten(variables, flat));
  assertSameBits(flatten(variables), flat);
  const kept = flat.slice();
  flat.fill(0);
  assertSameBits(flatten(variables), kept);
  model.dispose();
});
