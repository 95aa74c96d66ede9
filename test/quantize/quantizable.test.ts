import assert from "node:assert/strict";
import { test } from "node:test";
import { random } from "../../lib/src/common/random";
import { readWeights } from "../../lib/src/network/checkpoint";
import { buildLeNet5 } from "../../lib/src/network/lenet";
import { floatToOnnx } from "../../lib/src/onnx/export";
import { forwardPass, ownWeights } from "../../lib/src/quantize/forward-pass";
import { fakeQuantized } from "../../lib/src/quantize/qat";
import { quantizable } from "../../lib/src/quantize/quantizable";
import { calibrate } from "../../lib/src/quantize/ranges";
import { tf } from "../../lib/src/tensors/tensorflow";
import { assertClose, assertNoLeak, assertSameBits } from "../helpers/assertions";
import { noise } from "../helpers/data";

const { layers: make } = tf;
type Layers = tf.layers.Layer[];
const inputShape = [8, 8, 1];

/** Reads a model of these layers, and frees it. */
function read(layers: Layers) {
  const model = tf.sequential({ layers });
  try {
    return quantizable(model);
  } finally {
    model.dispose();
  }
}

const conv = (more: object = {}) => make.conv2d({ name: "conv", filters: 3, kernelSize: 3, inputShape, ...more });
const dense = (more: object = {}) => make.dense({ name: "logits", units: 4, ...more });
const flatten = () => make.flatten({ name: "flatten" });

/** A model's own outputs, and those of the layers that were read from it. */
function bothOutputs(model: tf.Sequential): [Float32Array, Float32Array] {
  const { layers } = quantizable(model);
  return tf.tidy(() => {
    const images = tf.randomUniform([5, 8, 8, 1], 0, 1, "float32", 1) as tf.Tensor4D;
    const ours = forwardPass(layers, images, ownWeights, (outputs) => outputs);
    return [(model.predict(images) as tf.Tensor).dataSync() as Float32Array, ours.dataSync() as Float32Array];
  });
}

test("quantizable(LeNet-5) is its layers in order, with copies of the weights", () => {
  const model = buildLeNet5({ seed: 1 });
  const { layers, inputShape } = quantizable(model);
  assert.deepEqual(inputShape, [28, 28, 1]);
  assert.deepEqual(
    layers.map(({ kind, name }) => `${kind} ${name}`),
    ["conv2d conv1", "maxPool2d pool1", "conv2d conv2", "maxPool2d pool2", "flatten flatten"].concat(
      ["dense1", "dense2", "logits"].map((name) => `dense ${name}`),
    ),
  );
  const weights = readWeights(model);
  for (const layer of layers) {
    if (layer.kind !== "conv2d" && layer.kind !== "dense") continue;
    assert.deepEqual(layer.kernel.shape, weights[`${layer.name}/kernel`]?.shape);
    assertSameBits(layer.kernel.data, weights[`${layer.name}/kernel`]?.data as Float32Array);
    assert.equal(layer.relu, layer.name !== "logits");
  }
  const [conv1, pool1] = layers;
  assert.ok(conv1?.kind === "conv2d" && pool1?.kind === "maxPool2d");
  assert.deepEqual([conv1.kernelSize, conv1.padding, conv1.strides], [[5, 5], "same", [1, 1]]);
  assert.deepEqual([pool1.padding, pool1.poolSize, pool1.strides], ["valid", [2, 2], [2, 2]]);
  model.dispose();
});

test("quantizable(LeNet-5 with average pooling) has its windows", () => {
  const model = buildLeNet5({ pooling: "average" });
  const pool = { kind: "averagePool2d", poolSize: [2, 2], strides: [2, 2], padding: "valid" };
  const { layers } = quantizable(model);
  assert.deepEqual(layers[1], { ...pool, name: "pool1" });
  assert.deepEqual(layers[3], { ...pool, name: "pool2" });
  model.dispose();
});

test("quantizable(model) folds batch normalisation, takes ReLU as a layer, and computes what the model does", () => {
  const source = random(2);
  const model = tf.sequential({
    layers: [
      conv({ padding: "same", strides: 2, useBias: false }),
      make.batchNormalization({ epsilon: 0.01 }),
      make.reLU(),
      make.maxPooling2d({ poolSize: 2, strides: 1, padding: "same" }),
      make.averagePooling2d({ poolSize: [2, 3], strides: 1, padding: "same" }),
      make.maxPooling2d({ poolSize: 3, strides: 1 }),
      flatten(),
      make.dense({ name: "hidden", units: 40 }),
      make.batchNormalization({ scale: false }),
      make.activation({ activation: "relu" }),
      dense(),
      make.batchNormalization({ center: false }),
    ],
  });
  // weights as if the model had been trained
  for (const weight of model.weights) {
    const draw = () => (weight.name.includes("kernel") ? source.normal(0, 0.3) : source.uniform(0.3, 2));
    const size = weight.shape.reduce((product: number, length) => product * (length as number), 1);
    const value = tf.tensor(Float32Array.from({ length: size }, draw), weight.shape as number[]);
    weight.write(value);
    value.dispose();
  }
  const [expected, actual] = bothOutputs(model);
  assertClose(actual, expected, 1e-5);
  assert.ok(new Set(expected.map((x) => Math.round(100 * x))).size > 10, "expected logits that differ");
  model.dispose();
});

