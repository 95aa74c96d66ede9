import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "../../lib/src/common/crc32";
import { type Random, random } from "../../lib/src/common/random";
import { sizeOf } from "../../lib/src/int8/activations";
import { checkQuantized } from "../../lib/src/int8/check";
import { int8Engine } from "../../lib/src/int8/engine";
import { decodeModel, encodeModel } from "../../lib/src/int8/file";
import type { QuantizedModel } from "../../lib/src/int8/model";
import { sample } from "../helpers/full";
import { type Mutation, mutations } from "../helpers/mutations";
import { quantizedLeNet5 } from "../helpers/quantized-lenet";
import { randomQuantized } from "../helpers/random-quantized";

const tiny: QuantizedModel = {
  inputShape: [2, 3, 1],
  input: { scale: 1, zeroPoint: 9 },
  layers: [
    { kind: "maxPool2d", name: "p", poolSize: [1, 2], strides: [1, 258], padding: "same" },
    { kind: "flatten", name: "f" },
    {
      kind: "dense",
      name: "logits",
      kernel: Int8Array.of(1, -1, 7, -7, 2, 3),
      scales: Float32Array.of(0.5, 1, 2),
      bias: Int32Array.of(-2, 1, 0),
      bits: 4,
      relu: true,
    },
  ],
};

/** As the format is described, byte by byte, but for the checksum. */
const tinyBytes = [
  ...[76, 69, 78, 69, 84, 81, 13, 10, 1, 0, 0, 0, 100, 0, 0, 0],
  ...[2, 0, 3, 0, 1, 0, 0, 0, 0x80, 0x3f, 9, 3, 0],
  ...[2, 1, 112, 1, 0, 2, 0, 1, 0, 2, 1, 1],
  ...[3, 1, 102],
  ...[1, 6, 108, 111, 103, 105, 116, 115, 1],
  ...[4, 6, 0, 0, 0, 0xf1, 0x97, 0x32],
  ...[33, 3, 0, 0, 0, 0, 0, 0, 0x3f, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40],
  ...[32, 3, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0, 0, 0, 0, 0],
];

/** The bytes with their length and checksum made right. */
function repaired(bytes: Uint8Array): Uint8Array {
  if (bytes.length < 20) return bytes;
  const copy = Uint8Array.from(bytes);
  const view = new DataView(copy.buffer);
  view.setUint32(12, copy.length, true);
  view.setUint32(copy.length - 4, crc32(copy.subarray(0, -4)), true);
  return copy;
}

test("encodeModel(model) writes the bytes that the format says", () => {
  assert.deepEqual(encodeModel(tiny), repaired(Uint8Array.from([...tinyBytes, 0, 0, 0, 0])));
});

test("decodeModel(encodeModel(model)) is the model, for every kind of layer and number of bits", () => {
  assert.deepEqual(decodeModel(encodeModel(tiny)), tiny);
  const seen = new Set<unknown>();
  for (let seed = 0; seed < 200; seed++) {
    const model = randomQuantized(seed);
    assert.deepEqual(decodeModel(encodeModel(model)), model, `seed ${seed}`);
    for (const layer of model.layers) seen.add(layer.kind).add("bits" in layer ? layer.bits : 8);
  }
  assert.equal(seen.size, 5 + 7);
});

test("average pooling takes the bytes of max-pooling, under a number of its own", () => {
  const [pool, ...rest] = tiny.layers;
  const averaging = { ...tiny, layers: [{ ...pool, kind: "averagePool2d" }, ...rest] } as QuantizedModel;
  assert.deepEqual(encodeModel(averaging), repaired(set({ 29: 4 })));
  assert.deepEqual(decodeModel(repaired(set({ 29: 4 }))), averaging);
});

test("decodeModel(bytes) copies, and takes a Buffer or a part of a larger array", () => {
  const bytes = encodeModel(tiny);
  const decoded = decodeModel(Buffer.from([1, 2, 3, ...bytes]).subarray(3));
  assert.deepEqual(decoded, tiny);
  const own = decodeModel(bytes);
  bytes.fill(0);
  assert.deepEqual(own, tiny);
});

test("encodeModel(LeNet-5) takes 64 KB in 8 bits, and little more than half and a quarter of it in 4 and 2", () => {
  const sizes = ([8, 4, 2] as const).map((bits) => {
    const model = quantizedLeNet5(bits);
    assert.deepEqual(decodeModel(encodeModel(model)), model);
    return encodeModel(model).length;
  });
  assert.deepEqual(sizes, [63_591, 32_856, 17_489]);
});

