import { copyPixels, type Dataset } from "./dataset";
import { type Random, random } from "./random";
import { tf } from "./tensorflow";

/** Some images and their labels, as tensors. */
export interface Batch {
  /** float32 [n, height, width, 1] in [0, 1] */
  images: tf.Tensor4D;
  /** int32 [n] */
  labels: tf.Tensor1D;
  /** counts batches from 0 through all epochs */
  step: number;
  /** counts epochs from 0 */
  epoch: number;
}

/** Changes a batch of training images; the pipeline disposes what comes in and what goes out. */
export type ImageMap = (images: tf.Tensor4D, random: Random) => tf.Tensor4D;

/** Knobs of `batches`. */
export interface BatchOptions {
  /** images a batch; the last batch of an epoch holds what is left */
  batchSize?: number;
  /** how many times to go through the data */
  epochs?: number;
  /** every epoch in a new order, fixed by `seed`; training data only */
  shuffle?: boolean;
  /** applied to every batch, such as an augmentation; training data only */
  map?: ImageMap;
  seed?: number;
  /** begins at this step, as if the batches before it had been drawn */
  fromStep?: number;
}

/**
 * The pipeline load → shuffle → batch → map → repeat, as an async iterable:
 * `for await (const { images, labels } of batches(train, { shuffle: true, seed: 1 })) …`.
 * A batch's tensors are disposed when the next one is asked for, or when the loop is left.
 * Each batch depends on the seed and its step alone: a run that begins at `fromStep` sees the same batches.
 * @throws when `shuffle` or `map` is asked for on validation or test data
 */
export async function* batches(
  dataset: Dataset,
  { batchSize = 128, epochs = 1, shuffle = false, map, seed = 0, fromStep = 0 }: BatchOptions = {},
): AsyncGenerator<Batch, void, void> {
  if (dataset.role !== "train" && (map !== undefined || shuffle)) {
    throw new Error(
      `Expected a training set to shuffle or augment, got the ${dataset.role} set of ${dataset.name}: ` +
        "what measures a model must reach it unchanged.",
    );
  }
  for (const [name, value] of Object.entries({ epochs, fromStep })) {
    if (!(Number.isInteger(value) && value >= 0)) {
      throw new RangeError(`Expected \`${name}\` to be a whole number, 0 or more, got ${value}.`);
    }
  }
  const steps = stepsPerEpoch(dataset, batchSize);
  for (let epoch = Math.floor(fromStep / steps); epoch < epochs; epoch++) {
    const order = Array.from(dataset.labels.keys());
    if (shuffle) random(seed, epoch).shuffle(order);
    for (let i = epoch === Math.floor(fromStep / steps) ? fromStep % steps : 0; i < steps; i++) {
      const step = epoch * steps + i;
      const batch = toTensors(dataset, order.slice(i * batchSize, (i + 1) * batchSize));
      try {
        if (map !== undefined) batch.images = mapped(batch.images, map, random(seed, epoch, step));
        yield { ...batch, step, epoch };
      } finally {
        tf.dispose([batch.images, batch.labels]);
      }
    }
  }
}

/** How many batches one epoch takes. */
export function stepsPerEpoch(dataset: Dataset, batchSize: number): number {
  if (!(Number.isInteger(batchSize) && batchSize > 0)) {
    throw new RangeError(`Expected \`batchSize\` to be a whole number above 0, got ${batchSize}.`);
  }
  if (dataset.labels.length === 0)
    throw new Error(`Expected images in the ${dataset.role} set of ${dataset.name}, got none.`);
  return Math.ceil(dataset.labels.length / batchSize);
}

/**
 * The images at `indices` as tensors: pixels divided by 255.
 * @returns float32 [n, height, width, 1] in [0, 1] and int32 [n]; the caller disposes
 */
export function toTensors(
  dataset: Dataset,
  indices: ArrayLike<number> = Array.from(dataset.labels.keys()),
): { images: tf.Tensor4D; labels: tf.Tensor1D } {
  const [, height, width] = dataset.images.shape as [number, number, number];
  const size = height * width;
  const pixels = new Float32Array(indices.length * size);
  const labels = new Int32Array(indices.length);
  for (let i = 0; i < indices.length; i++) {
    copyPixels(dataset.images, indices[i] as number, pixels, { offset: i * size, divisor: 255 });
    labels[i] = dataset.labels[indices[i] as number] as number;
  }
  return {
    images: tf.tensor4d(pixels, [indices.length, height, width, 1]),
    labels: tf.tensor1d(labels, "int32"),
  };
}

function mapped(images: tf.Tensor4D, map: ImageMap, source: Random): tf.Tensor4D {
  const result = tf.tidy(() => map(images, source));
  if (result !== images) images.dispose();
  return result;
}
