import assert from "node:assert/strict";
import { test } from "node:test";
import { random } from "../../lib/src/common/random";
import { largestCode } from "../../lib/src/int8/model";
import { channelScales, fakeQuantize, fakeQuantizePerChannel, quantizationOf } from "../../lib/src/quantize/fake-quant";
import { tf } from "../../lib/src/tensors/tensorflow";
import { assertNoLeak, assertSameBits } from "../helpers/assertions";

const source = random(3);
const normals = (count: number, deviation = 2) =>
  Float32Array.from({ length: count }, () => source.normal(0, deviation));
const { fround } = Math;

/** One number through codes 0 … 255, in the float32 arithmetic of the definition. */
function byHand(x: number, min: number, max: number, bits = 8): number {
  const { scale, zeroPoint } = quantizationOf(min, max, { bits });
  const [low, high] = [fround(-zeroPoint * scale), fround((2 ** bits - 1 - zeroPoint) * scale)];
  const clamped = Math.max(low, Math.min(high, x));
  const aboveZero = fround(fround(fround(clamped - low) / scale) - zeroPoint);
  return fround(Math.floor(fround(aboveZero + 0.5)) * scale);
}

const gradientAt = (x: Float32Array, options: Parameters<typeof fakeQuantize>[1]) =>
  tf.tidy(() => {
    const upstream = tf.tensor1d(Float32Array.from(x, (_, i) => i + 1));
    return tf.grad((input: tf.Tensor) => tf.sum(tf.mul(fakeQuantize(input, options), upstream)))(tf.tensor1d(x));
  });

test("fakeQuantize(x, {min, max}) is scalar arithmetic to the last bit, and quantizationOf(min, max) its scale and zero point", () => {
  for (let trial = 0; trial < 60; trial++) {
    const [min, max] = [fround(-source.uniform(0, trial % 3)), fround(source.uniform(0.01, 6))];
    const bits = [8, 8, 6, 4, 2][trial % 5] as number;
    const x = normals(200);
    const actual = tf.tidy(() => fakeQuantize(tf.tensor1d(x), { min, max, bits }).dataSync()) as Float32Array;
    // adding 0 turns −0 into 0: the kernel gives either
    assertSameBits(
      actual.map((y) => y + 0),
      x.map((y) => byHand(y, min, max, bits) + 0),
    );
    const { scale, zeroPoint } = quantizationOf(min, max, { bits });
    assert.ok(actual.every((y) => fround(Math.round(y / scale) * scale) === y));
    assert.ok(actual.every((y) => y / scale > -zeroPoint - 0.5 && y / scale < 2 ** bits - zeroPoint - 0.5));
  }
});

test("fakeQuantize(x, {min, max}) keeps 0, even where rounding would not", () => {
  for (const [min, max] of [
    [0, 1],
    [-0.3, 2.7],
    [-1, 0],
    [-3.33, 0.001],
  ] as const) {
    assert.equal(tf.tidy(() => fakeQuantize(tf.tensor1d([0]), { min, max }).dataSync()[0]) === 0, true);
  }
});

test("fakeQuantize(pixels, {min: 0, max: 1}) changes no pixel that came from a byte by more than the last bit", () => {
  const pixels = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);
  const { scale, zeroPoint } = quantizationOf(0, 1);
  assert.deepEqual({ scale, zeroPoint }, { scale: fround(1 / 255), zeroPoint: 0 });
  const actual = tf.tidy(() => fakeQuantize(tf.tensor1d(pixels), { min: 0, max: 1 }).dataSync()) as Float32Array;
  assertSameBits(
    actual,
    pixels.map((_, byte) => fround(byte * scale)),
  );
});

test("fakeQuantize has the gradient of a straight line within the range and none outside", () => {
  const x = normals(300);
  const [min, max] = [-1.3, 2.2];
  const { scale, zeroPoint } = quantizationOf(min, max);
  const [low, high] = [fround(-zeroPoint * scale), fround((255 - zeroPoint) * scale)];
  const expected = x.map((y, i) => (y >= low && y <= high ? i + 1 : 0));
  assert.ok(expected.includes(0));
  const gradient = gradientAt(x, { min, max });
  assertSameBits(gradient.dataSync() as Float32Array, expected);
  gradient.dispose();
});

test("fakeQuantize(x, {narrow: true}) leaves out one code", () => {
  const x = tf.linspace(-1, 1, 1001);
  const codes = (narrow: boolean) => new Set(fakeQuantize(x, { min: -1, max: 1, bits: 3, narrow }).dataSync()).size;
  tf.tidy(() => assert.deepEqual([codes(true), codes(false)], [7, 8]));
  x.dispose();
});

