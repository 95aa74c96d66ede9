import assert from "node:assert/strict";
import { test } from "node:test";
import { random } from "../../lib/src/common/random";
import { toTensors } from "../../lib/src/data/batches";
import { take } from "../../lib/src/data/dataset";
import { gradCam, hiResCam, layerCam, type MapOptions, type Maps } from "../../lib/src/explain/class-activation";
import { buildLeNet5 } from "../../lib/src/network/lenet";
import { tf } from "../../lib/src/tensors/tensorflow";
import { assertClose, assertNoLeak } from "../helpers/assertions";
import { digits, noise } from "../helpers/data";

const methods = { gradCam, hiResCam, layerCam };
const raw: MapOptions = { upsampling: "none", normalize: false, signed: true };
const some = take(digits().test, 6);

/** One map, as numbers. */
const mapOf = (maps: Maps, i: number) => Array.from(maps.data).slice(i * sizeOf(maps), (i + 1) * sizeOf(maps));
const sizeOf = ({ shape: [, height = 0, width = 0] }: Maps) => height * width;

/** Convolution, global average pooling and a linear head: the network for which CAM (Zhou et al. 2016) was made. */
function pooledModel(): tf.Sequential {
  const kernelInitializer = () => tf.initializers.heNormal({ seed: 3 });
  const layers = [
    tf.layers.conv2d({
      inputShape: [28, 28, 1],
      filters: 8,
      kernelSize: 5,
      activation: "relu",
      kernelInitializer: kernelInitializer(),
    }),
    tf.layers.conv2d({
      name: "last",
      filters: 5,
      kernelSize: 3,
      strides: 2,
      activation: "relu",
      kernelInitializer: kernelInitializer(),
    }),
    tf.layers.globalAveragePooling2d({}),
    tf.layers.dense({ units: 10, kernelInitializer: kernelInitializer() }),
  ];
  return tf.sequential({ layers });
}

test("gradCam and hiResCam equal CAM on global average pooling and a linear head", () => {
  const model = pooledModel();
  const classes = [3, 1, 4, 1, 5, 9];
  const features = tf.tidy(() => {
    const upToLast = tf.model({ inputs: model.inputs, outputs: model.getLayer("last").output });
    return (upToLast.predict(toTensors(some).images) as tf.Tensor4D).arraySync();
  });
  const kernel = model.layers.at(-1)?.getWeights()[0]?.arraySync() as number[][];
  for (const method of [gradCam, hiResCam]) {
    const maps = method(model, some, classes, raw);
    const cells = sizeOf(maps);
    for (const [i, label] of classes.entries()) {
      // CAM weighs each channel by the head's weight; averaging over the cells divides it by their number
      const cam = features[i]?.flatMap((row) =>
        row.map(
          (channels) => channels.reduce((sum, value, c) => sum + value * (kernel[c]?.[label] as number), 0) / cells,
        ),
      );
      assertClose(mapOf(maps, i), cam as number[], 1e-6);
    }
  }
  model.dispose();
});

test("hiResCam(model, images, classes) adds up to the logit, less the bias, where the head is linear", () => {
  const [convolution, head] = [
    tf.layers.conv2d({ inputShape: [28, 28, 1], filters: 4, kernelSize: 5, strides: 3, activation: "relu" }),
    tf.layers.dense({ units: 10, useBias: false }),
  ];
  const model = tf.sequential({ layers: [convolution, tf.layers.flatten(), head] });
  const maps = hiResCam(model, some, 7, raw);
  const logits = tf.tidy(() => (model.predict(toTensors(some).images) as tf.Tensor2D).arraySync());
  const sums = logits.map((_, i) => mapOf(maps, i).reduce((a, b) => a + b, 0));
  assertClose(
    sums,
    logits.map((row) => row[7] as number),
    1e-4,
  );
  model.dispose();
});

test("layerCam(model, images, classes) is hiResCam where every gradient is positive", () => {
  const model = pooledModel();
  const head = model.layers.at(-1) as tf.layers.Layer;
  head.setWeights(tf.tidy(() => head.getWeights().map((weight) => tf.abs(weight))));
  assertClose(layerCam(model, some, 2, raw).data, hiResCam(model, some, 2, raw).data, 1e-6);
  model.dispose();
});

