import assert from "node:assert/strict";
import { test } from "node:test";
import { toTensors } from "../../lib/src/data/batches";
import type { Dataset } from "../../lib/src/data/dataset";
import { buildLeNet5 } from "../../lib/src/network/lenet";
import { calibrate, movedRange, rangeOf } from "../../lib/src/quantize/ranges";
import { tf } from "../../lib/src/tensors/tensorflow";
import { assertClose, assertNoLeak } from "../helpers/assertions";
import { noise } from "../helpers/data";

const data = noise("train", { count: 23 });

test("calibrate(model, data) finds the largest output of each layer, whatever the batch size", () => {
  const model = buildLeNet5({ seed: 1 });
  const names = ["conv1", "conv2", "dense1", "dense2"];
  const largest = tf.tidy(() => {
    const outputs = names.map((name) => model.getLayer(name).output as tf.SymbolicTensor);
    const { images } = toTensors(data);
    const values = tf.model({ inputs: model.inputs, outputs }).predict(images) as tf.Tensor[];
    return values.map((value) => tf.max(value).dataSync()[0] as number);
  });
  for (const batchSize of [1, 10, 500]) {
    const ranges = calibrate(model, data, { batchSize });
    assert.deepEqual(Object.keys(ranges), names);
    assertClose(
      Object.values(ranges).map(({ max }) => max),
      largest,
      1e-4,
    );
    assert.ok(Object.values(ranges).every(({ min }) => min === 0));
  }
  model.dispose();
});

test("calibrate(model, data) refuses images that are not for training", () => {
  const model = buildLeNet5();
  assert.throws(
    () => calibrate(model, noise("test") as unknown as Dataset<"train">),
    /^Error: Expected training images to calibrate with, got the test set of noise\.$/,
  );
  model.dispose();
});

test("calibrate(model, data) takes layers of any name, and refuses images of another size", () => {
  const model = tf.sequential({
    layers: [
      tf.layers.flatten({ inputShape: [28, 28, 1] }),
      tf.layers.dense({ name: "constructor", units: 3, kernelInitializer: tf.initializers.heNormal({ seed: 1 }) }),
      tf.layers.dense({ units: 2 }),
    ],
  });
  const { min, max } = calibrate(model, data).constructor as unknown as { min: number; max: number };
  assert.ok(min < 0 && max > 0, `${min} ${max}`);
  assert.throws(
    () => calibrate(model, noise("train", { size: 27 })),
    /^Error: Expected images \[28, 28, 1\] as the model takes them, got \[27, 27, 1\]\.$/,
  );
  model.dispose();
});

test("calibrate(model, data) refuses outputs that are not finite, by the layer's name", () => {
  const model = buildLeNet5({ seed: 1 });
  // finite weights, whose products are not
  const kernel = model.getLayer("conv2").weights[0] as tf.LayerVariable;
  kernel.write(tf.fill([5, 5, 6, 16], 3e38));
  assert.throws(
    () => calibrate(model, data),
    /^Error: Expected finite outputs of `conv2`, got a range from (0|NaN) to (Infinity|NaN): training has failed/,
  );
  model.dispose();
});

test("calibrate(model, data) and rangeOf(tensor) leave no tensor behind", async () => {
  const [model, x] = [buildLeNet5(), tf.tensor1d([1, 2])];
  await assertNoLeak(() => calibrate(model, data, { batchSize: 10 }));
  await assertNoLeak(() => rangeOf(x));
  x.dispose();
  model.dispose();
});

test("rangeOf(tensor) always holds 0", () => {
  tf.tidy(() => {
    assert.deepEqual(rangeOf(tf.tensor1d([-2, 5])), { min: -2, max: 5 });
    assert.deepEqual(rangeOf(tf.tensor1d([2, 5])), { min: 0, max: 5 });
    assert.deepEqual(rangeOf(tf.tensor1d([-2, -1])), { min: -2, max: 0 });
    assert.deepEqual(rangeOf(tf.tensor1d([-2, Number.NaN, 3])), { min: Number.NaN, max: Number.NaN });
  });
});

test("movedRange(range, seen, decay) is a moving average that begins with what is seen first", () => {
  assert.deepEqual(movedRange(undefined, { min: -1, max: 2 }, 0.9), { min: -1, max: 2 });
  const { min, max } = movedRange({ min: -1, max: 2 }, { min: 0, max: 12 }, 0.9);
  assertClose([min, max], [-0.9, 3], 1e-12);
});
