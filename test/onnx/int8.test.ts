import assert from "node:assert/strict";
import { test } from "node:test";
import { random } from "../../lib/src/common/random";
import { inferInt8 } from "../../lib/src/int8/engine";
import type { QuantizedDense, QuantizedLayer, QuantizedModel } from "../../lib/src/int8/model";
import { buildLeNet5 } from "../../lib/src/network/lenet";
import { int8ToOnnx } from "../../lib/src/onnx/export";
import { decodeOnnx, onnxTypes } from "../../lib/src/onnx/format";
import { runOnnx } from "../../lib/src/onnx/runtime";
import { fakeQuantized } from "../../lib/src/quantize/qat";
import { calibrate } from "../../lib/src/quantize/ranges";
import { toIntegers } from "../../lib/src/quantize/to-integers";
import { assertSameBits } from "../helpers/assertions";
import { digits, someDigits } from "../helpers/data";
import { sample } from "../helpers/full";
import { quantizedLeNet5 } from "../helpers/quantized-lenet";
import { randomQuantized } from "../helpers/random-quantized";

const testPixels = (count: number) => Uint8Array.from(digits().test.images.data.subarray(0, count * 784));

const model = quantizedLeNet5();

/** LeNet-5 with average pooling, untrained, in integers. */
function averagingLeNet5(): QuantizedModel {
  const float = buildLeNet5({ pooling: "average", seed: 3 });
  const network = fakeQuantized(float, { ranges: calibrate(float, someDigits(200)) });
  const integers = toIntegers(network);
  network.dispose();
  float.dispose();
  return integers;
}

/** A random network that can be exported: where there is a ReLU, its outputs begin at code 0. */
function exportable(seed: number): QuantizedModel {
  const network = randomQuantized(seed);
  const layers = network.layers.map((layer) =>
    "relu" in layer && layer.relu && layer.output ? { ...layer, output: { ...layer.output, zeroPoint: 0 } } : layer,
  );
  return { ...network, layers };
}

/** From [n, height, width, channels] to [n, channels, height, width]. */
function channelsFirst(pixels: Uint8Array, [height, width, channels]: readonly [number, number, number]): Uint8Array {
  const size = height * width * channels;
  return Uint8Array.from(pixels, (_, i) => {
    const [image, channel, place] = [
      Math.floor(i / size),
      Math.floor((i % size) / (height * width)),
      i % (height * width),
    ];
    return pixels[image * size + place * channels + channel] as number;
  });
}

test(`ONNX Runtime and inferInt8 give the same bits for ${sample("all 10,000", "1,000")} test images`, async () => {
  const pixels = testPixels(sample(10_000, 1000));
  assertSameBits(await runOnnx(int8ToOnnx(model), pixels), inferInt8(model, pixels));
});

test("the bits do not depend on the form of the input, the batch, the threads or the optimisation beyond extended", async () => {
  const pixels = testPixels(200);
  const expected = inferInt8(model, pixels);
  const float = int8ToOnnx(model);
  assertSameBits(await runOnnx(int8ToOnnx(model, { input: "uint8" }), pixels), expected);
  assertSameBits(await runOnnx(float, pixels, { batchSize: 1 }), expected);
  assertSameBits(await runOnnx(float, pixels, { threads: 2 }), expected);
  assertSameBits(await runOnnx(float, pixels, { optimization: "extended" }), expected);
});

test("without fusion ONNX Runtime computes between the roundings in float, and the bits differ", async () => {
  const pixels = testPixels(20);
  const logits = await runOnnx(int8ToOnnx(model), pixels, { optimization: "disabled" });
  const expected = inferInt8(model, pixels);
  assert.notDeepEqual(logits, expected);
  for (const [i, logit] of logits.entries()) assert.ok(Math.abs(logit - (expected[i] as number)) < 0.1);
});

test("ONNX Runtime and inferInt8 give the same bits for random networks with zero points and padding", async () => {
  let averages = 0;
  for (let seed = 0; seed < sample(120, 60); seed++) {
    const network = exportable(seed);
    averages += network.layers.filter(({ kind }) => kind === "averagePool2d").length;
    const [height, width, channels] = network.inputShape;
    const source = random(seed, 1);
    const pixels = Uint8Array.from({ length: 20 * height * width * channels }, () => source.integer(0, 255));
    const file = int8ToOnnx(network, { input: "uint8" });
    const shape = [channels, height, width];
    const logits = await runOnnx(file, channelsFirst(pixels, network.inputShape), { shape });
    assertSameBits(logits, inferInt8(network, pixels), `of seed ${seed}`);
  }
  assert.ok(averages > sample(20, 10), `only ${averages} layers of average pooling`);
});

test(`ONNX Runtime and inferInt8 give the same bits for ${sample("2,000", "500")} test images and a LeNet-5 with average pooling`, async () => {
  const [network, pixels] = [averagingLeNet5(), testPixels(sample(2000, 500))];
  assertSameBits(await runOnnx(int8ToOnnx(network), pixels), inferInt8(network, pixels));
});

