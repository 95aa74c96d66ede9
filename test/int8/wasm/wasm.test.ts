import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { runInContext } from "node:vm";
import { random } from "../../../lib/src/common/random";
import { projectDataFolder } from "../../../lib/src/data/mnist";
import { sizeOf } from "../../../lib/src/int8/activations";
import { loadQuantized } from "../../../lib/src/int8/disk";
import { inferInt8, int8Engine } from "../../../lib/src/int8/engine";
import type { QuantizedDense, QuantizedLayer, QuantizedModel } from "../../../lib/src/int8/model";
import { kernelBytes } from "../../../lib/src/int8/wasm/wasm";
import { largestSums } from "../../../lib/src/int8/weights";
import { assertSameBits } from "../../helpers/assertions";
import { bareContext } from "../../helpers/bare-context";
import { digits } from "../../helpers/data";
import { sample } from "../../helpers/full";
import { quantizedLeNet5 } from "../../helpers/quantized-lenet";
import { randomQuantized } from "../../helpers/random-quantized";

const shipped = loadQuantized(join(projectDataFolder(), "checkpoints", "lenet5-int8.bin"));
const testPixels = (count = 10_000) => Uint8Array.from(digits().test.images.data.subarray(0, count * 784));
const onOne = { engine: "wasm", threads: 1 } as const;

/** Random images: dense, or blank but for a few pixels, so that kernels that skip what is blank do so. */
function randomPixels(seed: number, { inputShape, input }: QuantizedModel, count: number): Uint8Array {
  const source = random(seed, 5);
  const blank = seed % 2 === 0 ? 0 : 0.98;
  return Uint8Array.from({ length: count * sizeOf(inputShape) }, () =>
    source.uniform() < blank ? input.zeroPoint : source.integer(0, 255),
  );
}

/** Runs both engines on random images and holds them to the same bits. */
function assertAgree(seed: number, model: QuantizedModel): void {
  const pixels = randomPixels(seed, model, 3);
  const logits = inferInt8(model, pixels, onOne);
  assertSameBits(logits, inferInt8(model, pixels, { engine: "reference" }), `of seed ${seed}`);
}

test(`the WebAssembly engine gives the reference's bits for ${sample("all 10,000", "500")} test images and the model that ships`, () => {
  const pixels = testPixels(sample(10_000, 500));
  assertSameBits(inferInt8(shipped, pixels, onOne), inferInt8(shipped, pixels, { engine: "reference" }));
});

for (const bits of [8, 4, 2] as const) {
  const count = sample(2000, 100);
  test(`the WebAssembly engine gives the reference's bits for ${count} test images and weights of ${bits} bits`, () => {
    const [model, pixels] = [quantizedLeNet5(bits), testPixels(count)];
    assertSameBits(inferInt8(model, pixels, onOne), inferInt8(model, pixels, { engine: "reference" }));
  });
}

const networks = sample(1500, 300);
test(`the WebAssembly engine gives the reference's bits for ${networks} random networks of every shape`, () => {
  const seen: Record<string, number> = {};
  for (let seed = 0; seed < networks; seed++) {
    const many = seed % 3 === 0;
    const model = randomQuantized(seed, {
      sides: [4, many ? 12 : 30],
      channels: [1, many ? 20 : 2],
      filters: [1, many ? 40 : 9],
      windows: [1, 6],
      units: [1, 70],
      halving: 0.5,
    });
    assertAgree(seed, model);
    for (const { kind } of model.layers) seen[kind] = (seen[kind] ?? 0) + 1;
  }
  for (const kind of ["conv2d", "maxPool2d", "averagePool2d", "dense"])
    assert.ok((seen[kind] as number) > networks / 5, `only ${seen[kind]} of ${kind}`);
});

test("the WebAssembly engine gives the reference's bits where sums reach the ends of int32 and products leave it", () => {
  for (let seed = 0; seed < sample(400, 150); seed++) {
    const source = random(seed, 6);
    const model = randomQuantized(seed, { filters: [1, 12], halving: 0.5 });
    let { zeroPoint } = model.input;
    const layers = model.layers.map((layer): QuantizedLayer => {
      if (!("kernel" in layer)) return layer;
      const sums = largestSums({ ...layer, bias: new Int32Array(layer.bias.length) }, { scale: 1, zeroPoint });
      const bias = Int32Array.from(sums, (sum) => (2 ** 31 - 1 - sum) * source.integer(-1, 1));
      const scales = layer.scales.map(() => 10 ** source.uniform(-42, 30));
      zeroPoint = layer.output?.zeroPoint ?? 0;
      return { ...layer, bias, scales: scales.map((scale) => Math.max(scale, 2 ** -149)) };
    });
    assertAgree(seed, { ...model, layers });
  }
});

