import assert from "node:assert/strict";
import { test } from "node:test";
import { take } from "../../lib/src/data/dataset";
import { loadLeNet5 } from "../../lib/src/network/checkpoint";
import { evaluate } from "../../lib/src/network/evaluate";
import { buildLeNet5 } from "../../lib/src/network/lenet";
import { floatToOnnx, int8ToOnnx } from "../../lib/src/onnx/export";
import { decodeOnnx, type OnnxModel, onnxTypes } from "../../lib/src/onnx/format";
import { runOnnx } from "../../lib/src/onnx/runtime";
import { tf } from "../../lib/src/tensors/tensorflow";
import { assertClose, assertNoLeak } from "../helpers/assertions";
import { digits } from "../helpers/data";
import { checkpoint, quantizedLeNet5 } from "../helpers/quantized-lenet";

const shapeOf = (value: OnnxModel["graph"]["input"][number] | undefined) =>
  value?.type.tensorType.shape.dim.map(({ dimValue, dimParam }) => dimParam ?? dimValue);

/** Random pixels in ONNX's order, and the same as a tfjs batch in [0, 1]. */
function randomImages([height, width, channels]: [number, number, number], count: number) {
  const seeded = tf.randomUniform([count, channels, height, width], 0, 256, "int32", 3);
  const pixels = Uint8Array.from(seeded.dataSync());
  const images = tf.tidy(() => tf.div(tf.transpose(seeded, [0, 2, 3, 1]), 255));
  seeded.dispose();
  return { pixels, images };
}

test("floatToOnnx(model) writes operator set 13, one input, one output and the layers in order", () => {
  const { graph, ...file } = decodeOnnx(floatToOnnx(buildLeNet5()));
  assert.deepEqual(file.opsetImport, [{ domain: "", version: 13 }]);
  assert.equal(file.irVersion, 7);
  assert.equal(file.producerName, "lenet-lab");
  assert.match(file.docString ?? "", /\[0, 1\]/);
  assert.equal(graph.name, "lenet5");
  assert.deepEqual(
    [graph.input.map(({ name }) => name), graph.output.map(({ name }) => name)],
    [["images"], ["logits"]],
  );
  assert.deepEqual(
    [shapeOf(graph.input[0]), shapeOf(graph.output[0])],
    [
      ["N", 1, 28, 28],
      ["N", 10],
    ],
  );
  assert.equal(graph.input[0]?.type.tensorType.elemType, onnxTypes.float32);
  assert.deepEqual(
    graph.node.map(({ opType }) => opType),
    "Conv Relu MaxPool Conv Relu MaxPool Flatten Gemm Relu Gemm Relu Gemm".split(" "),
  );
  const { attribute } = graph.node[0] ?? assert.fail();
  const attributes = Object.fromEntries(attribute.map(({ name, ints }) => [name, ints]));
  assert.deepEqual(attributes, { kernel_shape: [5, 5], strides: [1, 1], pads: [2, 2, 2, 2] });
});

test("floatToOnnx(model) holds every weight, kernels with the output channel first", () => {
  const { graph } = decodeOnnx(floatToOnnx(buildLeNet5()));
  const dims = Object.fromEntries(graph.initializer.map((tensor) => [tensor.name, tensor.dims]));
  assert.deepEqual(dims["conv2/kernel"], [16, 6, 5, 5]);
  assert.deepEqual(dims["conv2/bias"], [16]);
  assert.deepEqual(dims["dense1/kernel"], [120, 400]);
  const sizes = graph.initializer.map(({ rawData }) => rawData.length / 4);
  assert.equal(
    sizes.reduce((sum, size) => sum + size),
    61706,
  );
});

test("floatToOnnx(model, options) takes name, documentation and a fixed batch", () => {
  const bytes = floatToOnnx(buildLeNet5(), { name: "mine", documentation: "words", batch: 4 });
  const { graph, docString } = decodeOnnx(bytes);
  assert.equal(graph.name, "mine");
  assert.equal(docString, "words");
  assert.deepEqual(shapeOf(graph.input[0]), [4, 1, 28, 28]);
  assert.deepEqual(shapeOf(graph.output[0]), [4, 10]);
});

