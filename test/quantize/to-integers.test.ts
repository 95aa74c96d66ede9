import assert from "node:assert/strict";
import { test } from "node:test";
import { random } from "../../lib/src/common/random";
import { type Dataset, take } from "../../lib/src/data/dataset";
import { inferInt8 } from "../../lib/src/int8/engine";
import type { QuantizedModel } from "../../lib/src/int8/model";
import { predictionsOf } from "../../lib/src/metrics/accuracy";
import { loadLeNet5 } from "../../lib/src/network/checkpoint";
import { evaluate } from "../../lib/src/network/evaluate";
import { buildLeNet5 } from "../../lib/src/network/lenet";
import { quantizationOf } from "../../lib/src/quantize/fake-quant";
import { fakeQuantized, type QuantizedTrainable } from "../../lib/src/quantize/qat";
import { calibrate } from "../../lib/src/quantize/ranges";
import { accumulatorBounds, toIntegers } from "../../lib/src/quantize/to-integers";
import { tf } from "../../lib/src/tensors/tensorflow";
import { assertClose, assertNoLeak, assertSameBits } from "../helpers/assertions";
import { digits, noise, someDigits } from "../helpers/data";
import { inferSlowly } from "../helpers/infer-slowly";
import { checkpoint } from "../helpers/quantized-lenet";

const { fround } = Math;
const trained = () => loadLeNet5(checkpoint).model;

/** Converts a model, calibrated on `data`, and hands both over before it frees them. */
function withConverted<T>(
  model: tf.Sequential,
  data: Dataset<"train">,
  look: (integers: QuantizedModel, network: QuantizedTrainable) => T,
  weightBits = 8,
): T {
  const network = fakeQuantized(model, { ranges: calibrate(model, data), weightBits });
  try {
    return look(toIntegers(network), network);
  } finally {
    network.dispose();
  }
}

/** The largest difference of logits in integers and in fake quantisation, over the images of a data set. */
function largestDifference(integers: QuantizedModel, network: QuantizedTrainable, data: Dataset): number {
  const { logits } = evaluate(network.infer, data);
  const [n, height, width] = data.images.shape as [number, number, number];
  let largest = 0;
  for (let i = 0; i < n; i++) {
    const pixels = Uint8Array.from({ length: height * width }, (_, p) =>
      data.images.get(i, Math.floor(p / width), p % width),
    );
    inferSlowly(integers, pixels, "float").logits.forEach((logit, c) => {
      largest = Math.max(largest, Math.abs(logit - (logits[i * data.classes + c] as number)));
    });
  }
  return largest;
}

test("toIntegers(network) is what was trained: integer logits by nested loops agree with fake quantisation", () => {
  const model = trained();
  const few = take(digits().test, 6);
  // logits reach 10 and more; an activation that float32 puts on the other side of a half moves them by hundredths
  for (const bits of [8, 4, 2]) {
    const largest = withConverted(model, someDigits(200), (...both) => largestDifference(...both, few), bits);
    assert.ok(largest < 0.3, `${bits} bits: ${largest}`);
  }
  model.dispose();
});

test("toIntegers(network) takes layers without ReLU, strides, pools that overlap and images of any size", () => {
  const { layers } = tf;
  const model = tf.sequential({
    layers: [
      layers.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: "same", inputShape: [9, 9, 1] }),
      layers.maxPooling2d({ poolSize: 3, strides: 1, padding: "same" }),
      layers.averagePooling2d({ poolSize: [2, 3], strides: 1, padding: "same" }),
      layers.conv2d({ filters: 5, kernelSize: 2, padding: "same" }),
      layers.flatten(),
      layers.dense({ units: 10 }),
      layers.reLU(),
      layers.dense({ units: 10 }),
    ],
  });
  const source = random(4);
  tf.tidy(() => {
    const draw = (size: number) => Float32Array.from({ length: size }, () => source.normal(0, 0.3));
    model.setWeights(model.getWeights().map(({ shape, size }) => tf.tensor(draw(size), shape)));
  });
  const data = noise("train", { count: 30, size: 9 });
  withConverted(model, data, (integers, network) => {
    const [conv] = integers.layers;
    assert.ok(conv?.kind === "conv2d" && conv.output.zeroPoint > 0 && !conv.relu);
    const spread = evaluate(network.infer, data).logits.reduce((most, logit) => Math.max(most, Math.abs(logit)), 0);
    const largest = largestDifference(integers, network, data);
    assert.ok(largest < 0.02 * spread, `${largest} of ${spread}`);
  });
  model.dispose();
});

