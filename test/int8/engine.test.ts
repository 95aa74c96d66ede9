import assert from "node:assert/strict";
import { test } from "node:test";
import { runInContext } from "node:vm";
import { random } from "../../lib/src/common/random";
import { take } from "../../lib/src/data/dataset";
import { inferInt8, int8Engine } from "../../lib/src/int8/engine";
import { encodeModel } from "../../lib/src/int8/file";
import type { QuantizedDense, QuantizedModel } from "../../lib/src/int8/model";
import { countCorrect, predictionsOf } from "../../lib/src/metrics/accuracy";
import { loadLeNet5 } from "../../lib/src/network/checkpoint";
import { evaluate } from "../../lib/src/network/evaluate";
import { bareContext } from "../helpers/bare-context";
import { digits } from "../helpers/data";
import { sample } from "../helpers/full";
import { inferSlowly } from "../helpers/infer-slowly";
import { checkpoint, quantizedLeNet5 } from "../helpers/quantized-lenet";
import { randomQuantized } from "../helpers/random-quantized";

const bytes = (seed: number, length: number): Uint8Array => {
  const source = random(seed, length);
  return Uint8Array.from({ length }, () => source.integer(0, 255));
};

const engines = [
  { requantization: "float", engine: "wasm" },
  { requantization: "float", engine: "reference" },
  { requantization: "fixed", engine: "reference" },
] as const;
for (const options of engines) {
  const { requantization, engine } = options;
  test(`inferInt8(model, pixels, {requantization: "${requantization}", engine: "${engine}"}) agrees with nested loops and 64-bit integers`, () => {
    const layers = { conv2d: 0, maxPool2d: 0, averagePool2d: 0, flatten: 0, dense: 0 };
    const seen = { low: 0, high: 0, between: 0, ...layers, same: 0, valid: 0 };
    for (let seed = 0; seed < sample(150, 75); seed++) {
      const model = randomQuantized(seed);
      const size = model.inputShape[0] * model.inputShape[1] * model.inputShape[2];
      const pixels = bytes(seed, 3 * size);
      const logits = inferInt8(model, pixels, options);
      const expected = [0, 1, 2].flatMap((i) => {
        const result = inferSlowly(model, pixels.subarray(i * size, (i + 1) * size), requantization);
        for (const value of result.activations) seen[value === 0 ? "low" : value === 255 ? "high" : "between"]++;
        return result.logits;
      });
      assert.deepEqual(logits, Float32Array.from(expected), `seed ${seed}`);
      for (const layer of model.layers) {
        seen[layer.kind]++;
        if ("padding" in layer) seen[layer.padding]++;
      }
    }
    for (const [what, count] of Object.entries(seen)) assert.ok(count > sample(30, 15), `only ${count} of ${what}`);
  });
}

/** One pixel → one hidden unit, pixel × weight × 1/2 + zero point → one logit, the hidden unit's real value. */
function halves(weight: number, zeroPoint: number, relu = false): QuantizedModel {
  const dense = { kind: "dense", kernel: Int8Array.of(1), bias: Int32Array.of(0), bits: 8, relu: false } as const;
  const half = { ...dense, name: "half", kernel: Int8Array.of(weight), scales: Float32Array.of(0.5), relu };
  return {
    inputShape: [1, 1, 1],
    input: { scale: 1, zeroPoint: 0 },
    layers: [
      { kind: "flatten", name: "flatten" },
      { ...half, output: { scale: 1, zeroPoint } },
      { ...dense, name: "logits", scales: Float32Array.of(1) },
    ],
  };
}

const allBytes = Uint8Array.from({ length: 256 }, (_, i) => i);

test("inferInt8(model, pixels) rounds exact halves to even, of either sign", () => {
  const even = (pixel: number) => (pixel % 2 === 0 ? pixel / 2 : 2 * Math.round(pixel / 4));
  assert.deepEqual([1, 3, 5, 7].map(even), [0, 2, 2, 4]);
  assert.deepEqual(inferInt8(halves(1, 101), allBytes), Float32Array.from(allBytes, even));
  assert.deepEqual(
    inferInt8(halves(-1, 151), allBytes),
    Float32Array.from(allBytes, (pixel) => 0 - even(pixel)),
  );
});

