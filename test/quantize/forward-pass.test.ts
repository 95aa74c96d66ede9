import assert from "node:assert/strict";
import { test } from "node:test";
import { buildLeNet5 } from "../../lib/src/network/lenet";
import { forwardPass, ownWeights } from "../../lib/src/quantize/forward-pass";
import { quantizable } from "../../lib/src/quantize/quantizable";
import { tf } from "../../lib/src/tensors/tensorflow";
import { assertClose, assertNoLeak } from "../helpers/assertions";

test("forwardPass(layers, images, …) gives the model's logits, and shows every layer's outputs but the last", async () => {
  const model = buildLeNet5({ seed: 1 });
  const { layers } = quantizable(model);
  const images = tf.randomUniform([3, 28, 28, 1], 0, 1, "float32", 1) as tf.Tensor4D;
  await assertNoLeak(() =>
    tf.tidy(() => {
      const seen: string[] = [];
      const logits = forwardPass(layers, images, ownWeights, (outputs, { name }) => {
        seen.push(`${name} ${outputs.shape.join("×")}`);
        return outputs;
      });
      assertClose(logits.dataSync(), (model.predict(images) as tf.Tensor).dataSync(), 1e-4);
      assert.deepEqual(seen, ["conv1 3×14×14×6", "conv2 3×5×5×16", "dense1 3×120", "dense2 3×84"]);
    }),
  );
  images.dispose();
  model.dispose();
});

test("forwardPass goes on with what `replace` returns: a rise may be applied after pooling as well as before", () => {
  const model = buildLeNet5({ seed: 1 });
  const { layers } = quantizable(model);
  tf.tidy(() => {
    const images = tf.randomUniform([3, 28, 28, 1], 0, 1, "float32", 1) as tf.Tensor4D;
    const coarse = (x: tf.Tensor) => tf.div(tf.round(tf.mul(x, 8)), 8);
    const replaced = forwardPass(layers, images, ownWeights, coarse);
    let x: tf.Tensor = images;
    for (const layer of model.layers) {
      x = layer.apply(x) as tf.Tensor;
      if (/^(conv|dense)/.test(layer.name)) x = coarse(x);
    }
    assertClose(replaced.dataSync(), x.dataSync(), 0.05);
    assert.notDeepEqual(replaced.dataSync(), (model.predict(images) as tf.Tensor).dataSync());
  });
  model.dispose();
});

test("forwardPass takes averages after ReLU and `replace`, and hands them on with the layer that they are made from", async () => {
  const { layers: make } = tf;
  const pool = () => make.averagePooling2d({ poolSize: 2, strides: 1, padding: "same" });
  const model = tf.sequential({
    layers: [
      make.averagePooling2d({ poolSize: 2, inputShape: [8, 8, 1] }),
      make.conv2d({ name: "conv", filters: 3, kernelSize: 2, activation: "relu" }),
      pool(),
      make.maxPooling2d({ poolSize: 2, strides: 1 }),
      pool(),
      make.flatten(),
      make.dense({ units: 2 }),
    ],
  });
  const { layers } = quantizable(model);
  const images = tf.randomUniform([3, 8, 8, 1], 0, 1, "float32", 1) as tf.Tensor4D;
  const coarse = (x: tf.Tensor) => tf.div(tf.round(tf.mul(x, 8)), 8);
  await assertNoLeak(() =>
    tf.tidy(() => {
      const seen: string[] = [];
      const logits = forwardPass(layers, images, ownWeights, coarse, (averages, layer) => {
        seen.push(`${layer?.name} ${averages.shape.join("×")}`);
        return coarse(averages);
      });
      assert.deepEqual(seen, ["undefined 3×4×4×1", "conv 3×3×3×3", "conv 3×2×2×3"]);
      let x: tf.Tensor = images;
      for (const layer of model.layers) {
        x = layer.apply(x) as tf.Tensor;
        if (/Average|Conv/.test(layer.getClassName())) x = coarse(x);
      }
      assertClose(logits.dataSync(), x.dataSync(), 1e-5);
    }),
  );
  images.dispose();
  model.dispose();
});
