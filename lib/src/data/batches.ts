import { checkList } from "../common/checks";
import { tf } from "../tensors/tensorflow";
import type { BatchOptions } from "./batch-plan";
import { checkDataset } from "./check-dataset";
import { copyPixels, type Dataset } from "./dataset";
import { type Batch, Loader } from "./loader";

/**
 * The pipeline load → shuffle → batch → map → repeat, as an async iterable:
 * `for await (const { images, labels } of batches(train, { shuffle: true, seed: 1 })) …`.
 * A batch's tensors are disposed when the next one is asked for, or when the loop is left.
 * A batch depends only on the seed and its step: a run that begins at `fromStep` sees the same batches.
 * @throws when `shuffle` or `map` is asked for on validation or test data, or images and labels do not fit together
 */
export async function* batches(dataset: Dataset, options: BatchOptions = {}): AsyncGenerator<Batch, void, void> {
  const loader = new Loader(dataset, options);
  try {
    for (; loader.batch; loader.advance()) yield loader.batch;
  } finally {
    loader.dispose();
  }
}

/**
 * The images at `indices`, or all, as tensors: pixels divided by 255.
 * @returns float32 [n, height, width, 1] in [0, 1] and int32 [n]; the caller disposes
 * @throws when `indices` are no list, an index is no image's, or images and labels do not fit together
 */
export function toTensors(dataset: Dataset, indices?: ArrayLike<number>): { images: tf.Tensor4D; labels: tf.Tensor1D } {
  checkDataset(dataset);
  if (indices !== undefined) checkList("indices", indices);
  const places = indices ?? Array.from(dataset.labels.keys());
  const [, height, width] = dataset.images.shape as [number, number, number];
  const size = height * width;
  const pixels = new Float32Array(places.length * size);
  const labels = new Int32Array(places.length);
  for (let i = 0; i < places.length; i++) {
    copyPixels(dataset.images, places[i] as number, pixels, { offset: i * size, divisor: 255 });
    labels[i] = dataset.labels[places[i] as number] as number;
  }
  return {
    images: tf.tensor4d(pixels, [places.length, height, width, 1]),
    labels: tf.tensor1d(labels, "int32"),
  };
}