test("toIntegers(network) recognises 500 images as fake quantisation does when LeNet-5 pools averages", () => {
  const [shipped, model] = [trained(), buildLeNet5({ pooling: "average" })];
  model.setWeights(shipped.getWeights());
  const images = take(digits().test, 500);
  withConverted(model, someDigits(200), (integers, network) => {
    const pools = integers.layers.filter(({ kind }) => kind === "averagePool2d").map(({ name }) => name);
    assert.deepEqual(pools, ["pool1", "pool2"]);
    const { logits, correct } = evaluate(network.infer, images);
    const ours = inferInt8(integers, Uint8Array.from(images.images.data.subarray(0, 500 * 784)));
    assert.deepEqual(predictionsOf(ours, { classes: 10 }), predictionsOf(logits, { classes: 10 }));
    assert.ok(correct > 480, `${correct} of 500`);
    assertClose(ours, logits, 0.3);
  });
  shipped.dispose();
  model.dispose();
});

test("toIntegers(network) rounds biases half to even in units of input scale × weight scale", () => {
  const model = buildLeNet5({ seed: 1 });
  const network = fakeQuantized(model, { ranges: calibrate(model, noise("train")) });
  const [input, { scales }] = [fround(1 / 255), network.weights().conv1 as { scales: Float32Array }];
  const unit = Array.from(scales, (scale) => fround(input * scale));
  // of the halves only these are exact in float32
  const factors = [0.5, -0.5, 1.4, 1.6, -2.7, 100.4];
  const bias = tf.tensor1d(factors.map((factor, c) => factor * (unit[c] as number)));
  (network.variables[1] as tf.Variable).assign(bias);
  bias.dispose();
  const { layers } = toIntegers(network);
  assert.ok(layers[0]?.kind === "conv2d");
  assert.deepEqual(
    Array.from(layers[0].bias, (b) => b + 0),
    [0, 0, 1, 2, -3, 100],
  );
  assertSameBits(layers[0].scales, scales);
  network.dispose();
  model.dispose();
});

test("toIntegers(network) gives scales and zero points of the ranges, and raw pixels as input", () => {
  const model = buildLeNet5({ seed: 1 });
  withConverted(model, noise("train"), (integers, network) => {
    assert.deepEqual(integers.input, { scale: fround(1 / 255), zeroPoint: 0 });
    assert.deepEqual(integers.inputShape, [28, 28, 1]);
    const ranges = network.ranges();
    const kinds = integers.layers.map((layer) => {
      if (layer.kind !== "conv2d" && layer.kind !== "dense") return layer.kind;
      const range = ranges[layer.name];
      assert.deepEqual(layer.output, range && quantizationOf(range.min, range.max));
      assert.deepEqual([layer.bits, layer.relu], [8, layer.name !== "logits"]);
      return layer.kind;
    });
    assert.deepEqual(
      kinds,
      network.model.layers.map(({ kind }) => kind),
    );
    assert.ok(!("output" in (integers.layers.at(-1) as object)));
  });
  model.dispose();
});

test("sums of the trained LeNet-5 stay below 2^24, where float32 is exact", () => {
  const model = trained();
  withConverted(model, someDigits(200), (integers) => {
    const bounds = accumulatorBounds(integers);
    assert.deepEqual(Object.keys(bounds), ["conv1", "conv2", "dense1", "dense2", "logits"]);
    for (const bound of Object.values(bounds)) assert.ok(bound > 1e5 && bound < 2 ** 24, String(bound));
    const [conv1] = integers.layers;
    assert.ok(conv1?.kind === "conv2d");
    const byHand = Array.from(conv1.bias, (bias, filter) => {
      let sum = Math.abs(bias);
      for (let i = filter; i < conv1.kernel.length; i += 6) sum += 255 * Math.abs(conv1.kernel[i] as number);
      return sum;
    });
    assert.equal(bounds.conv1, Math.max(...byHand));
  });
  model.dispose();
});

