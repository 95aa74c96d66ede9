import assert from "node:assert/strict";
import { test } from "node:test";
import { checkQuantized } from "../../lib/src/int8/check";
import { int8Engine } from "../../lib/src/int8/engine";
import { encodeModel } from "../../lib/src/int8/file";
import type {
  QuantizedConv2d,
  QuantizedDense,
  QuantizedLayer,
  QuantizedMaxPool2d,
  QuantizedModel,
} from "../../lib/src/int8/model";
import { quantizedLeNet5 } from "../helpers/quantized-lenet";
import { randomQuantized } from "../helpers/random-quantized";

const weights = (size: number, channels: number) => ({
  kernel: new Int8Array(size).fill(1),
  scales: new Float32Array(channels).fill(0.5),
  bias: new Int32Array(channels),
  bits: 8,
  relu: false,
});
const output = { scale: 0.5, zeroPoint: 7 };
const conv: QuantizedConv2d = {
  ...weights(12, 2),
  kind: "conv2d",
  name: "conv",
  kernelSize: [3, 2],
  strides: [1, 2],
  padding: "valid",
  output,
};
const pool: QuantizedMaxPool2d = {
  kind: "maxPool2d",
  name: "pool",
  poolSize: [2, 2],
  strides: [2, 2],
  padding: "same",
};
const flatten: QuantizedLayer = { kind: "flatten", name: "flatten" };
const dense: QuantizedDense = { ...weights(24, 3), kind: "dense", name: "dense", output };
const logits: QuantizedDense = { ...weights(6, 2), kind: "dense", name: "logits" };
const model: QuantizedModel = {
  inputShape: [5, 6, 1],
  input: { scale: 0.25, zeroPoint: 0 },
  layers: [conv, pool, flatten, dense, logits],
};

test("checkQuantized(model) gives shapes and quantisations of what flows between the layers", () => {
  const flow = checkQuantized(model);
  assert.deepEqual(
    flow.map(({ shape }) => shape),
    [[5, 6, 1], [3, 3, 2], [2, 2, 2], [8], [3], [2]],
  );
  assert.deepEqual(
    flow.map(({ quantization }) => quantization),
    [model.input, output, output, output, output, undefined],
  );
  const averaging = model.layers.map((layer) => (layer === pool ? { ...pool, kind: "averagePool2d" as const } : layer));
  assert.deepEqual(checkQuantized({ ...model, layers: averaging }), flow);
  const shapes = checkQuantized(quantizedLeNet5()).map(({ shape }) => shape.join(" "));
  assert.deepEqual(shapes, ["28 28 1", "28 28 6", "14 14 6", "10 10 16", "5 5 16", "400", "120", "84", "10"]);
  for (let seed = 0; seed < 50; seed++) checkQuantized(randomQuantized(seed));
});

