import ndarray = require("ndarray");

import type { NdArray } from "ndarray";
import { checkList, checkWhole } from "../common/checks";
import { random } from "../common/random";
import { checkDataset } from "./check-dataset";

/** What a set of images is for. Only a `"train"` set may be shuffled, augmented or learned from. */
export type Role = "train" | "validation" | "test";

/** Images and their labels. */
export interface Dataset<R extends Role = Role> {
  name: string;
  role: R;
  /** uint8 [n, height, width]; 0 is background, 255 is full ink */
  images: NdArray<Uint8Array>;
  /** uint8 [n], each in 0 … classes − 1 */
  labels: Uint8Array;
  classes: number;
}

/**
 * Divides a training set in two, each class in the same proportion (stratified), at random but the same for a seed.
 * The pixels are copied; order within each part is the original one.
 * @param options.validation how many images go to the validation part
 * @throws when it is no training set, holds fewer than 2 images, or labels that are no class, or either part would hold
 *   none
 */
export function split(
  train: Dataset<"train">,
  { validation, seed }: { validation: number; seed: number },
): { train: Dataset<"train">; validation: Dataset<"validation"> } {
  const total = divisibleCount(train);
  checkWhole("validation", validation, { from: 1, to: total - 1 });
  const held = new Set(stratifiedSample(train, validation, seed));
  const indices = Array.from(train.labels.keys());
  return {
    train: subset(
      train,
      indices.filter((i) => !held.has(i)),
    ),
    validation: {
      ...subset(
        train,
        indices.filter((i) => held.has(i)),
      ),
      role: "validation",
    },
  };
}

/**
 * Divides the indices of a training set into `count` parts, each class in the same proportion, at random but the same
 * for a seed. For cross-validation: learn from all parts but one, predict that one, and so on, until every image has
 * been predicted by a network that never saw it.
 * @returns `count` lists of indices, each rising; every index stands in exactly one
 * @throws when it is no training set, holds fewer than 2 images, or labels that are no class, or `count` is not in 2 …
 *   images
 */
export function folds(train: Dataset<"train">, { count, seed }: { count: number; seed: number }): number[][] {
  checkWhole("count", count, { from: 2, to: divisibleCount(train) });
  const { labels, classes } = train;
  // dealt like cards, one class after the other
  const dealt = indicesByClass(labels, classes).flatMap((indices, c) => random(seed, c).shuffle(indices));
  return Array.from({ length: count }, (_, fold) => dealt.filter((_, i) => i % count === fold).sort((a, b) => a - b));
}

/**
 * The images of a data set at `indices`, in that order, copied.
 * @throws when `indices` are no list, an index is no image's, or images and labels do not fit together
 */
export function subset<R extends Role>(dataset: Dataset<R>, indices: ArrayLike<number>): Dataset<R> {
  checkDataset(dataset);
  checkList("indices", indices);
  const [, height, width] = dataset.images.shape as [number, number, number];
  const size = height * width;
  const pixels = new Uint8Array(indices.length * size);
  const labels = new Uint8Array(indices.length);
  for (let i = 0; i < indices.length; i++) {
    copyPixels(dataset.images, indices[i] as number, pixels, { offset: i * size });
    labels[i] = dataset.labels[indices[i] as number] as number;
  }
  return { ...dataset, images: ndarray(pixels, [indices.length, height, width]), labels };
}

/** Copies an image's pixels / `divisor` into `target`, row by row; `images` may be a view, such as a crop. */
export function copyPixels(
  images: NdArray<Uint8Array>,
  index: number,
  target: Uint8Array | Float32Array,
  { offset = 0, divisor = 1 }: { offset?: number; divisor?: number } = {},
): void {
  const { data } = images;
  const [total, height, width] = images.shape as [number, number, number];
  if (!(Number.isInteger(index) && index >= 0 && index < total)) {
    throw new RangeError(`Expected an index in 0 … ${total - 1}, got ${index}.`);
  }
  const step = images.stride[2] as number;
  let position = offset;
  for (let y = 0; y < height; y++) {
    const row = images.index(index, y, 0);
    for (let x = 0; x < width; x++) target[position++] = (data[row + x * step] as number) / divisor;
  }
}

/**
 * The first `count` images of a data set, or all if there are fewer: views, nothing is copied.
 * @throws when `count` is not a whole number, 0 or more, or images and labels do not fit together
 */
export function take<R extends Role>(dataset: Dataset<R>, count: number): Dataset<R> {
  checkWhole("count", count, { from: 0 });
  checkDataset(dataset);
  const { images, labels } = dataset;
  const n = Math.min(count, labels.length);
  return { ...dataset, images: images.hi(n, ...images.shape.slice(1)), labels: labels.subarray(0, n) };
}

/** How many images there are to divide. */
function divisibleCount(train: Dataset): number {
  checkDataset(train);
  // types keep a test set out; a cast, or plain JavaScript, does not
  if (train.role !== "train")
    throw new Error(`Expected training images to divide, got the ${train.role} set of ${train.name}.`);
  const count = train.labels.length;
  if (count < 2) throw new RangeError(`Expected 2 images or more to divide in ${train.name}, got ${count}.`);
  return count;
}

/** `count` indices, each class in proportion; what rounding leaves goes to the largest remainders. */
function stratifiedSample({ labels, classes }: Dataset, count: number, seed: number): number[] {
  const byClass = indicesByClass(labels, classes);
  const shares = byClass.map((indices) => (indices.length * count) / labels.length);
  const quotas = shares.map(Math.floor);
  const byRest = shares.map((share, c) => ({ c, rest: share % 1 })).sort((a, b) => b.rest - a.rest || a.c - b.c);
  const missing = count - quotas.reduce((a, b) => a + b, 0);
  for (const { c } of byRest.slice(0, missing)) quotas[c] = (quotas[c] as number) + 1;
  return byClass.flatMap((indices, c) => random(seed, c).shuffle(indices).slice(0, quotas[c]));
}

/** For each class, the indices of its images. */
function indicesByClass(labels: Uint8Array, classes: number): number[][] {
  return Array.from({ length: classes }, (_, c) => Array.from(labels.keys()).filter((i) => labels[i] === c));
}
