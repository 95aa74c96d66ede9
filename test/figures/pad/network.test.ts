import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { split, take } from "../../../lib/src/data/dataset";
import { loadMnist, projectDataFolder } from "../../../lib/src/data/mnist";
import { layerSizes, packWeights, probabilitiesOf, unpackWeights } from "../../../lib/src/figures/pad/network";
import { softmax } from "../../../lib/src/metrics/softmax";
import { loadLeNet5 } from "../../../lib/src/network/checkpoint";
import { evaluate } from "../../../lib/src/network/evaluate";
import { buildLeNet5 } from "../../../lib/src/network/lenet";
import { tf } from "../../../lib/src/tensors/tensorflow";

const { model } = loadLeNet5(join(projectDataFolder(), "checkpoints", "lenet5.safetensors"));
const images = take(split(loadMnist().train, { validation: 5000, seed: 0 }).validation, 40);
const packed = packWeights(model.getWeights());
const weights = unpackWeights(packed, layerSizes);

/** How far the pad's probabilities are from those that the library computes with `network`. */
function farthest(network: tf.LayersModel): number {
  const expected = softmax(evaluate(network, images).logits, { classes: 10 });
  const found = Array.from(images.labels.keys()).flatMap((i) =>
    probabilitiesOf(images.images.data.subarray(784 * i, 784 * i + 784), weights),
  );
  return Math.max(...found.map((value, i) => Math.abs(value - (expected[i] as number))));
}

test("probabilitiesOf(pixels, weights) gives what the library computes with the same rounded weights", () => {
  const rounded = buildLeNet5();
  let at = 0;
  const parts = rounded.getWeights().map(({ shape, size }) => {
    at += size;
    return tf.tensor(weights.slice(at - size, at), shape);
  });
  assert.equal(at, 61_706);
  rounded.setWeights(parts);
  assert.ok(farthest(rounded) < 1e-4);
});

test("rounding the weights to one byte changes no probability by more than 0.02, and takes 85 KB", () => {
  assert.ok(farthest(model) < 0.02);
  assert.ok(packed.length < 85_000, `${packed.length}`);
});

test("a kernel whose weights are all 0 stays so", () => {
  const zeros = model.getWeights().map(({ shape }) => tf.zeros(shape));
  assert.ok(unpackWeights(packWeights(zeros), layerSizes).every((value) => value === 0));
});

test("packWeights(weights) refuses other networks", () => {
  assert.throws(
    () => packWeights(buildLeNet5({ padding: "valid" }).getWeights()),
    /LeNet-5 with padding "same", of shapes \[5, 5, 1, 6\].*, got .*\[256, 120\]/,
  );
  assert.throws(() => packWeights([]), /got none/);
});