test('inferInt8(model, pixels, {requantization: "fixed"}) rounds exact halves up after a multiplication without shift', () => {
  const fixed = { requantization: "fixed" } as const;
  assert.deepEqual(
    inferInt8(halves(1, 101), allBytes, fixed),
    Float32Array.from(allBytes, (pixel) => Math.ceil(pixel / 2)),
  );
  assert.deepEqual(
    inferInt8(halves(-1, 151), allBytes, fixed),
    Float32Array.from(allBytes, (pixel) => 0 - Math.floor(pixel / 2)),
  );
});

/** One row of pixels → windows of two, side by side → one logit each, the average's code. */
function averages(pixels: number[], options: Parameters<typeof inferInt8>[2] = {}, input = { scale: 1, zeroPoint: 0 }) {
  const units = Math.ceil(pixels.length / 2);
  const identity = Int8Array.from({ length: units * units }, (_, i) => (i % (units + 1) === 0 ? 1 : 0));
  const arrays = {
    kernel: identity,
    bias: new Int32Array(units),
    scales: new Float32Array(units).fill(1 / input.scale),
  };
  const model: QuantizedModel = {
    inputShape: [1, pixels.length, 1],
    input,
    layers: [
      { kind: "averagePool2d", name: "pool", poolSize: [1, 2], strides: [1, 2], padding: "same" },
      { kind: "flatten", name: "flatten" },
      { kind: "dense", name: "logits", ...arrays, bits: 8, relu: false },
    ],
  };
  return [...inferInt8(model, Uint8Array.from(pixels), options)].map((logit) => logit + input.zeroPoint);
}

test("inferInt8(model, pixels) averages what lies inside the image, and rounds exact halves to even", () => {
  assert.deepEqual(averages([0, 255, 1, 2, 2, 3, 255, 254, 7, 7, 9]), [128, 2, 2, 254, 7, 9]);
  assert.deepEqual(averages([4, 5]), [4]);
  assert.deepEqual(averages([4, 5], {}, { scale: 0.25, zeroPoint: 1 }), [5]);
  const zeroPoint = { scale: 0.25, zeroPoint: 1 };
  assert.deepEqual(averages([1, 2, 2, 3, 0, 0, 0, 1, 5], {}, zeroPoint), [2, 2, 0, 0, 5]);
});

test('inferInt8(model, pixels, {requantization: "fixed"}) rounds halves of averages up', () => {
  assert.deepEqual(
    averages([0, 255, 1, 2, 2, 3, 255, 254, 7, 7, 9], { requantization: "fixed" }),
    [128, 2, 3, 255, 7, 9],
  );
});

test("inferInt8(model, pixels) saturates at 0 and 255, and at the zero point after a ReLU", () => {
  const real = (pixels: number[], ...model: Parameters<typeof halves>) => [
    ...inferInt8(halves(...model), Uint8Array.from(pixels)),
  ];
  assert.deepEqual(real([10, 108, 110, 255], 2, 145), [10, 108, 110, 110]);
  assert.deepEqual(real([10, 39, 40, 41, 255], -2, 40), [-10, -39, -40, -40, -40]);
  assert.deepEqual(real([0, 10, 255], -2, 40, true), [0, 0, 0]);
});

test("inferInt8(model, pixels) gives logits in float32: accumulator × (input scale × weight scale), negative ones 0 after a ReLU", () => {
  const model = (relu: boolean): QuantizedModel => ({
    inputShape: [1, 1, 2],
    input: { scale: Math.fround(1 / 255), zeroPoint: 3 },
    layers: [
      { kind: "flatten", name: "flatten" },
      {
        kind: "dense",
        name: "logits",
        kernel: Int8Array.of(5, -6, 7, -8),
        scales: Float32Array.of(0.1, 0.2),
        bias: Int32Array.of(11, 2 ** 25 + 1),
        bits: 8,
        relu,
      },
    ],
  });
  const accumulators = [11 + 97 * 5 - 3 * 7, 2 ** 25 + 1 - 97 * 6 + 3 * 8];
  const expected = [0.1, 0.2].map((scale, i) => {
    const [unit] = new Float32Array([Math.fround(1 / 255) * Math.fround(scale)]);
    return Math.fround(accumulators[i] as number) * (unit as number);
  });
  assert.deepEqual(inferInt8(model(false), Uint8Array.of(100, 0)), Float32Array.from(expected));
  assert.ok((inferInt8(model(false), Uint8Array.of(0, 0))[0] as number) < 0);
  assert.ok((inferInt8(model(true), Uint8Array.of(100, 0))[0] as number) > 0);
  assert.equal(inferInt8(model(true), Uint8Array.of(0, 0))[0], 0);
});