test("gradCam(model, images, a, {ratherThan: b}) is the map for a minus the map for b", () => {
  const model = buildLeNet5({ seed: 4 });
  for (const method of [gradCam, hiResCam]) {
    const why = (classes: number[], ratherThan?: number[]) => method(model, some, classes, { ...raw, ratherThan }).data;
    const [first, second] = [
      [1, 2, 3, 4, 5, 6],
      [0, 0, 9, 9, 8, 8],
    ] as [number[], number[]];
    const without = why(second);
    const expected = why(first).map((value, i) => value - (without[i] as number));
    assertClose(why(first, second), expected, 1e-5);
    assert.ok(why(first, first).every((value) => value === 0));
  }
  model.dispose();
});

test("explanations give the same map for an image alone, in a batch, and as a tensor", () => {
  const model = buildLeNet5({ seed: 4 });
  const images = toTensors(some).images;
  for (const method of Object.values(methods)) {
    const together = method(model, some, [3, 1, 4, 1, 5, 9]);
    assertClose(method(model, some, [3, 1, 4, 1, 5, 9], { batchSize: 4 }).data, together.data, 1e-5);
    assertClose(method(model, images, [3, 1, 4, 1, 5, 9]).data, together.data, 1e-5);
    const alone = method(model, take(some, 1), 3);
    assertClose(mapOf(alone, 0), mapOf(together, 0), 1e-5);
  }
  images.dispose();
  model.dispose();
});

test("explanations cut off what speaks against the class, unless `signed`", () => {
  const model = buildLeNet5({ seed: 4 });
  for (const method of [gradCam, hiResCam]) {
    const signed = method(model, some, 3, raw).data;
    assert.ok(signed.some((value) => value < 0));
    assertClose(
      method(model, some, 3, { ...raw, signed: false }).data,
      signed.map((value) => Math.max(0, value)),
      1e-6,
    );
  }
  model.dispose();
});

test("explanations reach 1 when normalised, and are 0 everywhere, not NaN, where nothing speaks for the class", () => {
  const model = buildLeNet5({ seed: 4 });
  for (const method of Object.values(methods)) {
    const maps = method(model, some, 3);
    for (let i = 0; i < 6; i++) assert.equal(Math.max(...mapOf(maps, i)), 1);
    assert.deepEqual(maps.shape, [6, 28, 28]);
  }
  const head = model.getLayer("logits");
  head.setWeights(tf.tidy(() => head.getWeights().map((weight) => tf.zerosLike(weight))));
  for (const method of Object.values(methods)) assert.ok(method(model, some, 3).data.every((value) => value === 0));
  model.dispose();
});

test("gradCam(model, …) works on tanh and average pooling, at any convolution", () => {
  const model = buildLeNet5({ activation: "tanh", pooling: "average", padding: "valid" });
  for (const method of Object.values(methods))
    for (const layer of ["conv1", "conv2"]) assert.deepEqual(method(model, some, 1, { layer }).shape, [6, 28, 28]);
  model.dispose();
});

test("explanations of one branch equal those of the plain chain that the other branch, at 0, leaves", () => {
  const branch = (name: string) => tf.layers.conv2d({ name, filters: 3, kernelSize: 3, padding: "same" });
  const [input, left, right] = [tf.input({ shape: [12, 16, 3] }), branch("left"), branch("right")];
  const sum = tf.layers.add().apply([left, right].map((layer) => layer.apply(input) as tf.SymbolicTensor));
  const tail = [
    tf.layers.conv2d({ filters: 4, kernelSize: 3, activation: "tanh" }),
    tf.layers.flatten(),
    tf.layers.dense({ units: 4 }),
  ];
  const logits = tail.reduce((x, layer) => layer.apply(x) as tf.SymbolicTensor, sum as tf.SymbolicTensor);
  const branched = tf.model({ inputs: input, outputs: logits });
  const source = random(1);
  const coloured = tf.tensor4d(
    Float32Array.from({ length: 5 * 12 * 16 * 3 }, () => source.uniform()),
    [5, 12, 16, 3],
  );
  for (const [own, other] of [
    [left, right],
    [right, left],
  ] as const) {
    const kept = other.getWeights().map((weight) => weight.clone());
    other.setWeights(tf.tidy(() => kept.map((weight) => tf.zerosLike(weight))));
    const chain = tf.sequential({ layers: [tf.layers.inputLayer({ inputShape: [12, 16, 3] }), own, ...tail] });
    for (const method of Object.values(methods)) {
      const maps = method(branched, coloured, 2, { ...raw, layer: own.name });
      assert.deepEqual(maps.shape, [5, 12, 16]);
      assertClose(maps.data, method(chain, coloured, 2, { ...raw, layer: own.name }).data, 1e-6);
    }
    other.setWeights(kept);
    tf.dispose(kept);
  }
  for (const used of [coloured, branched]) used.dispose();
});