test("quantizable(model) refuses what it cannot convert, by name and type, with what to do", () => {
  const refused: [Layers, RegExp][] = [
    [
      [conv(), flatten(), make.dropout({ name: "drop", rate: 0.5 }), dense()],
      /^Error: Cannot convert layer `drop` \(Dropout\): expected only Conv2D, Dense, MaxPooling2D, .*, got Dropout: build the model without it and copy the weights; it does nothing in inference\.$/,
    ],
    [
      [conv(), make.globalAveragePooling2d({ name: "pool" }), dense()],
      /`pool` \(GlobalAveragePooling2D\).*: use an AveragePooling2D as large as the image, and a Flatten after it\.$/,
    ],
    [
      [conv({ activation: "tanh" }), flatten(), dense()],
      /`conv` \(Conv2D\): expected activation relu or linear, got tanh: train the model with ReLU\.$/,
    ],
    [[conv(), flatten(), dense({ activation: "softmax" })], /`logits` \(Dense\).*got softmax: end with logits/],
    [[conv(), flatten(), dense(), make.softmax({ name: "soft" })], /`soft` \(Softmax\).*end with logits/],
    [
      [conv(), flatten(), dense(), make.activation({ name: "act", activation: "softmax" })],
      /`act` \(Activation\).*got softmax: end with logits/,
    ],
    [[conv(), make.elu({ name: "elu" }), flatten(), dense()], /`elu` \(ELU\).*build the model without it\.$/],
    [
      [conv({ activation: "relu" }), make.batchNormalization({ name: "norm" }), flatten(), dense()],
      /`norm` \(BatchNormalization\).*got those of `conv` after ReLU: put ReLU after it\.$/,
    ],
    [
      [conv(), flatten(), make.batchNormalization({ name: "norm" }), dense()],
      /`norm` \(BatchNormalization\): expected a Conv2D or Dense directly before, got flatten: move it there\.$/,
    ],
    [
      [conv(), make.batchNormalization({ name: "norm", axis: 1 }), flatten(), dense()],
      /`norm`.*`axis` of the channels \(last\), got 1/,
    ],
    [[make.reLU({ name: "first", inputShape }), flatten(), dense()], /`first` \(ReLU\).*got nothing/],
    [[conv(), make.reLU({ name: "six", maxValue: 6 }), flatten(), dense()], /`six` \(ReLU\): expected no `maxValue`/],
    [
      [conv({ dataFormat: "channelsFirst", padding: "same" }), flatten(), dense()],
      /`conv` \(Conv2D\): expected `dataFormat` channelsLast, got channelsFirst: build it with channelsLast\.$/,
    ],
    [
      [conv(), make.maxPooling2d({ name: "pool", poolSize: 2, dataFormat: "channelsFirst" }), flatten(), dense()],
      /`pool` \(MaxPooling2D\): expected `dataFormat` channelsLast/,
    ],
    [
      [conv(), make.flatten({ name: "flat", dataFormat: "channelsFirst" }), dense()],
      /`flat` \(Flatten\): expected `dataFormat` channelsLast/,
    ],
    [[conv({ dilationRate: 2 }), flatten(), dense()], /`conv` \(Conv2D\): expected `dilationRate` 1, got 2/],
    [[conv(), dense(), flatten(), dense({ name: "b" })], /`logits` \(Dense\): expected rows of numbers as input/],
    [
      [conv(), flatten()],
      /^Error: Expected a Dense layer without activation at the end, got `flatten`: end with logits/,
    ],
    [[conv(), flatten(), dense({ activation: "relu" })], /without activation at the end, got `logits`/],
    [
      [make.dense({ name: "only", units: 2, inputShape: [3] })],
      /Expected images \[height, width, channels\] of one size as input, got \[3\]/,
    ],
  ];
  for (const [layers, message] of refused) assert.throws(() => read(layers), message);
});

test("quantizable(model) refuses a model that is not a chain by its type", () => {
  const { inputs, outputs } = buildLeNet5();
  assert.throws(
    () => quantizable(tf.model({ name: "graph", inputs, outputs })),
    /^Error: Expected a Sequential, whose layers form a chain, got the model `graph`\.$/,
  );
});

test("quantizable(model) refuses numbers that are not finite, wherever they stand, and says so", () => {
  const build = () =>
    tf.sequential({ layers: [conv(), make.batchNormalization({ name: "norm" }), flatten(), dense()] });
  for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const { length } = build().weights;
    assert.equal(length, 8);
    for (let i = 0; i < length; i++) {
      const model = build();
      const weight = model.weights[i] as tf.LayerVariable;
      // a variance of infinity makes weights of 0, as in the model
      if (wrong === Number.POSITIVE_INFINITY && weight.name.includes("variance")) continue;
      const size = weight.shape.reduce((product: number, length) => product * (length as number), 1);
      weight.write(tf.tensor([...new Array(size - 1).fill(0.5), wrong], weight.shape as number[]));
      const message = /^Error: Expected finite numbers in the (kernel|bias) of `(conv|logits)`, got (NaN|-?Infinity): /;
      assert.throws(() => quantizable(model), message, weight.name);
      assert.throws(() => floatToOnnx(model), message);
      assert.throws(() => fakeQuantized(model), message);
      assert.throws(() => calibrate(model, noise("train", { count: 2, size: 8 })), message);
      model.dispose();
    }
  }
});

test("quantizable(model) makes no tensor", async () => {
  const model = buildLeNet5();
  await assertNoLeak(() => quantizable(model));
  model.dispose();
});