/** A network of a convolution, with or without max-pooling after it, and logits. */
function convolutional(
  inputShape: readonly [number, number, number],
  conv: { kernelSize: [number, number]; strides?: [number, number]; padding?: "same" | "valid"; filters: number },
  pool?: "same" | "valid",
): QuantizedModel {
  const { kernelSize, strides = [1, 1], padding = "valid", filters } = conv;
  const source = random(inputShape[0], filters, 7);
  const weights = (inputs: number, outputs: number) => ({
    kernel: Int8Array.from({ length: inputs * outputs }, () => source.integer(-127, 127)),
    bias: Int32Array.from({ length: outputs }, () => source.integer(-9999, 9999)),
    scales: Float32Array.from({ length: outputs }, () => source.uniform(0.5, 2) / 127 / Math.sqrt(inputs)),
    ...{ bits: 8, relu: false },
  });
  const lengths = ([0, 1] as const).map((axis) => {
    const length = padding === "same" ? inputShape[axis] : inputShape[axis] - kernelSize[axis] + 1;
    const windows = Math.ceil(length / strides[axis]);
    return pool ? (pool === "same" ? Math.ceil : Math.floor)(windows / 2) : windows;
  }) as [number, number];
  const quantization = { scale: Math.fround(0.03), zeroPoint: 77 };
  const common = { kind: "conv2d", name: "conv", kernelSize, strides, padding, output: quantization } as const;
  return {
    inputShape,
    input: { scale: Math.fround(0.02), zeroPoint: 13 },
    layers: [
      { ...common, ...weights(kernelSize[0] * kernelSize[1] * inputShape[2], filters) },
      ...(pool ? [{ kind: "maxPool2d", name: "pool", poolSize: [2, 2], strides: [2, 2], padding: pool } as const] : []),
      { kind: "flatten", name: "flatten" },
      { kind: "dense", name: "logits", ...weights(lengths[0] * lengths[1] * filters, 3) },
    ],
  };
}

test("the WebAssembly engine gives the reference's bits for every width, filter count, kernel and pooling near a block's edge", () => {
  let seed = 0;
  for (const channels of [1, 2, 3]) {
    for (const width of [8, 9, 10, 11, 13, 18]) {
      for (const filters of [1, 2, 3, 7, 8, 9, 17]) {
        for (const pool of ["same", "valid", undefined] as const) {
          const kernelSize = [1 + (seed % 5), 1 + ((seed * 3) % 7)] as [number, number];
          const padding = seed % 2 === 0 ? "same" : "valid";
          assertAgree(seed++, convolutional([7, width, channels], { kernelSize, filters, padding }, pool));
        }
      }
    }
  }
});

test("the WebAssembly engine gives the reference's bits for images and weights of megabytes", () => {
  assertAgree(1, convolutional([600, 1000, 3], { kernelSize: [3, 3], strides: [2, 2], filters: 5 }, "valid"));
  assertAgree(2, convolutional([40, 40, 30], { kernelSize: [21, 21], padding: "same", strides: [9, 9], filters: 50 }));
  assertAgree(
    3,
    convolutional([5, 6000, 1], { kernelSize: [5, 5999], padding: "same", strides: [5, 900], filters: 6 }),
  );
});

test("engines may take turns, are not changed by what the others do, and leave earlier results alone", () => {
  const [pixels, other] = [testPixels(20), quantizedLeNet5(4)];
  const [first, second] = [int8Engine(shipped, onOne), int8Engine(other, onOne)];
  const one = (engine: typeof first, i: number) => engine(pixels.subarray(i * 784, (i + 1) * 784));
  const [results, others] = [[] as number[][], [] as number[][]];
  const kept = one(first, 7);
  const copy = Float32Array.from(kept);
  for (let i = 0; i < 20; i++) {
    results.push([...one(first, i)]);
    others.push([...one(second, i)]);
  }
  assertSameBits(Float32Array.from(results.flat()), inferInt8(shipped, pixels, { engine: "reference" }));
  assertSameBits(Float32Array.from(others.flat()), inferInt8(other, pixels, { engine: "reference" }));
  assertSameBits(kept, copy);
});

type WasmMemory = { buffer: ArrayBuffer };
const { WebAssembly: api } = globalThis as unknown as {
  WebAssembly: {
    validate(bytes: Uint8Array): boolean;
    Instance: new (...args: unknown[]) => { exports: { memory: WasmMemory } };
    Module: { new (bytes: Uint8Array): object; imports(module: object): unknown[] };
  };
};

