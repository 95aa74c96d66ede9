import assert from "node:assert/strict";
import { test } from "node:test";
import { random } from "../../lib/src/common/random";
import {
  fixedPoint,
  multiplyByFixedPoint,
  requantizer,
  roundHalfToEven,
  roundingDivideByPowerOfTwo,
  saturatingRoundingDoublingHighMultiply,
} from "../../lib/src/int8/requantize";

test("roundHalfToEven(value) takes the even one of two equally near numbers", () => {
  const cases: [number, number][] = [
    [0.5, 0],
    [1.5, 2],
    [2.5, 2],
    [3.5, 4],
    [-0.5, 0],
    [-1.5, -2],
    [-2.5, -2],
    [254.5, 254],
    [0.49999997, 0],
    [0.5000001, 1],
    [-0.5000001, -1],
    [-1e-20, 0],
    [7, 7],
    [-7, -7],
    [8388607.5, 8388608],
    [2 ** 31, 2 ** 31],
    [-(2 ** 40), -(2 ** 40)],
  ];
  for (const [value, expected] of cases) assert.equal(roundHalfToEven(value), expected, String(value));
});

test("roundHalfToEven(value) is the nearest number whatever the value", () => {
  const source = random(1);
  for (let i = 0; i < 2000; i++) {
    const value = source.uniform(-300, 300);
    assert.equal(roundHalfToEven(value), Math.round(value) + 0, String(value));
  }
});

/** As gemmlowp defines it, in 64-bit integers; BigInt divides towards 0 as C does. */
function highMultiplyReference(a: number, b: number): number {
  if (a === -(2 ** 31) && b === a) return 2 ** 31 - 1;
  const product = BigInt(a) * BigInt(b);
  const nudge = product >= 0n ? 1n << 30n : 1n - (1n << 30n);
  return Number((product + nudge) / (1n << 31n));
}

const extremes = [0, 1, -1, 2, -2, 2 ** 30, -(2 ** 30), 2 ** 31 - 1, -(2 ** 31), 65535, 65536, -65535, -65536, -65537];

test("saturatingRoundingDoublingHighMultiply(a, b) agrees with 64-bit arithmetic", () => {
  const source = random(2);
  const any = () => source.integer(-(2 ** 31), 2 ** 31 - 1) >> source.integer(0, 30);
  const pairs = extremes.flatMap((a) => extremes.map((b) => [a, b] as const));
  for (let i = 0; i < 20_000; i++) pairs.push([any(), any()]);
  // products that end in exactly one half, of either sign
  for (let odd = -31; odd <= 31; odd += 2) pairs.push([odd, 2 ** 30]);
  for (const [a, b] of pairs)
    assert.equal(saturatingRoundingDoublingHighMultiply(a, b) + 0, highMultiplyReference(a, b), `${a} × ${b}`);
});

test("roundingDivideByPowerOfTwo(value, exponent) agrees with gemmlowp's masks", () => {
  const source = random(3);
  const values = [...extremes, ...Array.from({ length: 500 }, () => source.integer(-(2 ** 31), 2 ** 31 - 1))];
  values.push(...Array.from({ length: 41 }, (_, i) => i - 20));
  for (const value of values)
    for (let exponent = 0; exponent <= 31; exponent++) {
      const mask = (1n << BigInt(exponent)) - 1n;
      const threshold = (mask >> 1n) + (value < 0 ? 1n : 0n);
      const remainder = BigInt(value) & mask;
      const expected = Number((BigInt(value) >> BigInt(exponent)) + (remainder > threshold ? 1n : 0n));
      assert.equal(roundingDivideByPowerOfTwo(value, exponent), expected, `${value} / 2^${exponent}`);
    }
});