test("gradCam(model, …) explains logits: a softmax at the end changes nothing", () => {
  const plain = buildLeNet5({ seed: 6 });
  const withSoftmax = tf.sequential({ layers: [...plain.layers, tf.layers.softmax()] });
  assertClose(gradCam(withSoftmax, some, 3, raw).data, gradCam(plain, some, 3, raw).data, 1e-7);
  plain.dispose();
});

test("gradCam(model, …) runs dropout as in use, not as in training", () => {
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({ inputShape: [28, 28, 1], filters: 4, kernelSize: 5 }),
      tf.layers.dropout({ rate: 0.9 }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 10 }),
    ],
  });
  assert.deepEqual(gradCam(model, some, 3, raw).data, gradCam(model, some, 3, raw).data);
  model.dispose();
});

test("gradCam(model, …) names the layers and their shapes when asked for one that does not exist", () => {
  const model = buildLeNet5();
  const message =
    "Expected `layer` to name a layer with an output [height, width, channels], got conv3: this model has " +
    "conv1 [28, 28, 6], pool1 [14, 14, 6], conv2 [10, 10, 16], pool2 [5, 5, 16].";
  for (const method of Object.values(methods)) {
    assert.throws(() => method(model, some, 0, { layer: "conv3" }), { name: "Error", message });
    assert.throws(() => method(model, some, 0, { layer: "dense1" }), /got dense1: this model has conv1/);
  }
  const dense = tf.sequential({ layers: [tf.layers.dense({ inputShape: [4], units: 10 })] });
  assert.throws(() => gradCam(dense, some, 0), /got no convolution: this model has none\.$/);
  for (const used of [model, dense]) used.dispose();
});

test("explanations refuse classes and images that do not fit the model", () => {
  const model = buildLeNet5();
  const is = (message: string) => ({ message });
  assert.throws(() => gradCam(model, some, [1, 2]), is("Expected `classes` to hold 6 classes, one an image, got 2."));
  assert.throws(() => gradCam(model, some, 10), is("Expected `classes` in 0 … 9, got 10 at index 0."));
  assert.throws(
    () => gradCam(model, some, [0, 0, 0, 0, 0, 0.5]),
    is("Expected `classes` in 0 … 9, got 0.5 at index 5."),
  );
  assert.throws(
    () => gradCam(model, some, 1, { ratherThan: -1 }),
    is("Expected `ratherThan` in 0 … 9, got -1 at index 0."),
  );
  assert.throws(
    () => gradCam(model, noise("test", { size: 20 }), 1),
    is("Expected `images` [n, 28, 28, 1] as the model takes them, got [n, 20, 20, 1]."),
  );
  assert.throws(
    () => gradCam(model, some, 1, { batchSize: 0 }),
    is("Expected `batchSize` to be a whole number above 0, got 0."),
  );
  assert.deepEqual(gradCam(model, take(some, 0), 1).shape, [0, 28, 28]);
  model.dispose();
});

test("explanations leave no tensor behind, also when they fail", async () => {
  const model = buildLeNet5();
  for (const method of Object.values(methods)) {
    await assertNoLeak(() => method(model, some, 3, { ratherThan: 4, batchSize: 4 }));
    await assertNoLeak(() => assert.throws(() => method(model, some, 3, { layer: "conv3" })));
    await assertNoLeak(() => assert.throws(() => method(model, some, 13)));
  }
  const image = tf.sequential({
    layers: [tf.layers.conv2d({ inputShape: [28, 28, 1], filters: 2, kernelSize: 5 })],
  });
  const message = "Expected a model with one output [n, classes], got [n, 24, 24, 2].";
  for (const method of Object.values(methods))
    await assertNoLeak(() => assert.throws(() => method(image, some, 1), { name: "Error", message }));
  for (const used of [model, image]) used.dispose();
});