test("checkQuantized(model) names what does not fit", () => {
  const other = (change: Partial<Record<keyof QuantizedModel, unknown>>): QuantizedModel =>
    ({ ...model, ...change }) as QuantizedModel;
  const changed = (index: number, change: Record<string, unknown>): QuantizedModel =>
    other({ layers: model.layers.map((layer, i) => (i === index ? { ...layer, ...change } : layer)) });
  const without = (index: number) => other({ layers: model.layers.filter((_, i) => i !== index) });
  const cases: [QuantizedModel, RegExp][] = [
    [other({ inputShape: [5, 6] }), /^Error: Expected `inputShape` to be \[height, width, channels\], got \[5, 6\]\.$/],
    [
      other({ inputShape: [5, 0, 1] }),
      /^RangeError: Expected `inputShape` to be a whole number in 1 … 65535, got 0\.$/,
    ],
    [other({ inputShape: [5, 6, 1.5] }), /`inputShape` .* got 1\.5/],
    [
      other({ inputShape: [60_000, 60_000, 1] }),
      /^RangeError: Expected `inputShape` to have at most 16777216 numbers, got \[60000, 60000, 1\]/,
    ],
    [
      other({ input: { scale: 0, zeroPoint: 0 } }),
      /^RangeError: Expected scale of `input` to be a float32 number above 0, got 0/,
    ],
    [other({ input: { scale: 1 / 255, zeroPoint: 0 } }), /scale of `input` .* got 0\.00392\d+: use Math\.fround\.$/],
    [other({ input: { scale: Number.NaN, zeroPoint: 0 } }), /scale of `input` .* got NaN/],
    [other({ input: { scale: Number.POSITIVE_INFINITY, zeroPoint: 0 } }), /scale of `input` .* got Infinity/],
    [other({ input: { scale: 1, zeroPoint: 256 } }), /zero point of `input` to be a whole number in 0 … 255, got 256/],
    [other({ layers: [] }), /Expected the number of `layers` to be a whole number in 1 … 65535, got 0/],
    [without(4), /Expected the last layer to be dense without `output`, which gives logits, got dense\.$/],
    [without(2), /dense: expected an input of 1 dimension\(s\), got \[2, 2, 2\]: put a flatten layer before it\./],
    [other({ layers: [flatten, conv] }), /conv: expected an input of 3 dimension\(s\), got \[30\]: put convolutions/],
    [other({ layers: [flatten, pool] }), /pool: expected an input of 3 dimension\(s\), got \[30\]: put pooling/],
    [changed(3, { output: undefined }), /Expected nothing after the logits, got logits: give the dense layer before/],
    [changed(2, { name: "" }), /Expected `name` of layer 2 to be 1 to 255 ASCII characters, got ""/],
    [changed(2, { name: "conv" }), /^Error: Expected layers with names of their own, got conv twice\.$/],
    [changed(2, { name: "Größe" }), /`name` of layer 2 .* got "Größe"/],
    [
      changed(2, { kind: "softmax" }),
      /flatten: expected `kind` to be one of conv2d, dense, maxPool2d, flatten, averagePool2d, got softmax/,
    ],
    [changed(0, { kernelSize: [6, 2] }), /conv: expected a window that fits into \[5, 6, 1\], got 6 × 2: pad "same"/],
    [changed(0, { kernelSize: [2, 2] }), /conv: expected `kernel` to hold 8 numbers \(2 × 2 × 1 × 2\), got 12/],
    [changed(0, { strides: [0, 1] }), /window and stride of conv to be a whole number in 1 … 65535, got 0/],
    [changed(1, { poolSize: [2, -1] }), /window and stride of pool .* got -1/],
    [changed(1, { kind: "averagePool2d", poolSize: [0, 2] }), /window and stride of pool .* got 0/],
    [other({ layers: [flatten, { ...pool, kind: "averagePool2d" }] }), /pool: expected an input of 3 dimension\(s\)/],
    [changed(1, { padding: "full" }), /pool: expected `padding` to be same or valid, got full/],
    [changed(0, { output: { scale: 1, zeroPoint: -1 } }), /zero point of `output` of conv .* got -1/],
    [changed(3, { output: { scale: -1, zeroPoint: 0 } }), /scale of `output` of dense .* got -1/],
    [changed(0, { bias: new Int32Array(3) }), /conv: expected `bias` to hold 2 numbers, one a scale, got 3/],
    [changed(0, { scales: new Float32Array(0) }), /^RangeError: conv: expected at least one output channel, got none/],
    [changed(0, { scales: Float32Array.of(1, 0) }), /`scales\[1\]` of conv to be a float32 number above 0, got 0/],
    [changed(0, { kernel: [1, 2] }), /^TypeError: conv: expected `kernel` to be of type Int8Array, got Array/],
    [
      changed(0, { scales: new Float64Array(2) }),
      /conv: expected `scales` to be of type Float32Array, got Float64Array/,
    ],
    [changed(0, { scales: undefined }), /conv: expected `scales` to be of type Float32Array, got Undefined/],
    [changed(0, { bias: undefined }), /conv: expected `bias` to be of type Int32Array, got Undefined/],
    [
      changed(0, { kernel: new Int8Array(12).fill(-128) }),
      /^RangeError: conv: expected weights of 8 bits in −127 … 127, got -128/,
    ],
    [changed(0, { bits: 4, kernel: new Int8Array(12).fill(8) }), /conv: expected weights of 4 bits in −7 … 7, got 8/],
    [changed(0, { bits: 1 }), /`bits` of conv to be a whole number in 2 … 8, got 1/],
    [
      changed(0, { bias: Int32Array.of(0, 2 ** 31 - 1530) }),
      /^RangeError: conv: expected accumulators within int32, but channel 1 may reach 2147483648: its scale is too small for its bias/,
    ],
  ];
  for (const [broken, message] of cases) assert.throws(() => checkQuantized(broken), message);
  checkQuantized(changed(0, { bias: Int32Array.of(0, 2 ** 31 - 1531) }));
});

