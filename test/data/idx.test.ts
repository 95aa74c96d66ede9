import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import type { NdArray } from "ndarray";
import { random } from "../../lib/src/common/random";
import { type IdxArray, readIdx, writeIdx } from "../../lib/src/data/idx";
import { loadIdx } from "../../lib/src/data/mnist";

import ndarray = require("ndarray");

import { temporaryFolder } from "../helpers/data";
import { sample } from "../helpers/full";
import { headerMutations, type Mutation, mutations } from "../helpers/mutations";

/** Two images of 2 × 3 pixels, byte by byte. */
const twoImages = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, 10, 11, 12, 13, 14, 15, 20, 21, 22, 23, 24, 25];

function elements(array: NdArray<IdxArray>): number[] {
  const [n, rows, columns] = array.shape as [number, number, number];
  const list: number[] = [];
  for (let i = 0; i < n; i++)
    for (let y = 0; y < rows; y++) for (let x = 0; x < columns; x++) list.push(array.get(i, y, x));
  return list;
}

test("readIdx(bytes) reads shape and elements of a file written by hand", () => {
  const array = readIdx(Uint8Array.from(twoImages));
  assert.deepEqual(array.shape, [2, 2, 3]);
  assert.equal(array.get(0, 1, 2), 15);
  assert.equal(array.get(1, 0, 1), 21);
});

test("readIdx(bytes) reads big-endian elements of each type", () => {
  const header = (code: number) => [0, 0, code, 1, 0, 0, 0, 2];
  const cases: [number, number[], IdxArray][] = [
    [0x08, [1, 255], Uint8Array.of(1, 255)],
    [0x09, [1, 255], Int8Array.of(1, -1)],
    [0x0b, [1, 2, 255, 254], Int16Array.of(258, -2)],
    [0x0c, [0, 1, 2, 3, 255, 255, 255, 253], Int32Array.of(66051, -3)],
    [0x0d, [0x3f, 0x80, 0, 0, 0xc0, 0x20, 0, 0], Float32Array.of(1, -2.5)],
    [0x0e, [0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0xc0, 4, 0, 0, 0, 0, 0, 0], Float64Array.of(1, -2.5)],
  ];
  for (const [code, bytes, expected] of cases) {
    const array = readIdx(Uint8Array.from([...header(code), ...bytes]));
    assert.deepEqual(array.data, expected);
    assert.deepEqual(array.shape, [2]);
  }
});

test("readIdx(bytes) of uint8 is a view over the same memory", () => {
  const padded = Uint8Array.from([99, 99, 99, ...twoImages]);
  const array = readIdx(padded.subarray(3));
  assert.equal(array.data.buffer, padded.buffer);
  padded[3 + 16] = 77;
  assert.equal(array.get(0, 0, 0), 77);
});

test("readIdx(buffer) gives a plain Uint8Array, whose slice is a copy", () => {
  const { data, dtype } = readIdx(Buffer.from(twoImages));
  assert.equal(Object.getPrototypeOf(data), Uint8Array.prototype);
  assert.equal(dtype, "uint8");
});

test("readIdx(bytes) reads arrays without elements", () => {
  assert.equal(readIdx(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 0)).size, 0);
  const hollow = readIdx(Uint8Array.of(0, 0, 13, 2, 255, 255, 255, 255, 0, 0, 0, 0));
  assert.deepEqual(hollow.shape, [0xffffffff, 0]);
  assert.deepEqual([...writeIdx(hollow)], [0, 0, 13, 2, 255, 255, 255, 255, 0, 0, 0, 0]);
  const huge = Uint8Array.from([0, 0, 8, 50, ...new Array(196).fill(255), 0, 0, 0, 0]);
  assert.deepEqual([...writeIdx(readIdx(huge))], [...huge]);
});

test("readIdx(bytes, {source}) names each fault and the source", () => {
  const bytes = (...change: [number, number][]) => {
    const copy = Uint8Array.from(twoImages);
    for (const [index, value] of change) copy[index] = value;
    return copy;
  };
  const cases: [Uint8Array, RegExp][] = [
    [new Uint8Array(), /^my file: expected a 4-byte IDX magic number, got 0 bytes in all: the file is truncated\.$/],
    [Uint8Array.of(0, 0, 8), /^my file: .* got 3 bytes in all: the file is truncated\.$/],
    [bytes([0, 1]), /^my file: expected an IDX magic number such as 0x00000803 .* got 0x01000803\.$/],
    [bytes([2, 0x0a]), /^my file: expected an IDX magic number .* got 0x00000a03\.$/],
    [bytes([3, 0]), /^my file: expected at least one dimension, got 0 in the magic number\.$/],
    [
      bytes().slice(0, 15),
      /^my file: expected 3 dimensions in a header of 16 bytes, got 15 bytes: the file is truncated\.$/,
    ],
    [bytes().slice(0, 27), /^my file: expected 28 bytes for uint8 \[2, 2, 3\], got 27: the file is truncated\.$/],
    [
      Uint8Array.from([...twoImages, 0]),
      /^my file: expected 28 bytes .* got 29: bytes trail after the last element\.$/,
    ],
    [bytes([7, 1]), /^my file: expected 22 bytes for uint8 \[1, 2, 3\], got 28: bytes trail/],
    [bytes([4, 255]), /^my file: expected \d+ bytes for uint8 \[4278190082, 2, 3\], got 28: the file is truncated\.$/],
    [
      gzipSync(bytes()),
      /^my file: expected an IDX magic number .* These bytes are gzip-compressed: decompress them first\.$/,
    ],
  ];
  for (const [damaged, message] of cases) {
    assert.throws(() => readIdx(damaged, { source: "my file" }), { name: "Error", message });
  }
});

