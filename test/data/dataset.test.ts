import assert from "node:assert/strict";
import { test } from "node:test";
import { toTensors } from "../../lib/src/data/batches";
import { type Dataset, folds, split, subset, take } from "../../lib/src/data/dataset";
import { digits, noise } from "../helpers/data";

/** A data set whose image i is filled with the value i, so that each image can be told. */
function numbered(count: number): Dataset<"train"> {
  const data = noise("train", { count, size: 3 });
  data.images.data.forEach((_, i, pixels) => {
    pixels[i] = Math.floor(i / 9);
  });
  return data;
}

const numbersOf = ({ images }: Dataset): number[] =>
  Array.from({ length: images.shape[0] as number }, (_, i) => images.get(i, 2, 2));

test("split(train, {validation, seed}) divides into two disjoint and complete parts in their old order", () => {
  const data = numbered(200);
  const { train, validation } = split(data, { validation: 50, seed: 1 });
  const [left, right] = [numbersOf(train), numbersOf(validation)];
  assert.deepEqual([left.length, right.length], [150, 50]);
  assert.deepEqual(
    [...left, ...right].sort((a, b) => a - b),
    Array.from({ length: 200 }, (_, i) => i),
  );
  for (const part of [train, validation]) {
    const numbers = numbersOf(part);
    assert.deepEqual(
      numbers,
      [...numbers].sort((a, b) => a - b),
    );
    assert.deepEqual(
      Array.from(part.labels),
      numbers.map((i) => data.labels[i]),
    );
  }
});

test("split(train, {validation, seed}) keeps each class's proportion to within one image", () => {
  const data = digits().train;
  const { train, validation } = split(data, { validation: 5000, seed: 0 });
  assert.deepEqual([train.labels.length, validation.labels.length], [55000, 5000]);
  for (let c = 0; c < 10; c++) {
    const count = (labels: Uint8Array) => labels.reduce((n, label) => n + (label === c ? 1 : 0), 0);
    const share = (count(data.labels) * 5000) / 60000;
    assert.ok(
      Math.abs(count(validation.labels) - share) < 1,
      `class ${c}: expected ${share}, got ${count(validation.labels)}`,
    );
  }
});

test("split(train, {validation, seed}) gives the parts their roles", () => {
  const { train, validation } = split(numbered(20), { validation: 5, seed: 0 });
  assert.deepEqual(
    [train.role, validation.role, validation.name, validation.classes],
    ["train", "validation", "noise", 10],
  );
});

test("split(train, {validation, seed}) is the same for a seed and another for another seed", () => {
  const data = numbered(200);
  const held = (seed: number) => numbersOf(split(data, { validation: 50, seed }).validation);
  assert.deepEqual(held(3), held(3));
  assert.notDeepEqual(held(3), held(4));
});

test("split(train, {validation, seed}) copies the pixels", () => {
  const data = numbered(20);
  const { train } = split(data, { validation: 5, seed: 0 });
  train.images.data.fill(99);
  assert.ok(!data.images.data.includes(99));
});

test("split(train, {validation, seed}) refuses sizes that leave a part empty, and seeds that are not whole", () => {
  for (const validation of [0, 20, -1, 2.5, Number.NaN]) {
    assert.throws(
      () => split(numbered(20), { validation, seed: 0 }),
      /^RangeError: Expected `validation` to be a whole number in 1 … 19, got/,
    );
  }
  assert.throws(
    () => split(numbered(20), { validation: 5, seed: 0.5 }),
    /^RangeError: Expected a seed to be a whole number, got 0\.5\.$/,
  );
});

test("folds(train, {count, seed}) puts every index in exactly one list, each rising, sizes within one", () => {
  for (const [total, count] of [
    [200, 5],
    [203, 7],
    [20, 20],
    [9, 2],
  ] as const) {
    const parts = folds(numbered(total), { count, seed: 1 });
    assert.equal(parts.length, count);
    assert.deepEqual(
      parts.flat().sort((a, b) => a - b),
      Array.from({ length: total }, (_, i) => i),
    );
    for (const part of parts) {
      assert.deepEqual(
        part,
        [...part].sort((a, b) => a - b),
      );
    }
    const sizes = parts.map((part) => part.length);
    assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1, `${sizes}`);
  }
});

test("folds(train, {count, seed}) keeps each class's proportion to within one image", () => {
  const data = digits().train;
  const parts = folds(data, { count: 7, seed: 0 });
  for (let c = 0; c < 10; c++) {
    const share = data.labels.filter((label) => label === c).length / 7;
    for (const part of parts) {
      const own = part.filter((i) => data.labels[i] === c).length;
      assert.ok(Math.abs(own - share) < 1, `class ${c}: expected ${share}, got ${own}`);
    }
  }
});