/** Each object with one of its fields left out, or replaced by what plain JavaScript may pass. */
function* incomplete<T extends object>(whole: T): Generator<[key: string, spoilt: T]> {
  for (const key of Object.keys(whole)) {
    for (const value of [undefined, null, 0, "x", {}, []]) yield [key, { ...whole, [key]: value }];
  }
}

/** Whether a model is taken; else its error must be a sentence, not what JavaScript says of a missing property. */
function assertTakenOrRefused(spoilt: unknown, where: string): boolean {
  const errors = [checkQuantized, int8Engine, encodeModel].map((use) => {
    try {
      use(spoilt as QuantizedModel);
      return undefined;
    } catch (error) {
      assert.match(`${error}`, /^(Type|Range)?Error: (.*: e|E)xpected .*, (got|but) .*\.$/, where);
      return (error as Error).message;
    }
  });
  assert.ok(
    errors.every((message) => message === errors[0]),
    where,
  );
  return errors[0] === undefined;
}

test("an incomplete model is refused in a sentence, with the layer's name, by the check, the engine and the file", () => {
  for (const nothing of [undefined, null, 3, {}, []]) assert.ok(!assertTakenOrRefused(nothing, `${nothing}`));
  const averaging = model.layers.map((layer) => (layer === pool ? { ...pool, kind: "averagePool2d" as const } : layer));
  for (const whole of [model, { ...model, layers: averaging }]) {
    for (const [key, spoilt] of incomplete(whole)) assert.ok(!assertTakenOrRefused(spoilt, key));
    whole.layers.forEach((layer, i) => {
      const put = (other: unknown) => ({ ...whole, layers: whole.layers.map((old, k) => (k === i ? other : old)) });
      for (const nothing of [undefined, null, 3]) assert.ok(!assertTakenOrRefused(put(nothing), `layer ${i}`));
      for (const [key, spoilt] of incomplete(layer)) {
        const taken = assertTakenOrRefused(put(spoilt), `${key} of ${layer.name}`);
        // a name of another kind of word is a name
        assert.equal(taken, key === "name" && spoilt.name === "x", `${key} of ${layer.name}: ${Object.values(spoilt)}`);
      }
    });
  }
  for (const [key, name, message] of [
    ["output", "conv", "Expected `output` of conv to be an object with `scale` and `zeroPoint`, got undefined."],
    ["strides", "conv", "conv: expected `strides` to be two numbers, got undefined."],
    ["kernelSize", "conv", "conv: expected `kernelSize` to be two numbers, got undefined."],
    ["poolSize", "pool", "pool: expected `poolSize` to be two numbers, got undefined."],
    ["relu", "logits", "logits: expected `relu` to be true or false, got undefined."],
  ] as const) {
    const layers = model.layers.map((layer) => (layer.name === name ? { ...layer, [key]: undefined } : layer));
    assert.throws(() => checkQuantized({ ...model, layers }), { name: "TypeError", message });
  }
});