test("int8Engine(model) gives what inferInt8 gives, image by image or all at once, and leaves earlier results alone", () => {
  const model = quantizedLeNet5();
  const pixels = digits().test.images.data.subarray(0, 20 * 784);
  const engine = int8Engine(model);
  const singly = Array.from({ length: 20 }, (_, i) => engine(pixels.subarray(i * 784, (i + 1) * 784)));
  const together = engine(pixels);
  assert.deepEqual(Float32Array.from(singly.flatMap((logits) => [...logits])), together);
  assert.deepEqual(inferInt8(model, pixels, { count: 20 }), together);
  assert.deepEqual(engine(pixels), together);
});

test("inferInt8(model, pixels) is as accurate as the float LeNet-5 it was made from", () => {
  const { test: set } = digits();
  const model = quantizedLeNet5();
  const logits = inferInt8(model, set.images.data, { count: 10_000 });
  const correct = countCorrect(set.labels, predictionsOf(logits, { classes: 10 }));
  assert.ok(Math.abs(correct - 9958) <= 10, `${correct} of 10,000 images`);
  const count = sample(1000, 300);
  const few = take(set, count);
  const fixed = inferInt8(model, set.images.data.subarray(0, count * 784), { requantization: "fixed" });
  const { model: float } = loadLeNet5(checkpoint);
  const expected = evaluate(float, few);
  float.dispose();
  const ranges = Math.max(...expected.logits) - Math.min(...expected.logits);
  for (const [name, values] of Object.entries({ float: logits.subarray(0, 10 * count), fixed })) {
    const largest = expected.logits.reduce(
      (most, logit, i) => Math.max(most, Math.abs(logit - (values[i] as number))),
      0,
    );
    assert.ok(largest < 0.1 * ranges, `${name}: logits differ by up to ${largest} of ${ranges}`);
    assert.ok(Math.abs(countCorrect(few.labels, predictionsOf(values, { classes: 10 })) - expected.correct) <= 2, name);
  }
});

test("int8.ts and model-file.ts run in an engine that has nothing but the language", () => {
  const model = quantizedLeNet5();
  const pixels = digits().test.images.data.subarray(0, 3 * 784);
  const [int8, file] = [bareContext("int8/engine"), bareContext("int8/file")];
  assert.deepEqual(int8.files, [
    "common/checks",
    "common/windows",
    "int8/activations",
    "int8/byte-stream",
    "int8/check",
    "int8/engine",
    "int8/kinds",
    "int8/model",
    "int8/reference/pooling",
    "int8/reference/reference",
    "int8/requantize",
    "int8/threads/chunks",
    "int8/threads/threads",
    "int8/wasm/kernel-bytes",
    "int8/wasm/packing",
    "int8/wasm/program",
    "int8/wasm/steps",
    "int8/wasm/wasm",
    "int8/weights",
  ]);
  assert.deepEqual(file.files, [
    "common/checks",
    "common/crc32",
    "common/windows",
    "int8/activations",
    "int8/byte-stream",
    "int8/check",
    "int8/file",
    "int8/kinds",
    "int8/model",
    "int8/weights",
  ]);
  const names = "[typeof process, typeof require, typeof Buffer, typeof TextDecoder, typeof Uint8Array].join()";
  assert.equal(runInContext(names, int8.context), "undefined,undefined,undefined,undefined,function");
  const decoded = Object.assign(file.context, { given: [...encodeModel(model)] });
  Object.assign(int8.context, {
    given: [...pixels],
    model: runInContext("decodeModel(Uint8Array.from(given))", decoded),
  });
  for (const engine of ["wasm", "reference"]) {
    const call = `[...inferInt8(model, Uint8Array.from(given), { engine: "${engine}" })]`;
    assert.deepEqual(Float32Array.from(runInContext(call, int8.context)), inferInt8(model, pixels));
  }
});

