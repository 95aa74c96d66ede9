import assert from "node:assert/strict";
import { test } from "node:test";
import { toTensors } from "../../lib/src/data/batches";
import { evaluate, type Forward, toForward } from "../../lib/src/network/evaluate";
import { buildLeNet5 } from "../../lib/src/network/lenet";
import { softmaxCrossEntropy } from "../../lib/src/network/loss";
import { tf } from "../../lib/src/tensors/tensorflow";
import { assertClose, assertNoLeak } from "../helpers/assertions";
import { noise } from "../helpers/data";

const data = noise("test", { count: 23 });

test("evaluate(model, data) agrees with one pass and argmax by hand, whatever the batch size", () => {
  const model = buildLeNet5({ seed: 1 });
  const [logits, loss] = tf.tidy(() => {
    const { images, labels } = toTensors(data);
    const output = model.predict(images) as tf.Tensor2D;
    return [output.arraySync(), softmaxCrossEntropy(output, labels).dataSync()[0] as number];
  });
  const predictions = logits.map((row) => row.indexOf(Math.max(...row)));
  const correct = predictions.filter((c, i) => c === data.labels[i]).length;
  for (const batchSize of [1, 10, 23, 500]) {
    const measured = evaluate(model, data, { batchSize });
    assert.deepEqual(Array.from(measured.predictions), predictions);
    assert.deepEqual([measured.correct, measured.accuracy], [correct, correct / 23]);
    assertClose(measured.logits, logits.flat(), 1e-5);
    assertClose([measured.loss], [loss], 1e-5);
  }
  model.dispose();
});

test("evaluate(forward, data) takes a function that gives logits", () => {
  const always3: Forward = (images) => tf.oneHot(tf.fill([images.shape[0]], 3, "int32"), 10) as tf.Tensor2D;
  const { accuracy, predictions } = evaluate((images) => tf.cast(always3(images), "float32"), data, { batchSize: 7 });
  assert.ok(predictions.every((c) => c === 3));
  assert.equal(accuracy, data.labels.filter((label) => label === 3).length / 23);
});

test("evaluate(model, data) runs dropout as in use, not as in training", () => {
  const model = tf.sequential({
    layers: [
      tf.layers.flatten({ inputShape: [28, 28, 1] }),
      tf.layers.dropout({ rate: 0.9 }),
      tf.layers.dense({ units: 10 }),
    ],
  });
  assert.deepEqual(evaluate(model, data).logits, evaluate(model, data).logits);
  model.dispose();
});

test("evaluate(model, data) refuses a model of other classes, and batch sizes that are not whole", () => {
  const model = buildLeNet5({ classes: 12 });
  assert.throws(
    () => evaluate(model, data),
    /^Error: Expected logits \[n, 10\] for this data set, got \[23, 12\]: build the model with `classes: 10`\.$/,
  );
  for (const batchSize of [0, -5, 2.5, Number.NaN]) {
    assert.throws(
      () => evaluate(model, data, { batchSize }),
      /^RangeError: Expected `batchSize` to be a whole number above 0, got/,
    );
  }
  assert.throws(
    () => evaluate(model, noise("test", { count: 0 })),
    /^RangeError: Expected images in the test set of noise, got none\.$/,
  );
  model.dispose();
});

test("evaluate(model, data) leaves no tensor behind, also when it fails", async () => {
  const [model, other] = [buildLeNet5(), buildLeNet5({ classes: 12 })];
  await assertNoLeak(() => evaluate(model, data, { batchSize: 10 }));
  await assertNoLeak(() => assert.throws(() => evaluate(other, data)));
  model.dispose();
  other.dispose();
});

test("toForward(model) is the model's forward pass, and toForward(function) the function", () => {
  const model = buildLeNet5();
  tf.tidy(() => {
    const images = tf.ones<tf.Rank.R4>([1, 28, 28, 1]);
    assert.deepEqual(toForward(model)(images).dataSync(), (model.predict(images) as tf.Tensor).dataSync());
  });
  const forward: Forward = (images) => tf.reshape(images, [1, -1]);
  assert.equal(toForward(forward), forward);
  const infer: Forward = (images) => tf.neg(forward(images));
  tf.tidy(() => {
    const images = tf.ones<tf.Rank.R4>([1, 2, 2, 1]);
    assert.deepEqual([...toForward({ forward })(images).dataSync()], [1, 1, 1, 1]);
    assert.deepEqual([...toForward({ forward, infer })(images).dataSync()], [-1, -1, -1, -1]);
  });
  model.dispose();
});