test("folds(train, {count, seed}) is the same for a seed, another for another seed, and at random", () => {
  const data = numbered(200);
  const parts = (seed: number) => folds(data, { count: 4, seed });
  assert.deepEqual(parts(3), parts(3));
  assert.notDeepEqual(parts(3), parts(4));
  const sorted = { ...data, labels: new Uint8Array(200) };
  const [first] = folds(sorted, { count: 4, seed: 0 });
  const steps = new Set(first?.slice(1).map((index, i) => index - (first[i] as number)));
  assert.ok(steps.size > 3, `steps of ${[...steps]}`);
});

test("folds(train, {count, seed}) refuses counts that leave no two parts, and seeds that are not whole", () => {
  for (const count of [0, 1, -2, 2.5, 21, Number.NaN]) {
    assert.throws(
      () => folds(numbered(20), { count, seed: 0 }),
      new RegExp(`^RangeError: Expected \`count\` to be a whole number in 2 … 20, got ${count}\\.$`),
    );
  }
  assert.throws(
    () => folds(numbered(20), { count: 2, seed: 0.5 }),
    /^RangeError: Expected a seed to be a whole number, got 0\.5\.$/,
  );
});

test("subset(dataset, indices) copies the images in the order of the indices, repeated ones too", () => {
  const data = numbered(10);
  const part = subset(data, [7, 2, 7]);
  assert.deepEqual(numbersOf(part), [7, 2, 7]);
  assert.deepEqual(
    Array.from(part.labels),
    [7, 2, 7].map((i) => data.labels[i]),
  );
  part.images.data.fill(99);
  part.labels.fill(99);
  assert.equal(data.images.get(7, 0, 0), 7);
  assert.ok(!data.labels.includes(99));
});

test("subset(dataset, indices) refuses indices that are no image's", () => {
  for (const index of [-1, 10, 1.5, Number.NaN]) {
    assert.throws(() => subset(numbered(10), [0, index]), /^RangeError: Expected an index in 0 … 9, got/);
  }
});

test("subset(dataset, indices) and toTensors(dataset) read views with any strides", () => {
  const data = noise("train", { count: 4, size: 6 });
  const cropped = {
    ...data,
    images: data.images.lo(1, 2, 1).hi(2, 3, 4).transpose(0, 2, 1),
    labels: data.labels.subarray(1, 3),
  };
  const part = subset(cropped, [1, 0]);
  assert.deepEqual(part.images.shape, [2, 4, 3]);
  const { images, labels } = toTensors(cropped);
  const pixels = images.arraySync();
  for (let y = 0; y < 4; y++) {
    for (let x = 0; x < 3; x++) {
      assert.equal(part.images.get(0, y, x), data.images.get(2, 2 + x, 1 + y));
      assert.equal(pixels[1]?.[y]?.[x]?.[0], Math.fround(data.images.get(2, 2 + x, 1 + y) / 255));
    }
  }
  images.dispose();
  labels.dispose();
});

test("take(dataset, count) gives views of the first images, or of all", () => {
  const data = numbered(10);
  const part = take(data, 4);
  assert.deepEqual([...part.images.shape, part.labels.length], [4, 3, 3, 4]);
  assert.equal(part.images.data, data.images.data);
  assert.equal(part.labels.buffer, data.labels.buffer);
  assert.deepEqual(numbersOf(part), [0, 1, 2, 3]);
  assert.equal(take(data, 99).labels.length, 10);
  assert.equal(take(data, 0).labels.length, 0);
});

test("take(dataset, count) refuses counts that are not whole", () => {
  for (const count of [-1, 1.5, Number.NaN]) {
    assert.throws(
      () => take(numbered(10), count),
      /^RangeError: Expected `count` to be a whole number, 0 or more, got/,
    );
  }
});

test("split and folds refuse what is no training set, as a cast lets through", () => {
  for (const role of ["test", "validation"] as const) {
    const data = noise(role) as unknown as Dataset<"train">;
    const error = { name: "Error", message: `Expected training images to divide, got the ${role} set of noise.` };
    assert.throws(() => split(data, { validation: 5, seed: 0 }), error);
    assert.throws(() => folds(data, { count: 2, seed: 0 }), error);
  }
});

test("subset and toTensors refuse indices that are no list", () => {
  for (const [wrong, got] of [
    [new Set([0, 1]), "Set: spread it, `[...it]`"],
    [noise("train").images, "an ndarray: pass its `.data`"],
    [3, "3"],
    [null, "null"],
  ] as unknown as [number[], string][]) {
    const error = { name: "TypeError", message: `Expected \`indices\` as a list, got ${got}.` };
    assert.throws(() => subset(noise("train"), wrong), error);
    assert.throws(() => toTensors(noise("train"), wrong), error);
  }
});