test("fixedPoint(real) is a multiplier of 31 bits and a shift", () => {
  assert.deepEqual(fixedPoint(0.5), { multiplier: 2 ** 30, shift: 0 });
  assert.deepEqual(fixedPoint(1), { multiplier: 2 ** 30, shift: 1 });
  assert.deepEqual(fixedPoint(0.75), { multiplier: 3 * 2 ** 29, shift: 0 });
  assert.deepEqual(fixedPoint(3 * 2 ** -20), { multiplier: 3 * 2 ** 29, shift: -18 });
  assert.deepEqual(fixedPoint(2 ** -32), { multiplier: 2 ** 30, shift: -31 });
  assert.deepEqual(fixedPoint(2 ** -33), { multiplier: 0, shift: 0 }, "too small to matter");
  assert.deepEqual(fixedPoint(1 - 2 ** -40), { multiplier: 2 ** 30, shift: 1 }, "rounds up to 1");
  for (const real of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
    assert.throws(() => fixedPoint(real), /^RangeError: Expected `real` to be a finite number above 0, got/);
  const source = random(4);
  for (let i = 0; i < 500; i++) {
    const real = 2 ** source.uniform(-20, 10);
    const { multiplier, shift } = fixedPoint(real);
    assert.ok(Number.isInteger(multiplier) && multiplier >= 2 ** 30 && multiplier < 2 ** 31);
    assert.ok(Math.abs((multiplier * 2 ** (shift - 31)) / real - 1) <= 2 ** -31);
  }
});

test("multiplyByFixedPoint(value, multiplier) is within 1 of the real product, and saturates", () => {
  const source = random(5);
  for (let i = 0; i < 2000; i++) {
    const real = 2 ** source.uniform(-16, 3);
    const value = source.integer(-(2 ** 26), 2 ** 26);
    const product = multiplyByFixedPoint(value, fixedPoint(real));
    assert.ok(Math.abs(product - value * real) <= 1, `${value} × ${real}`);
  }
  assert.equal(multiplyByFixedPoint(2 ** 30, fixedPoint(2 ** 20)), 2 ** 30, "half of the largest int32, rounded up");
  assert.equal(multiplyByFixedPoint(-(2 ** 30), fixedPoint(2 ** 20)), -(2 ** 30));
});

for (const mode of ["float", "fixed"] as const) {
  test(`requantizer(layer, inputScale, "${mode}") saturates at both ends, and after a ReLU at the zero point`, () => {
    const layer = { scales: Float32Array.of(0.25, 2), output: { scale: 1, zeroPoint: 100 }, relu: false };
    const linear = requantizer(layer, 1, mode);
    const relu = requantizer({ ...layer, relu: true }, 1, mode);
    const accumulators = [-(2 ** 31), -404, -400, -396, 0, 4, 616, 620, 624, 2 ** 31 - 1];
    assert.deepEqual(
      accumulators.map((accumulator) => linear(accumulator, 0) + 0),
      [0, 0, 0, 1, 100, 101, 254, 255, 255, 255],
    );
    assert.deepEqual(
      accumulators.map((accumulator) => relu(accumulator, 0)),
      [100, 100, 100, 100, 100, 101, 254, 255, 255, 255],
    );
    assert.deepEqual([linear(10, 1), linear(-10, 1)], [120, 80], "the multiplier of the channel");
  });
}

test("requantizer(layer, inputScale, mode) rounds halves before it adds the zero point", () => {
  const layer = { scales: Float32Array.of(0.5), output: { scale: 1, zeroPoint: 11 }, relu: false };
  const halves = [-5, -3, -1, 1, 3, 5];
  const values = (mode: "float" | "fixed") => halves.map((accumulator) => requantizer(layer, 1, mode)(accumulator, 0));
  assert.deepEqual(values("float"), [11 - 2, 11 - 2, 11, 11, 11 + 2, 11 + 2], "half to even");
  assert.deepEqual(values("fixed"), [11 - 2, 11 - 1, 11, 11 + 1, 11 + 2, 11 + 3], "halves up");
});

test('requantizer(layer, inputScale, "float") rounds every step to float32', () => {
  const toEven = (value: number) => (value % 1 === 0.5 ? 2 * Math.round(value / 2) : Math.round(value));
  // chosen so that float64, in the product alone or in all steps, gives another number for some accumulators
  const [inputScale, weightScale, scale] = [1 / 255, 0.0139, 0.0371].map(Math.fround) as [number, number, number];
  const layer = { scales: Float32Array.of(weightScale), output: { scale, zeroPoint: 0 }, relu: false };
  const requantize = requantizer(layer, inputScale, "float");
  const steps = new Float32Array(3);
  steps[0] = inputScale * weightScale;
  steps[1] = (steps[0] as number) / scale;
  const multiplier = steps[1] as number;
  const others = { product: 0, all: 0 };
  for (let accumulator = 0; accumulator * multiplier < 255; accumulator++) {
    steps[2] = accumulator * multiplier;
    const expected = toEven(steps[2] as number);
    assert.equal(requantize(accumulator, 0), expected, String(accumulator));
    if (toEven(accumulator * multiplier) !== expected) others.product++;
    if (toEven((accumulator * inputScale * weightScale) / scale) !== expected) others.all++;
  }
  assert.ok(others.product > 0 && others.all > 0, "float64 rounds the same: the test shows nothing");
});