test("floatToOnnx and int8ToOnnx refuse a batch that is neither a number of images nor a name", () => {
  const [float, integers] = [buildLeNet5(), quantizedLeNet5()];
  for (const write of [
    (batch: number | string) => floatToOnnx(float, { batch }),
    (batch: number | string) => int8ToOnnx(integers, { batch }),
  ]) {
    for (const batch of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
      assert.throws(() => write(batch), /^RangeError: Expected `batch` to be a whole number above 0, got/);
    for (const batch of ["", "4", "0", " "])
      assert.throws(() => write(batch), /^Error: Expected `batch` to be a number or a name of letters, got "/);
    assert.deepEqual(shapeOf(decodeOnnx(write("images_1")).graph.input[0])?.[0], "images_1");
  }
  float.dispose();
});

test("int8ToOnnx(model) refuses layers whose names make two values of one name", () => {
  const model = quantizedLeNet5();
  const renamed = (name: string, to: string) => ({
    ...model,
    layers: model.layers.map((layer) => (layer.name === name ? { ...layer, name: to } : layer)),
  });
  for (const [name, to, value] of [
    ["conv1", "images", "images/scale"],
    ["conv2", "conv1/kernel", "conv1/kernel/dequantize"],
  ] as const)
    assert.throws(() => int8ToOnnx(renamed(name, to)), new RegExp(`got \`${value}\` twice: rename the layer\\.$`));
  int8ToOnnx(renamed("conv1", "logits_1"));
});

test("floatToOnnx(model) gives the same bytes again and leaves no tensor behind", async () => {
  const model = buildLeNet5({ seed: 2 });
  await assertNoLeak(() => assert.deepEqual(floatToOnnx(model), floatToOnnx(model)));
  model.dispose();
});

test("ONNX Runtime gives tfjs's logits to 1e-4 on 1000 test images", async () => {
  const { model } = loadLeNet5(checkpoint);
  const dataset = take(digits().test, 1000);
  const logits = await runOnnx(floatToOnnx(model), Uint8Array.from(dataset.images.data.subarray(0, 784_000)));
  assertClose(logits, evaluate(model, dataset).logits, 1e-4);
  model.dispose();
});

test("ONNX Runtime agrees with tfjs where axes differ, windows are uneven, padding is not symmetric and a batch normalisation is folded", async () => {
  const shape: [number, number, number] = [9, 14, 3];
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({ inputShape: shape, filters: 4, kernelSize: [2, 5], strides: [1, 2], padding: "same" }),
      tf.layers.batchNormalization({
        gammaInitializer: "randomNormal",
        betaInitializer: "randomNormal",
        movingMeanInitializer: "randomNormal",
        movingVarianceInitializer: tf.initializers.randomUniform({ minval: 0.5, maxval: 2 }),
      }),
      tf.layers.reLU(),
      tf.layers.maxPooling2d({ poolSize: [3, 2], strides: [2, 1], padding: "same" }),
      tf.layers.averagePooling2d({ poolSize: [2, 3], strides: 1, padding: "same" }),
      tf.layers.conv2d({ filters: 5, kernelSize: [3, 2], activation: "relu", useBias: false }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 7, biasInitializer: "randomNormal" }),
      tf.layers.activation({ activation: "relu" }),
      tf.layers.dense({ units: 3, useBias: false }),
    ],
  });
  const { pixels, images } = randomImages(shape, 5);
  const expected = model.predict(images) as tf.Tensor;
  const logits = await runOnnx(floatToOnnx(model), pixels, { shape: [3, 9, 14] });
  assertClose(logits, expected.dataSync(), 1e-5);
  tf.dispose([images, expected]);
  model.dispose();
});

test("floatToOnnx(model) refuses what it cannot write, by the layer's name and type", () => {
  const refused = (layer: tf.layers.Layer, message: RegExp) => {
    const model = tf.sequential({ layers: [tf.layers.inputLayer({ inputShape: [8, 8, 1] }), layer] });
    assert.throws(() => floatToOnnx(model), message);
    model.dispose();
  };
  const conv = { name: "layer", filters: 1, kernelSize: 3 };
  refused(
    tf.layers.globalAveragePooling2d({ name: "layer" }),
    /`layer` \(GlobalAveragePooling2D\).*got GlobalAveragePooling2D: use an AveragePooling2D as large as the image/,
  );
  refused(
    tf.layers.conv2d({ ...conv, activation: "tanh" }),
    /`layer` \(Conv2D\): expected activation relu or linear, got tanh/,
  );
  refused(tf.layers.conv2d({ ...conv, dilationRate: 2 }), /`layer` \(Conv2D\): expected `dilationRate` 1, got 2/);
  refused(
    tf.layers.conv2d({ ...conv, dataFormat: "channelsFirst", padding: "same" }),
    /`dataFormat` channelsLast, got channelsFirst/,
  );
  refused(tf.layers.reLU({ name: "layer", maxValue: 6 }), /`layer` \(ReLU\): expected no `maxValue`, got 6/);
  refused(
    tf.layers.activation({ name: "layer", activation: "sigmoid" }),
    /`layer` \(Activation\): expected activation relu or linear, got sigmoid/,
  );
  refused(
    tf.layers.dense({ name: "layer", units: 2 }),
    /`layer` \(Dense\): expected rows of numbers as input, got 3 axes: put a Flatten before it/,
  );
  const { inputs, outputs } = buildLeNet5();
  assert.throws(() => floatToOnnx(tf.model({ name: "graph", inputs, outputs })), /a Sequential.*got the model `graph`/);
});

test("decodeOnnx(bytes) refuses bytes that are no ONNX model", () => {
  assert.throws(() => decodeOnnx(Uint8Array.of()), /ONNX model with a graph in 0 bytes/);
  assert.throws(() => decodeOnnx(Uint8Array.of(255, 255, 255)), /bytes of an ONNX model, got 3 others/);
  const bytes = floatToOnnx(buildLeNet5());
  assert.throws(() => decodeOnnx(bytes.subarray(0, bytes.length - 9)), /bytes of an ONNX model/);
});