test("accumulatorBounds(model) takes layers of any width", () => {
  const units = 300_000;
  const arrays = {
    kernel: new Int8Array(units).fill(1),
    bias: new Int32Array(units),
    scales: new Float32Array(units).fill(1),
  };
  const bounds = accumulatorBounds({
    inputShape: [1, 1, 1],
    input: { scale: 1, zeroPoint: 0 },
    layers: [{ kind: "dense", name: "wide", ...arrays, bits: 8, relu: false }],
  });
  assert.deepEqual(bounds, { wide: 255 });
});

test("toIntegers(network) refuses sums that could leave int32, layers without a range or dead, and other activations", () => {
  const model = buildLeNet5({ seed: 1 });
  const ranges = calibrate(model, noise("train"));
  const converted = (options: Parameters<typeof fakeQuantized>[1], bias?: number) => {
    const network = fakeQuantized(model, options);
    try {
      const large = tf.fill([6], bias ?? 0);
      (network.variables[1] as tf.Variable).assign(large);
      large.dispose();
      return toIntegers(network);
    } finally {
      network.dispose();
    }
  };
  assert.throws(() => converted({ ranges }, 1e9), /^RangeError: Expected biases of `conv1` that fit into int32, got/);
  // the bias alone fits, bias and weights together do not
  const { layers } = converted({ ranges });
  assert.ok(layers[0]?.kind === "conv2d");
  const unit = fround(fround(1 / 255) * Math.min(...layers[0].scales));
  assert.throws(
    () => converted({ ranges }, (2 ** 31 - 1000) * unit),
    /^RangeError: conv1: expected accumulators within int32, but channel \d may reach 2\d{9}: its scale is too small for its bias; train with less weight decay/,
  );
  assert.throws(
    () => converted({}),
    /^Error: Expected a range of the outputs of `conv1`, got none: calibrate or train/,
  );
  const dead = { ...ranges, dense1: { min: 0, max: 0 } };
  assert.throws(
    () => converted({ ranges: dead }),
    /^Error: Expected `dense1` to give other outputs than 0: it is dead/,
  );
  assert.throws(() => converted({ ranges, activationBits: 4 }), /^RangeError: Expected `activationBits` 8, got 4/);
  model.dispose();
});

test("toIntegers(network) refuses a NaN or an infinity in any of its variables and ranges, by the layer's name", () => {
  const model = buildLeNet5({ seed: 1 });
  const ranges = calibrate(model, noise("train"));
  const names = ["conv1", "conv2", "dense1", "dense2", "logits"];
  for (const weightScales of ["largest", "learned"] as const) {
    const network = fakeQuantized(model, { ranges, weightScales, weightBits: 4 });
    const each = weightScales === "learned" ? 3 : 2;
    assert.equal(network.variables.length, 5 * each);
    for (const [i, variable] of (network.variables as tf.Variable[]).entries()) {
      const before = tf.clone(variable);
      for (const wrong of [Number.NaN, Number.NEGATIVE_INFINITY]) {
        const values = before.dataSync().slice();
        values[values.length - 1] = wrong;
        const damaged = tf.tensor(values, variable.shape);
        variable.assign(damaged);
        damaged.dispose();
        const name = names[Math.floor(i / each)];
        const message = new RegExp(`^Error: Expected finite weights of \`${name}\`, got ${wrong}: training has failed`);
        assert.throws(() => toIntegers(network), message);
      }
      variable.assign(before);
      before.dispose();
    }
    toIntegers(network);
    network.dispose();
  }
  for (const range of [
    { min: Number.NaN, max: Number.NaN },
    { min: 0, max: Number.POSITIVE_INFINITY },
  ]) {
    assert.throws(
      () => fakeQuantized(model, { ranges: { ...ranges, dense1: range } }),
      /^RangeError: Expected finite `min` ≤ 0 ≤ `max` in the range of `dense1`, got /,
    );
    // as after training that has failed
    const network = fakeQuantized(model, { ranges });
    network.state?.restore?.({
      step: 1,
      ranges: names.slice(0, 4).map((name) => (name === "dense1" ? range : ranges[name])),
    });
    assert.throws(
      () => toIntegers(network),
      /^Error: Expected finite outputs of `dense1`, got a range from \S+ to \S+: /,
    );
    network.dispose();
  }
  model.dispose();
});

test("toIntegers(network) leaves no tensor behind", async () => {
  const model = buildLeNet5();
  const network = fakeQuantized(model, { ranges: calibrate(model, noise("train")), weightBits: 4 });
  await assertNoLeak(() => toIntegers(network));
  network.dispose();
  model.dispose();
});
