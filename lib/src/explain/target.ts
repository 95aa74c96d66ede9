import { checkWhole } from "../common/checks";
import { toTensors } from "../data/batches";
import type { Dataset } from "../data/dataset";
import { inputOf, outputOf } from "../network/graph";
import { tf } from "../tensors/tensorflow";

/** Images to explain: as a model takes them, float32 [n, height, width, channels], or a data set. */
export type Images = tf.Tensor4D | Dataset;

/** The class to explain: one for each image, or one for all. */
export type Classes = number | ArrayLike<number>;

/** Some of the images, and which logits count for them: 1 for the class, −1 for the class it is compared with. */
export interface Chunk {
  /** float32 [n, height, width, channels] */
  images: tf.Tensor4D;
  /** float32 [n, classes] */
  sign: tf.Tensor2D;
}

export interface ChunkOptions {
  classes: Classes;
  ratherThan?: Classes;
  /** images at a time */
  batchSize?: number;
  /** numbers that the result holds for each image */
  size: number;
}

/** The explained logits, summed over the images of a chunk; each image has its own logits, so gradients do not mix. */
export function explainedSum(logits: tf.Tensor2D, { sign }: Chunk): tf.Scalar {
  return tf.sum(tf.mul(logits, sign));
}

/**
 * Explains images chunk by chunk; every tensor that `work` makes is disposed, also when it fails.
 * @throws when images or classes do not fit the model, or the model has more than one input or output
 * @returns the results of `work`, end to end: `size` numbers an image
 */
export function explainInChunks(
  model: tf.LayersModel,
  images: Images,
  { classes, ratherThan, batchSize = 500, size }: ChunkOptions,
  work: (chunk: Chunk) => tf.Tensor,
): { data: Float32Array; count: number } {
  const [count] = shapeOf(images);
  checkImages(model, images);
  checkWhole("batchSize", batchSize, { above: 0 });
  const data = new Float32Array(count * size);
  const signs = signsOf(model, count, classes, ratherThan);
  try {
    for (let start = 0; start < count; start += batchSize) {
      const n = Math.min(batchSize, count - start);
      tf.tidy(() => {
        const chunk = { images: imagesAt(images, start, n), sign: tf.slice(signs, start, n) };
        data.set(work(chunk).dataSync(), start * size);
      });
    }
  } finally {
    signs.dispose();
  }
  return { data, count };
}

/** The shape of images as the model gets them: [n, height, width, channels]. */
export function shapeOf(images: Images): readonly [number, number, number, number] {
  if (images instanceof tf.Tensor) return images.shape;
  const [height, width] = images.images.shape.slice(1) as [number, number];
  return [images.labels.length, height, width, 1];
}

function imagesAt(images: Images, start: number, count: number): tf.Tensor4D {
  if (images instanceof tf.Tensor) return tf.slice(images, start, count);
  const places = Array.from({ length: count }, (_, i) => start + i);
  return toTensors(images, places).images;
}

function checkImages(model: tf.LayersModel, images: Images): void {
  const expected = inputOf(model).shape.slice(1);
  const got = shapeOf(images).slice(1);
  const fits = got.length === expected.length && expected.every((length, i) => length === null || length === got[i]);
  if (!fits)
    throw new Error(
      `Expected \`images\` [n, ${expected.join(", ")}] as the model takes them, got [n, ${got.join(", ")}].`,
    );
}

function signsOf(model: tf.LayersModel, count: number, classes: Classes, ratherThan?: Classes): tf.Tensor2D {
  const width = outputOf(model).shape[1] as number;
  const signs = tf.buffer([count, width]);
  const add = (name: string, list: Classes, sign: number) => {
    if (typeof list !== "number" && list.length !== count)
      throw new Error(`Expected \`${name}\` to hold ${count} classes, one an image, got ${list.length}.`);
    for (let i = 0; i < count; i++) {
      const wanted = typeof list === "number" ? list : (list[i] as number);
      if (!(Number.isInteger(wanted) && wanted >= 0 && wanted < width))
        throw new RangeError(`Expected \`${name}\` in 0 … ${width - 1}, got ${wanted} at index ${i}.`);
      signs.set(signs.get(i, wanted) + sign, i, wanted);
    }
  };
  add("classes", classes, 1);
  if (ratherThan !== undefined) add("ratherThan", ratherThan, -1);
  return signs.toTensor() as tf.Tensor2D;
}