test("writeIdx(array) writes the bytes of the format", () => {
  assert.deepEqual([...writeIdx(ndarray(Uint8Array.from(twoImages.slice(16)), [2, 2, 3]))], twoImages);
});

test("readIdx(writeIdx(array)) is the array, for each element type and any strides", () => {
  const source = random(1);
  const makers = [Uint8Array, Int8Array, Int16Array, Int32Array, Float32Array, Float64Array] as const;
  for (const make of makers) {
    const data = new make(60);
    // every bit pattern may occur, NaN among them
    const raw = new Uint8Array(data.buffer);
    for (let i = 0; i < raw.length; i++) raw[i] = source.integer(0, 255);
    const whole = ndarray<IdxArray>(data, [3, 4, 5]);
    const views = [
      whole,
      whole.transpose(2, 0, 1),
      whole.step(-1, 2, -1),
      whole.lo(1, 1, 1).hi(2, 2, 3),
      whole.hi(0, 4, 5),
    ];
    for (const view of views) {
      const read = readIdx(writeIdx(view));
      assert.deepEqual(read.shape, view.shape);
      assert.equal(read.data.constructor, make);
      assert.deepEqual(elements(read), elements(view));
    }
    assert.deepEqual(new Uint8Array(readIdx(writeIdx(whole)).data.slice().buffer), raw);
  }
});

test("writeIdx(array) keeps the bits of a signalling NaN", () => {
  const data = new Float32Array(Uint32Array.of(0x7f800001).buffer);
  assert.deepEqual([...writeIdx(ndarray(data, [1]))].slice(8), [0x7f, 0x80, 0, 1]);
});

test("writeIdx(array) refuses what the format cannot hold", () => {
  const plain = ndarray([1, 2, 3]) as unknown as NdArray<IdxArray>;
  assert.throws(() => writeIdx(plain), /^TypeError: Expected an array of uint8, int8, .* got array: copy it/);
  assert.throws(() => writeIdx(ndarray(new Uint8Array(1), [])), /^RangeError: Expected 1 to 255 dimensions, got 0\.$/);
  assert.throws(
    () => writeIdx(ndarray(new Uint8Array(0), [2 ** 32, 0])),
    /^RangeError: Expected dimensions below 2 \*\* 32/,
  );
});

/** A tiny data set as bytes: what each of the four files holds. */
function tinyFiles(): Record<string, Uint8Array> {
  const source = random(7);
  const files: Record<string, Uint8Array> = {};
  for (const [prefix, n] of [
    ["train", 12],
    ["t10k", 7],
  ] as const) {
    const pixels = Uint8Array.from({ length: n * 20 }, () => source.integer(0, 255));
    const labels = Uint8Array.from({ length: n }, () => source.integer(0, 9));
    files[`${prefix}-images-idx3-ubyte`] = writeIdx(ndarray(pixels, [n, 5, 4]));
    files[`${prefix}-labels-idx1-ubyte`] = writeIdx(ndarray(labels, [n]));
  }
  return files;
}

test("readIdx(mutated) fails clearly or reads exactly what the bytes say, for 3,000 mutated files", () => {
  const kinds = Object.entries({ ...mutations, ...headerMutations });
  const source = random(11);
  const wide = [Int16Array, Int32Array, Float32Array, Float64Array].map((make) => {
    const data: IdxArray = new make(12);
    for (let i = 0; i < data.length; i++) data[i] = source.integer(-99, 99);
    return writeIdx(ndarray(data, [3, 4]));
  });
  const originals = [...Object.values(tinyFiles()), ...wide];
  const count = { loaded: 0, refused: 0 };
  for (let i = 0; i < 3000; i++) {
    const [kind, mutate] = kinds[i % kinds.length] as (typeof kinds)[number];
    const mutated = mutate(originals[source.integer(0, originals.length - 1)] as Uint8Array, source);
    const name = `file ${i} (${kind})`;
    let array: NdArray<IdxArray>;
    try {
      array = readIdx(mutated, { source: name });
    } catch (error) {
      count.refused += 1;
      const { message, name: kindOfError } = error as Error;
      assert.equal(kindOfError, "Error", message);
      assert.ok(
        message.startsWith(`${name}: expected `) && message.includes(", got ") && message.length < 4000,
        message,
      );
      continue;
    }
    count.loaded += 1;
    assert.ok(Buffer.from(writeIdx(array)).equals(mutated), `${name} was misread`);
  }
  assert.ok(count.loaded > 500 && count.refused > 1000, JSON.stringify(count));
});

