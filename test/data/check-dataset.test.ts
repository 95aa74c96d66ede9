import assert from "node:assert/strict";
import { test } from "node:test";
import { batchPlans } from "../../lib/src/data/batch-plan";
import { batches, toTensors } from "../../lib/src/data/batches";
import { checkDataset } from "../../lib/src/data/check-dataset";
import { type Dataset, folds, split, subset, take } from "../../lib/src/data/dataset";
import { Loader } from "../../lib/src/data/loader";
import { assertNoLeak } from "../helpers/assertions";
import { noise } from "../helpers/data";

import ndarray = require("ndarray");

/** 20 images of 28 × 28 with something changed. */
const changed = (change: object): Dataset<"train"> => ({ ...noise("train"), ...change });

/** Each way in which something is no data set, and the beginning of its error. */
const faults: [what: string, dataset: Dataset<"train">, error: RegExp][] = [
  [
    "fewer labels",
    changed({ labels: new Uint8Array(19) }),
    /^Error: Expected a label for each of 20 images .* got 19: /,
  ],
  [
    "labels beyond the classes",
    changed({ labels: new Uint8Array(20).fill(26, 3).fill(30, 7) }),
    /^RangeError: Expected labels of the train set of noise in 0 … 9, got 26 at index 3: load it with `classes: 31`\.$/,
  ],
  ["float labels", changed({ labels: new Float32Array(20) }), /^TypeError: Expected labels .* got Float32Array: /],
  ["a list of labels", changed({ labels: Array(20).fill(0) }), /^TypeError: Expected labels .* got Array: /],
  ["no labels", changed({ labels: undefined }), /^TypeError: Expected labels .* got Undefined: /],
  [
    "float images",
    changed({ images: ndarray(new Float32Array(20), [20, 1, 1]) }),
    /^TypeError: Expected images .* uint8, got float32/,
  ],
  ["no images", changed({ images: undefined }), /^TypeError: Expected images .* got undefined/],
  [
    "flat images",
    changed({ images: ndarray(new Uint8Array(80), [20, 4]) }),
    /^Error: Expected images .* \[n, height, width\], got \[20, 4\]\.$/,
  ],
  [
    "images without pixels",
    changed({ images: ndarray(new Uint8Array(0), [20, 0, 4]) }),
    /^Error: Expected images .* got \[20, 0, 4\]\.$/,
  ],
  ...[0, 2.5, 257, Number.NaN].map((classes): (typeof faults)[number] => [
    `${classes} classes`,
    changed({ classes }),
    /^RangeError: Expected `classes` of the train set of noise to be a whole number in 1 … 256, got/,
  ]),
  ["no classes", changed({ classes: undefined }), /^TypeError: Expected `classes` of .* got undefined\.$/],
];

/** Whatever takes a data set, up to its first result. */
const readers: Record<string, (dataset: Dataset<"train">) => unknown> = {
  checkDataset,
  split: (dataset) => split(dataset, { validation: 5, seed: 0 }),
  folds: (dataset) => folds(dataset, { count: 2, seed: 0 }),
  subset: (dataset) => subset(dataset, [0]),
  take: (dataset) => take(dataset, 1),
  toTensors: (dataset) => toTensors(dataset),
  batchPlans: (dataset) => batchPlans(dataset, {}).next(),
  Loader: (dataset) => new Loader(dataset),
};

for (const [name, read] of Object.entries(readers)) {
  test(`${name} refuses what is no data set, each fault in its own words, and leaves no tensor behind`, async () => {
    await assertNoLeak(() => {
      for (const [what, dataset, error] of faults) assert.throws(() => read(dataset), error, what);
    });
  });
}

test("batches refuses what is no data set when its first batch is asked for", async () => {
  for (const [what, dataset, error] of faults) await assert.rejects(() => batches(dataset).next(), error, what);
});

test("checkDataset(dataset, name) uses the name it is given, in every error", () => {
  for (const [what, dataset] of faults)
    assert.throws(() => checkDataset(dataset, "my letters"), /Expected .* of my letters/, what);
});

test("checkDataset(dataset) lets pass no images, 256 classes, views and Buffers", () => {
  const data = noise("train", { classes: 256, count: 300, size: 4 });
  for (const good of [
    data,
    take(data, 0),
    noise("test", { count: 0 }),
    { ...data, images: data.images.transpose(0, 2, 1).step(1, -1, 2) },
    { ...data, labels: Buffer.from(data.labels) },
  ])
    checkDataset(good);
});

test("folds and split of letters labelled 1 … 26 keep every image, once they know of 27 classes", () => {
  const letters = {
    ...noise("train", { count: 520, size: 2 }),
    labels: Uint8Array.from({ length: 520 }, (_, i) => 1 + (i % 26)),
  };
  for (const divide of [
    (dataset: Dataset<"train">) => folds(dataset, { count: 5, seed: 0 }),
    (dataset: Dataset<"train">) => split(dataset, { validation: 100, seed: 0 }),
  ])
    assert.throws(() => divide(letters), /in 0 … 9, got 10 at index 9: load it with `classes: 27`\.$/);
  const known = { ...letters, classes: 27 };
  assert.equal(folds(known, { count: 5, seed: 0 }).flat().length, 520);
  const { train, validation } = split(known, { validation: 100, seed: 0 });
  assert.deepEqual([train.labels.length, validation.labels.length], [420, 100]);
});

test("split and folds refuse one image and none in a sentence", () => {
  for (const count of [0, 1]) {
    const data = noise("train", { count });
    for (const divide of [() => split(data, { validation: 1, seed: 0 }), () => folds(data, { count: 2, seed: 0 })])
      assert.throws(divide, {
        name: "RangeError",
        message: `Expected 2 images or more to divide in noise, got ${count}.`,
      });
  }
});