test("inferInt8(model, pixels) refuses pixels that are not whole images in bytes", () => {
  const model = halves(1, 0);
  const wide = { ...model, inputShape: [1, 1, 3] as const, layers: widened(model) };
  const cases: [() => unknown, RegExp][] = [
    [
      () => inferInt8(wide, new Uint8Array(7)),
      /^Error: Expected `pixels` to hold a whole number of images of 3 bytes \(height × width × channels\), got 7 bytes\.$/,
    ],
    [() => inferInt8(wide, new Uint8Array(0)), /^Error: Expected `pixels` to hold a whole .*, got 0 bytes\.$/],
    [
      () => inferInt8(wide, new Float32Array(3) as unknown as Uint8Array),
      /^TypeError: Expected `pixels` to be a Uint8Array of raw bytes in 0 … 255, got Float32Array: of numbers in 0 … 1 make bytes: Uint8Array\.from\(pixels, \(value\) => Math\.round\(255 \* value\)\)\.$/,
    ],
    [
      () => inferInt8(wide, [1, 2, 3] as unknown as Uint8Array),
      /^TypeError: .* got Array: copy whole numbers in 0 … 255/,
    ],
    [
      () => inferInt8(wide, new Uint8ClampedArray(12) as unknown as Uint8Array),
      /^TypeError: .* got Uint8ClampedArray: a canvas has four channels, take one: Uint8Array\.from\({ length: data\.length \/ 4 }/,
    ],
    [
      () => inferInt8(wide, { [Symbol.toStringTag]: "ImageData" } as unknown as Uint8Array),
      /^TypeError: .* got ImageData: a canvas has four channels, take one/,
    ],
    [() => int8Engine(wide)(undefined as unknown as Uint8Array), /^TypeError: .* got Undefined:/],
    [
      () => inferInt8(wide, new Uint8Array(6), { count: 3 }),
      /^Error: Expected `pixels` to hold 3 images, as `count` says, got 2: take one channel of a canvas, which has four\.$/,
    ],
    [() => int8Engine(wide)(new Uint8Array(12), { count: 1 }), /^Error: .* hold 1 image, as `count` says, got 4:/],
    ...[0, -1, 1.5, Number.NaN].flatMap((wrong): [() => unknown, RegExp][] => [
      [
        () => int8Engine(wide)(new Uint8Array(3), { count: wrong }),
        /^RangeError: Expected `count` to be a whole number above 0, got/,
      ],
      [
        () => int8Engine(wide, { threads: wrong }),
        /^RangeError: Expected `threads` to be a whole number in 1 … 64, got/,
      ],
    ]),
    [
      () => int8Engine(wide, { requantization: "double" as "float" }),
      /^Error: Expected `requantization` to be float or fixed, got double\.$/,
    ],
    [
      () => int8Engine(wide, { engine: "gpu" as "wasm" }),
      /^Error: Expected `engine` to be auto, wasm or reference, got gpu\.$/,
    ],
    [
      () => int8Engine(wide, { threads: 0 }),
      /^RangeError: Expected `threads` to be a whole number in 1 … 64, got 0\.$/,
    ],
    [() => int8Engine({ ...wide, inputShape: [1, 1, 2] }), /half: expected `kernel` to hold 2 numbers/],
  ];
  for (const [work, message] of cases) assert.throws(work, message);
  assert.equal(inferInt8(wide, Buffer.from([1, 2, 3])).length, 1, "a Buffer is a Uint8Array");
});

/** The layers with three inputs. */
function widened({ layers }: QuantizedModel): QuantizedModel["layers"] {
  const [flatten, half, logits] = layers as [QuantizedModel["layers"][0], QuantizedDense, QuantizedDense];
  return [flatten, { ...half, kernel: Int8Array.of(1, 1, 1) }, logits];
}
