import { checkList, checkWhole, shown, typeName } from "../common/checks";
import { toTensors } from "../data/batches";
import { checkDataset } from "../data/check-dataset";
import type { Dataset } from "../data/dataset";
import { checkImageShape, outputOf } from "../network/graph";
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
 * @throws when images or classes do not fit the model, the model has more than one input or output, images are not
 *   finite, or the results are not, as with NaN in the weights
 * @returns the results of `work`, end to end: `size` numbers an image
 */
export function explainInChunks(
  model: tf.LayersModel,
  images: Images,
  { classes, ratherThan, batchSize = 500, size }: ChunkOptions,
  work: (chunk: Chunk) => tf.Tensor,
): { data: Float32Array; count: number } {
  checkImages(model, images);
  const [count] = shapeOf(images);
  checkWhole("batchSize", batchSize, { above: 0 });
  const data = new Float32Array(count * size);
  const signs = signsOf(model, count, classes, ratherThan);
  try {
    for (let start = 0; start < count; start += batchSize) {
      const n = Math.min(batchSize, count - start);
      tf.tidy(() => {
        const chunk = { images: imagesAt(images, start, n), sign: tf.slice(signs, start, n) };
        const results = work(chunk).dataSync();
        const wrong = firstNotFinite(results);
        if (wrong >= 0)
          throw new RangeError(
            `Expected finite gradients, got ${results[wrong]} for image ${start + Math.floor(wrong / size)}: ` +
              "look for NaN in the weights.",
          );
        data.set(results, start * size);
      });
    }
  } finally {
    signs.dispose();
  }
  return { data, count };
}

/**
 * The shape of images as the model gets them: [n, height, width, channels].
 * @throws TypeError unless they are a tensor or a data set, and as `checkDataset`
 */
export function shapeOf(images: Images): readonly [number, number, number, number] {
  if (images instanceof tf.Tensor) return images.shape;
  if (!images?.images)
    throw new TypeError(`Expected \`images\` as a tensor or a data set, got ${typeName(images)}: see \`toTensors\`.`);
  checkDataset(images);
  const [height, width] = images.images.shape.slice(1) as [number, number];
  return [images.labels.length, height, width, 1];
}

/** @throws TypeError unless a tensor is float32, RangeError at the first of its numbers that is not finite */
export function checkFiniteTensor(name: string, tensor: tf.Tensor): void {
  if (tensor.dtype !== "float32")
    throw new TypeError(`Expected \`${name}\` as float32, got ${tensor.dtype}: call \`toFloat()\`.`);
  const values = tensor.dataSync();
  const wrong = firstNotFinite(values);
  if (wrong >= 0)
    throw new RangeError(
      `Expected \`${name}\` to be finite, got ${values[wrong]} at index ${wrong} of all its numbers.`,
    );
}

const firstNotFinite = (values: tf.TypedArray): number => values.findIndex((value) => !Number.isFinite(value));

function imagesAt(images: Images, start: number, count: number): tf.Tensor4D {
  if (images instanceof tf.Tensor) return tf.slice(images, start, count);
  const places = Array.from({ length: count }, (_, i) => start + i);
  return toTensors(images, places).images;
}

function checkImages(model: tf.LayersModel, images: Images): void {
  const shape = shapeOf(images);
  if (images instanceof tf.Tensor) checkFiniteTensor("images", images);
  checkImageShape(model, shape);
}

function signsOf(model: tf.LayersModel, count: number, classes: Classes, ratherThan?: Classes): tf.Tensor2D {
  const width = outputOf(model).shape[1] as number;
  const signs = tf.buffer([count, width]);
  const add = (name: string, list: Classes, sign: number) => {
    if (typeof list !== "number") checkList(name, list);
    if (typeof list !== "number" && list.length !== count)
      throw new Error(`Expected \`${name}\` to hold ${count} classes, one an image, got ${list.length}.`);
    for (let i = 0; i < count; i++) {
      const wanted = typeof list === "number" ? list : (list[i] as number);
      if (!(Number.isInteger(wanted) && wanted >= 0 && wanted < width)) {
        const Kind = typeof wanted === "number" ? RangeError : TypeError;
        throw new Kind(`Expected \`${name}\` in 0 … ${width - 1}, got ${shown(wanted)} at index ${i}.`);
      }
      signs.set(signs.get(i, wanted) + sign, i, wanted);
    }
  };
  add("classes", classes, 1);
  if (ratherThan !== undefined) add("ratherThan", ratherThan, -1);
  return signs.toTensor() as tf.Tensor2D;
}