test("an engine's memory does not grow, however often it is called and however large the batch", (t) => {
  const memories: WasmMemory[] = [];
  const { Instance } = api;
  t.after(() => Object.assign(api, { Instance }));
  api.Instance = class extends Instance {
    constructor(...args: unknown[]) {
      super(...args);
      memories.push(this.exports.memory);
    }
  };
  const [engine, pixels] = [int8Engine(shipped, onOne), testPixels(3000)];
  const bytes = () => memories.map(({ buffer }) => buffer.byteLength);
  const before = bytes();
  assert.equal(before.length, 1);
  for (let i = 0; i < 3000; i++) engine(pixels.subarray(i * 784, (i + 1) * 784));
  engine(pixels);
  assert.deepEqual(bytes(), before);
  assert.ok((before[0] as number) < 2 ** 19, `${before} bytes`);
});

test("the kernel is smaller than 6 KB, multiplies pairs, needs nothing from outside, and no relaxed SIMD", () => {
  const bytes = kernelBytes();
  assert.ok(bytes.length < 6 * 1024, `${bytes.length} bytes`);
  assert.deepEqual(api.Module.imports(new api.Module(bytes)), []);
  const text = Buffer.from(bytes).toString("latin1");
  assert.ok(text.includes("\xfd\xba\x01"), "i32x4.dot_i16x8_s");
  // relaxed instructions are 0xfd and 256 to 275 in LEB128; threads and shared memory begin with 0xfe
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the bytes of instructions
  assert.doesNotMatch(text, /\xfd[\x80-\x93]\x02/);
  assert.ok(api.validate(bytes));
});

test('without SIMD "auto" is the reference, and "wasm" says why it cannot run', () => {
  const { context } = bareContext("int8/engine");
  const asked: number[] = [];
  Object.assign(context, { WebAssembly: { validate: (bytes: Uint8Array) => asked.push(bytes.length) < 0 } });
  Object.assign(context, { model: shipped, given: testPixels(2) });
  const run = (options: string) =>
    runInContext(`try { [...inferInt8(model, given, ${options})] } catch (error) { error.message }`, context);
  assertSameBits(Float32Array.from(run("{}")), inferInt8(shipped, testPixels(2), { engine: "reference" }));
  assert.match(run('{ engine: "wasm" }'), /^Expected an engine with WebAssembly SIMD, got one without: let `engine`/);
  assert.deepEqual(asked, [kernelBytes().length, kernelBytes().length]);
});

test('what WebAssembly does not cover runs in the reference, and "wasm" says what it is', () => {
  const pixels = testPixels(3);
  const widest = Float32Array.of(...new Float32Array(10).fill(3e38));
  const logits = shipped.layers.map((layer) => (layer.name === "logits" ? { ...layer, scales: widest } : layer));
  const dense = logits.map((layer) =>
    layer.name === "dense2" ? { ...layer, output: { scale: 10, zeroPoint: 0 } } : layer,
  ) as QuantizedLayer[];
  const [large, overflowing] = [
    { ...shipped, layers: logits as QuantizedLayer[] },
    { ...shipped, layers: dense },
  ];
  assertSameBits(inferInt8(large, pixels, onOne), inferInt8(large, pixels, { engine: "reference" }));
  const average: QuantizedModel = {
    inputShape: [2, 2, 1],
    input: { scale: 2 ** 100, zeroPoint: 0 },
    layers: [
      { kind: "averagePool2d", name: "pool", poolSize: [1, 2], strides: [1, 1], padding: "valid" },
      { kind: "flatten", name: "flatten" },
      { ...(shipped.layers.at(-1) as QuantizedDense), kernel: new Int8Array(20) },
    ],
  };
  const tall = convolutional([1, 60_000, 1], { kernelSize: [20_001, 1], padding: "same", filters: 1 });
  const cases: [QuantizedModel, Parameters<typeof int8Engine>[1], RegExp][] = [
    [
      shipped,
      { requantization: "fixed" },
      /^Error: Expected a model that the WebAssembly engine covers, got requantization "fixed": let `engine` be "auto" or "reference"\.$/,
    ],
    [overflowing, {}, /got scales beyond float32 in logits/],
    [average, {}, /got scale 1.2676506002282294e\+30 before pool/],
    [tall, {}, /got a model that needs more than 1073741824 bytes of memory/],
  ];
  for (const [model, options, message] of cases) {
    assert.throws(() => int8Engine(model, { ...options, engine: "wasm" }), message);
    const images = model.inputShape[0] === 28 ? pixels : randomPixels(1, model, 1);
    const expected = inferInt8(model, images, { ...options, engine: "reference" });
    assertSameBits(inferInt8(model, images, options), expected, message.source);
  }
});