const folders = sample(1500, 400);
test(`loadIdx(name) fails clearly or reads exactly what the files say, for ${folders} folders with one mutated file`, (t) => {
  const dataFolder = temporaryFolder(t);
  const kinds: [string, Mutation?][] = [
    ...Object.entries({ ...mutations, ...headerMutations }),
    ["another file in its place"],
  ];
  const source = random(13);
  const originals = tinyFiles();
  const stems = Object.keys(originals);
  const write = (stem: string, gzip: boolean, bytes: Uint8Array) => {
    const path = join(dataFolder, gzip ? "zipped" : "plain", gzip ? `${stem}.gz` : stem);
    // overwriting would wait for the disk each time
    rmSync(path, { force: true });
    writeFileSync(path, bytes);
  };
  for (const folder of ["plain", "zipped"]) mkdirSync(join(dataFolder, folder));
  for (const stem of stems) {
    write(stem, false, originals[stem] as Uint8Array);
    write(stem, true, gzipSync(originals[stem] as Uint8Array));
  }
  const count = { loaded: 0, refused: 0 };
  for (let i = 0; i < folders; i++) {
    const [kind, mutate] = kinds[i % kinds.length] as (typeof kinds)[number];
    const stem = stems[source.integer(0, 3)] as string;
    const gzip = source.uniform() < 0.5;
    // inside a .gz, either the IDX bytes are damaged and compressed, or the compressed bytes are damaged
    const insideOut = source.uniform() < 0.5;
    const plain = originals[mutate ? stem : (stems[source.integer(0, 3)] as string)] as Uint8Array;
    const damage = (bytes: Uint8Array) => (mutate ? mutate(bytes, source) : bytes);
    const stored = !gzip ? damage(plain) : insideOut ? gzipSync(damage(plain)) : damage(gzipSync(plain));
    write(stem, gzip, stored);
    const context = `folder ${i} (${kind}, ${stem}${gzip ? ".gz" : ""})`;
    try {
      const name = gzip ? "zipped" : "plain";
      const data = loadIdx(name, { dataFolder });
      count.loaded += 1;
      const { images, labels } = stem.startsWith("train") ? data.train : data.test;
      const read = writeIdx(stem.includes("images") ? images : ndarray(labels, [labels.length]));
      assert.ok(Buffer.from(read).equals(gzip ? gunzipSync(stored) : stored), `${context} was misread`);
      assert.equal(labels.length, images.shape[0]);
      assert.ok(
        labels.every((label) => label < 10),
        `${context}: a label is out of range`,
      );
    } catch (error) {
      if ((error as Error).name === "AssertionError") throw error;
      count.refused += 1;
      const { message, name: kindOfError } = error as Error;
      assert.match(kindOfError, /^(Range)?Error$/, `${context}: ${message}`);
      const named = message.includes(stem) || /the (train|test) set of (plain|zipped)/.test(message);
      assert.ok(named && /(: e|^E)xpected .*, (got|but) /.test(message), `${context}: ${message}`);
    }
    write(stem, gzip, gzip ? gzipSync(originals[stem] as Uint8Array) : (originals[stem] as Uint8Array));
  }
  assert.ok(count.loaded > folders / 7.5 && count.refused > folders / 2.2, JSON.stringify(count));
});

test("readIdx(bytes) and writeIdx(array) refuse what is not of their type", () => {
  for (const [wrong, got] of [
    [new ArrayBuffer(16), "ArrayBuffer"],
    [new Float32Array(4), "Float32Array"],
    ["IDX", "String"],
    [undefined, "Undefined"],
  ] as unknown as [Uint8Array, string][])
    assert.throws(() => readIdx(wrong, { source: "a file" }), {
      name: "TypeError",
      message: `a file: expected a Uint8Array, got ${got}: wrap an ArrayBuffer, new Uint8Array(buffer).`,
    });
  for (const wrong of [Uint8Array.of(1), undefined] as unknown as Parameters<typeof writeIdx>)
    assert.throws(
      () => writeIdx(wrong),
      /^TypeError: Expected an ndarray, got U\w+: wrap a list, `ndarray\(list, shape\)`\.$/,
    );
});