test("fakeQuantize and quantizationOf refuse ranges without 0 and bits that are not", () => {
  const x = tf.tensor1d([1]);
  for (const [min, max] of [
    [0.1, 1],
    [-1, -0.1],
    [0, Number.NaN],
    [0, Number.POSITIVE_INFINITY],
  ] as const) {
    assert.throws(() => fakeQuantize(x, { min, max }), /^RangeError: Expected finite `min` ≤ 0 ≤ `max`, got/);
    assert.throws(() => quantizationOf(min, max), /^RangeError: Expected finite `min` ≤ 0 ≤ `max`, got/);
  }
  for (const bits of [1, 17, 2.5])
    assert.throws(() => fakeQuantize(x, { min: 0, max: 1, bits }), /`bits` to be a whole number in 2 … 16, got/);
  assert.throws(() => fakeQuantizePerChannel(x, { bits: 9 }), /`bits` to be a whole number in 2 … 8, got 9/);
  assert.throws(() => quantizationOf(0, 0), /^RangeError: Expected `min` below `max`, got 0 and 0: nothing but 0/);
  x.dispose();
});

test("quantizationOf(min, max) gives a zero point of 0 without sign for outputs of ReLU, 255 for none above 0", () => {
  assert.ok(Object.is(quantizationOf(0, 3).zeroPoint, 0));
  assert.equal(quantizationOf(-3, 0).zeroPoint, 255);
  assert.deepEqual(quantizationOf(-1, 3), { scale: fround(4 / 255), zeroPoint: 64 });
});

test("fakeQuantizePerChannel(weights) rounds each channel to codes −Q … Q of its own scale", () => {
  const cases: [number[], number][] = [
    [[5, 5, 3, 4], 8],
    [[30, 6], 8],
    [[30, 6], 4],
    [[30, 6], 2],
    [[7], 8],
  ];
  for (const [shape, bits] of cases) {
    const channels = shape.at(-1) as number;
    const values = normals(
      shape.reduce((product, length) => product * length, 1),
      0.1,
    );
    const [actual, scales] = tf.tidy(() => {
      const weights = tf.tensor(values, shape);
      return [fakeQuantizePerChannel(weights, { bits }).dataSync(), channelScales(weights, { bits }).dataSync()];
    });
    for (let c = 0; c < channels; c++) {
      const channel = values.filter((_, i) => i % channels === c);
      assert.equal(scales[c], fround(Math.max(...channel.map(Math.abs)) / largestCode(bits)));
    }
    const codes = Array.from(actual, (w, i) => Math.round(w / (scales[i % channels] as number)));
    assert.equal(Math.max(...codes.map(Math.abs)), largestCode(bits));
    values.forEach((w, i) => {
      const scale = scales[i % channels] as number;
      assert.equal(actual[i], fround((codes[i] as number) * scale));
      assert.ok(Math.abs(w - (actual[i] as number)) <= scale * 0.50001);
    });
  }
});

test("fakeQuantizePerChannel gives a channel of zeros, or nearly so, no NaN but zeros and a scale", () => {
  tf.tidy(() => {
    const weights = tf.tensor2d([
      [0, 1, 1e-9],
      [0, -2, 0],
    ]);
    const rounded = Array.from(fakeQuantizePerChannel(weights).dataSync(), (w) => w + 0);
    assert.deepEqual(rounded, [0, fround(64 * fround(2 / 127)), 0, 0, -2, 0]);
    assert.deepEqual(Array.from(channelScales(weights).dataSync()), [1 / 127, 2 / 127, 1 / 127].map(fround));
  });
});

test("fakeQuantizePerChannel passes the gradient on, to the largest weights too", () => {
  const values = normals(400);
  const upstream = normals(400);
  const gradient = tf.tidy(() => {
    const loss = (w: tf.Tensor) => tf.sum(tf.mul(fakeQuantizePerChannel(w), tf.tensor2d(upstream, [2, 200])));
    return tf
      .grad(loss)(tf.tensor2d(values, [2, 200]))
      .dataSync();
  });
  assertSameBits(gradient as Float32Array, upstream);
});

test("fakeQuantize, fakeQuantizePerChannel and channelScales make one tensor each, and none that outlives a gradient", async () => {
  const x = tf.tensor2d(normals(20), [5, 4]);
  await assertNoLeak(() => fakeQuantize(x, { min: -1, max: 1 }).dispose());
  await assertNoLeak(() => fakeQuantizePerChannel(x).dispose());
  await assertNoLeak(() => channelScales(x).dispose());
  await assertNoLeak(() =>
    tf
      .grad((y: tf.Tensor) => fakeQuantize(y, { min: -1, max: 1 }))(x)
      .dispose(),
  );
  await assertNoLeak(() =>
    tf
      .grad((y: tf.Tensor) => fakeQuantizePerChannel(y))(x)
      .dispose(),
  );
  x.dispose();
});