test("encodeModel(model) refuses a model whose layers do not fit together", () => {
  assert.throws(() => encodeModel({ ...tiny, inputShape: [3, 3, 1] }), /^Error: logits: expected `kernel` to hold 9/);
  assert.throws(() => encodeModel({ ...tiny, layers: [] }), /number of `layers`/);
});

const cut = (bytes: Uint8Array, end: number) => bytes.slice(0, end);
const set = (changes: Record<number, number>) => {
  const bytes = encodeModel(tiny);
  for (const [at, value] of Object.entries(changes)) bytes[Number(at)] = value;
  return bytes;
};

/** As a transfer as text writes the line breaks. */
const lineBreaks = (bytes: Uint8Array, to: string) =>
  Uint8Array.from(Buffer.from(Buffer.from(bytes).toString("latin1").replaceAll("\r\n", to), "latin1"));

test("decodeModel(bytes) says what is wrong with a file, and what to do", () => {
  const bytes = encodeModel(tiny);
  const cases: [Uint8Array, RegExp][] = [
    [
      new Uint8Array(),
      /^Error: This is not a quantised model: expected bytes that begin with LENETQ, .*check the path/,
    ],
    [new TextEncoder().encode("<!DOCTYPE html>"), /^Error: This is not a quantised model/],
    [set({ 3: 0 }), /^Error: This is not a quantised model/],
    [cut(bytes, 19), /^Error: Expected a model of at least 20 bytes, got 19: fetch the file again\.$/],
    [cut(bytes, 1), /^Error: Expected a model of at least 20 bytes, got 1: fetch the file again\.$/],
    [cut(bytes, 7), /^Error: Expected a model of at least 20 bytes, got 7: fetch the file again\.$/],
    [
      lineBreaks(bytes, "\n"),
      /^Error: Damaged model: expected the bytes 13 10 after LENETQ, got 10 1: a transfer as text/,
    ],
    [
      lineBreaks(bytes, "\r"),
      /^Error: Damaged model: expected the bytes 13 10 after LENETQ, got 13 1: a transfer as text/,
    ],
    [
      lineBreaks(bytes, "\r\r\n"),
      /^Error: Damaged model: expected the bytes 13 10 after LENETQ, got 13 13: a transfer/,
    ],
    [set({ 8: 2 }), /^Error: Expected a model file of version 1, got version 2: save the model again\.$/],
    [cut(bytes, 50), /^Error: Expected a model of 100 bytes, got 50: the file is truncated; fetch it again\.$/],
    [Uint8Array.of(...bytes, 0), /^Error: Expected a model of 100 bytes, got 101: bytes trail after its end; fetch it/],
    [
      set({ 26: 1 }),
      /^Error: Damaged model: expected bytes with CRC-32 \w{8}, got \w{8}\. Fetch the file again, or save/,
    ],
    [repaired(set({ 29: 5 })), /^Error: Damaged model: expected the kind of layer in 0 … 4, got 5\. Fetch/],
    [repaired(set({ 40: 2 })), /^Error: Damaged model: expected the padding of p in 0 … 1, got 2\./],
    [repaired(set({ 52: 2 })), /^Error: Damaged model: expected the ReLU of logits in 0 … 1, got 2\./],
    [repaired(set({ 53: 9 })), /^Error: Damaged model: expected weights of logits of 2 to 8 bits, got 9\./],
    [repaired(set({ 57: 255 })), /^Error: Damaged model: expected 2139095043 more bytes at byte 58, got 38\./],
    [repaired(set({ 54: 5 })), /^Error: Damaged model: expected 4 zero bits after the weights of logits\./],
    [repaired(set({ 61: 32 })), /^Error: Damaged model: expected scales of logits of type 33, got type 32\./],
    [repaired(set({ 65: 255 })), /^Error: Damaged model: expected \d+ more bytes at byte 66, got 30\./],
    [repaired(set({ 78: 33 })), /^Error: Damaged model: expected bias of logits of type 32, got type 33\./],
    [repaired(set({ 95: 2 })), /^Error: Damaged model: expected the output of logits in 0 … 1, got 2\./],
    [repaired(set({ 27: 2 })), /^Error: Damaged model: expected the last layer to end the file, got 52 more bytes\./],
    [repaired(set({ 27: 4 })), /^Error: Damaged model: expected 1 more bytes at byte 96, got 0\./],
    [repaired(set({ 16: 9 })), /^Error: Damaged model: logits: expected `kernel` to hold 27 numbers .*, got 6\. Fetch/],
    [repaired(set({ 31: 7 })), /^Error: Damaged model: Expected `name` of layer 0 to be 1 to 255 ASCII characters/],
  ];
  for (const [broken, message] of cases) assert.throws(() => decodeModel(broken), message, String(message));
  assert.throws(
    () => decodeModel(bytes.buffer as unknown as Uint8Array),
    /^TypeError: Expected `bytes` to be a Uint8Array, got ArrayBuffer: wrap it, new Uint8Array\(bytes\)\.$/,
  );
});