test("ONNX Runtime and inferInt8 round averages of two numbers alike, whether the window is a part of the image or all of it", async () => {
  const weights = {
    kernel: Int8Array.of(1),
    bias: new Int32Array(1),
    scales: Float32Array.of(1),
    bits: 8,
    relu: false,
  };
  const pairs = Uint8Array.from({ length: 2 * 65_536 }, (_, i) => (i % 2 === 0 ? i >> 9 : i >> 1) & 255);
  // the second image is larger by a row that no window covers
  const images = {
    2: pairs,
    3: Uint8Array.from({ length: 3 * 65_536 }, (_, i) =>
      i % 3 < 2 ? (pairs[2 * Math.floor(i / 3) + (i % 3)] as number) : 0,
    ),
  };
  for (const scale of [0.0239, 1 / 255, 4.5 / 255].map(Math.fround)) {
    for (const zeroPoint of [0, 3, 255]) {
      for (const [height, pixels] of Object.entries(images)) {
        const network: QuantizedModel = {
          inputShape: [Number(height), 1, 1],
          input: { scale, zeroPoint },
          layers: [
            { kind: "averagePool2d", name: "pool", poolSize: [2, 1], strides: [2, 1], padding: "valid" },
            { kind: "flatten", name: "flatten" },
            { kind: "dense", name: "logits", ...weights },
          ],
        };
        const file = int8ToOnnx(network, { input: "uint8" });
        const logits = await runOnnx(file, pixels, { shape: [1, Number(height), 1], batchSize: 65_536 });
        assertSameBits(
          logits,
          inferInt8(network, pixels),
          `at scale ${scale}, zero point ${zeroPoint}, height ${height}`,
        );
      }
    }
  }
});

test("ONNX Runtime and inferInt8 give the same bits after a second flatten, which changes nothing", async () => {
  const layers = model.layers.flatMap((layer): QuantizedLayer[] =>
    layer.kind === "flatten" ? [layer, { ...layer, name: "again" }] : [layer],
  );
  const [twice, pixels] = [{ ...model, layers }, testPixels(20)];
  assertSameBits(await runOnnx(int8ToOnnx(twice), pixels), inferInt8(model, pixels));
});

test("int8ToOnnx(model) holds int8 kernels, int32 biases and a pair of quantisation nodes around every layer", () => {
  const { graph } = decodeOnnx(int8ToOnnx(model));
  const constants = Object.fromEntries(graph.initializer.map((tensor) => [tensor.name, tensor]));
  assert.deepEqual(constants["conv2/kernel"]?.dims, [16, 6, 5, 5]);
  assert.equal(constants["conv2/kernel"]?.dataType, onnxTypes.int8);
  assert.equal(constants["conv2/bias"]?.dataType, onnxTypes.int32);
  assert.deepEqual(constants["conv2/kernel/scales"]?.dims, [16]);
  assert.equal(constants["conv2/zeroPoint"]?.dataType, onnxTypes.uint8);
  assert.deepEqual(constants["conv2/scale"]?.dims, []);
  const chain = graph.node.filter(({ name }) => !/(kernel|bias)\/dequantize$/.test(name));
  assert.deepEqual(
    chain.map(({ opType }) => opType.replace("QuantizeLinear", "Q").replace("DequantizeLinear", "DQ")),
    "Q DQ Conv Relu Q DQ MaxPool Q DQ Conv Relu Q DQ MaxPool Q DQ Flatten Q DQ Gemm Relu Q DQ Gemm Relu Q DQ Gemm".split(
      " ",
    ),
  );
  assert.deepEqual([graph.input[0]?.name, graph.output[0]?.name], ["images", "logits"]);
});

test("int8ToOnnx(model) leaves padding out of averages, and quantises them as what they were made from", () => {
  const { graph } = decodeOnnx(int8ToOnnx(averagingLeNet5()));
  const node = (name: string) => graph.node.find((each) => each.name === name) ?? assert.fail(name);
  const pool = node("pool1/averagepool");
  assert.equal(pool.opType, "AveragePool");
  assert.equal(pool.attribute.find(({ name }) => name === "count_include_pad")?.i, 0);
  for (const half of ["quantize", "dequantize"])
    assert.deepEqual(node(`pool1/${half}`).input.slice(1), node(`conv1/${half}`).input.slice(1));
});

test('int8ToOnnx(model, {input: "uint8"}) takes raw pixels, which nothing quantises', () => {
  const { graph } = decodeOnnx(int8ToOnnx(model, { input: "uint8", name: "raw", batch: 1 }));
  assert.equal(graph.input[0]?.type.tensorType.elemType, onnxTypes.uint8);
  assert.deepEqual(graph.node[0]?.input, ["images", "images/scale", "images/zeroPoint"]);
  assert.equal(graph.node[0]?.opType, "DequantizeLinear");
  assert.equal(graph.name, "raw");
});

test("a bias scale is the float32 product of the input's scale and the kernel's", () => {
  const { graph } = decodeOnnx(int8ToOnnx(model));
  const { rawData } = graph.initializer.find(({ name }) => name === "logits/bias/scales") ?? assert.fail();
  const { scales } = model.layers.at(-1) as QuantizedDense;
  const { output } = model.layers.at(-2) as Required<QuantizedDense>;
  assert.deepEqual(
    new Float32Array(Uint8Array.from(rawData).buffer),
    scales.map((scale) => output.scale * scale),
  );
});

test("int8ToOnnx(model) says what is wrong with a model or an option", () => {
  const layers = model.layers.map((layer) =>
    layer.name === "dense1" ? { ...layer, output: { scale: Math.fround(0.1), zeroPoint: 3 } } : layer,
  ) as QuantizedModel["layers"];
  assert.throws(
    () => int8ToOnnx({ ...model, layers }),
    /zero point 0 after the ReLU of `dense1`, got 3: let its range/,
  );
  assert.throws(() => int8ToOnnx({ ...model, layers: model.layers.slice(0, -1) }), /last layer/);
  assert.throws(() => int8ToOnnx(model, { input: "int4" as "uint8" }), /`input` to be float or uint8, got int4/);
});