const moreMutations: Record<string, Mutation> = {
  ...mutations,
  "two bytes swapped": (bytes, source) => {
    const copy = Uint8Array.from(bytes);
    const [a, b] = [source.integer(0, copy.length - 1), source.integer(0, copy.length - 1)];
    [copy[a], copy[b]] = [copy[b] as number, copy[a] as number];
    return copy;
  },
  "a run of zeros": (bytes, source) => {
    const at = source.integer(0, bytes.length - 1);
    return Uint8Array.from(bytes).fill(0, at, at + source.integer(1, 40));
  },
  "largest bytes": (bytes, source) => {
    const at = source.integer(0, bytes.length - 1);
    return Uint8Array.from(bytes).fill(255, at, at + source.integer(1, 4));
  },
};

/** Runs `check` on damaged files, and counts how they fared. */
function damage(
  check: (original: QuantizedModel, damaged: Uint8Array) => "refused" | "accepted",
  alter: (bytes: Uint8Array) => Uint8Array,
  files = 2000,
) {
  const outcome = { refused: 0, accepted: 0 };
  const ways = Object.values(moreMutations);
  for (let i = 0; i < files; i++) {
    const source: Random = random(i, 5);
    const original = i % 4 === 0 ? tiny : randomQuantized(i % 50);
    const mutate = ways[i % ways.length] as Mutation;
    outcome[check(original, alter(mutate(encodeModel(original), source)))]++;
  }
  return outcome;
}

/** Decodes; fails the test unless what is thrown is one of the decoder's own errors. */
function decodeOrRefuse(bytes: Uint8Array): QuantizedModel | undefined {
  try {
    return decodeModel(bytes);
  } catch (error) {
    const { message } = error as Error;
    assert.equal((error as Error).constructor, Error, String((error as Error).stack));
    assert.match(message, /^(This is not a quantised model: |Expected a model |Damaged model: .*expected)/i);
    assert.match(message, /(check the path|[fF]etch|save the model again)/);
    return undefined;
  }
}

test("decodeModel(bytes) refuses each of 2,000 damaged files, or finds the model unharmed", () => {
  const { refused, accepted } = damage(
    (original, bytes) => {
      const decoded = decodeOrRefuse(bytes);
      if (decoded === undefined) return "refused";
      assert.deepEqual(decoded, original);
      return "accepted";
    },
    (bytes) => bytes,
  );
  assert.ok(refused > 1900 && accepted > 0, `${refused} refused, ${accepted} unharmed`);
});

const files = sample(2000, 400);
test(`decodeModel(bytes) survives ${files} damaged files with the right checksum: what it takes is whole, and runs`, () => {
  const { refused, accepted } = damage(
    (_, bytes) => {
      const decoded = decodeOrRefuse(bytes);
      if (decoded === undefined) return "refused";
      assert.deepEqual(encodeModel(decoded), bytes, "one model has one file");
      const largest = Math.max(...checkQuantized(decoded).map(({ shape }) => sizeOf(shape)));
      if (largest < 1e5) int8Engine(decoded)(new Uint8Array(sizeOf(decoded.inputShape)));
      return "accepted";
    },
    repaired,
    files,
  );
  assert.ok(refused > files / 4 && accepted > files / 10, `${refused} refused, ${accepted} accepted`);
});

test("decodeModel(bytes) makes no room for numbers that are not there", () => {
  const before = process.memoryUsage().arrayBuffers;
  for (const at of [54, 62, 79]) {
    const bytes = repaired(set({ [at]: 255, [at + 1]: 255, [at + 2]: 255, [at + 3]: 255 }));
    assert.throws(() => decodeModel(bytes), /^Error: Damaged model: expected \d+ more bytes/);
  }
  assert.ok(process.memoryUsage().arrayBuffers - before < 1e6);
});
