import assert from "node:assert/strict";
import { test } from "node:test";
import { toTensors } from "../../lib/src/data/batches";
import { type Dataset, take } from "../../lib/src/data/dataset";
import { gatherRows, packPixels, selectImages } from "../../lib/src/data/pixel-store";
import { tf } from "../../lib/src/tensors/tensorflow";
import { trace } from "../../lib/src/tensors/trace";
import { assertNoLeak, assertSameBits } from "../helpers/assertions";
import { noise } from "../helpers/data";

import ndarray = require("ndarray");

/** The images at `indices` by way of the packed pixels. */
function selected(data: Dataset, indices: number[]): { images: Float32Array; shape: number[]; bytes: number } {
  return tf.tidy(() => {
    const [, height, width] = data.images.shape as [number, number, number];
    const packed = packPixels(data);
    const images = selectImages(packed, tf.tensor1d(indices, "int32"), [height, width]);
    return { images: images.dataSync() as Float32Array, shape: images.shape, bytes: 4 * packed.packed.size };
  });
}

/** The same by way of floats. */
const floats = (data: Dataset, indices: number[]) =>
  tf.tidy(() => toTensors(data, indices).images.dataSync() as Float32Array);

test("selectImages(packPixels(data), indices) divides each of the 256 bytes by 255, rounded once", () => {
  const data = noise("train", { count: 1, size: 16 });
  data.images.data.forEach((_, i, pixels) => {
    pixels[i] = i;
  });
  const expected = Float32Array.from({ length: 256 }, (_, value) => Math.fround(value / 255));
  assertSameBits(selected(data, [0]).images, expected);
});

test("selectImages(packPixels(data), indices) gives images in the order that is asked for, again and again", () => {
  const data = noise("train", { count: 7, size: 4 });
  for (const indices of [[0, 1, 2, 3, 4, 5, 6], [6, 0, 3], [5, 5, 5], [2]]) {
    const { images, shape } = selected(data, indices);
    assert.deepEqual(shape, [indices.length, 4, 4, 1]);
    assertSameBits(images, floats(data, indices), `of ${indices}`);
  }
});

test("packPixels(data) takes a byte a pixel, each image filled up to whole numbers", () => {
  for (const [height, width] of [
    [1, 1],
    [1, 2],
    [3, 5],
    [3, 3],
    [2, 2],
    [28, 28],
    [7, 2],
  ] as const) {
    const pixels = noise("train", { count: 3, size: 28 }).images.data.subarray(0, 3 * height * width);
    const data = { ...noise("train", { count: 3 }), images: ndarray(pixels, [3, height, width]) };
    const { images, shape, bytes } = selected(data, [2, 0]);
    assert.deepEqual(shape, [2, height, width, 1]);
    assert.equal(bytes, 3 * 4 * Math.ceil((height * width) / 4));
    assertSameBits(images, floats(data, [2, 0]), `of ${height} × ${width}`);
  }
});

test("packPixels(data) reads views: cropped, every other row, mirrored, transposed, the first few", () => {
  const data = noise("train", { count: 5, size: 9 });
  const { images } = data;
  for (const view of [
    images.lo(1, 2, 3),
    images.hi(4, 5, 6),
    images.step(1, 2, 3),
    images.step(-1, 1, -1),
    images.transpose(0, 2, 1).lo(0, 1, 0),
  ]) {
    const count = view.shape[0] as number;
    const cropped = { ...data, images: view, labels: data.labels.slice(0, count) };
    const indices = Array.from({ length: count }, (_, i) => count - 1 - i);
    const all = indices.flatMap((i) =>
      Array.from({ length: (view.shape[1] as number) * (view.shape[2] as number) }, (_, p) => {
        const width = view.shape[2] as number;
        return Math.fround(view.get(i, Math.floor(p / width), p % width) / 255);
      }),
    );
    assertSameBits(selected(cropped, indices).images, Float32Array.from(all));
  }
  assert.equal(selected(take(data, 2), [1]).bytes, 2 * 4 * 21);
});

test("packPixels(data) copies: pixels that change later do not", () => {
  tf.tidy(() => {
    const data = noise("train", { count: 1, size: 3 });
    const before = floats(data, [0]);
    const packed = packPixels(data);
    data.images.data.fill(9);
    const images = selectImages(packed, tf.tensor1d([0], "int32"), [3, 3]);
    assertSameBits(images.dataSync() as Float32Array, before);
  });
});

test("selectImages(packPixels(data), no indices) is no image, also of no data", () => {
  for (const count of [3, 0])
    assert.deepEqual(selected(noise("train", { count, size: 3 }), []), {
      images: new Float32Array(),
      shape: [0, 3, 3, 1],
      bytes: 4 * count * 3,
    });
});

test("selectImages(packed, indices) makes one tensor, and kernels alone do it", async () => {
  await assertNoLeak(() => {
    const { packed, white } = packPixels(noise("train", { count: 3, size: 3 }));
    const indices = tf.tensor1d([2, 1], "int32");
    const count = tf.memory().numTensors;
    const inputs = { packed, white, indices };
    const { outputs, problem } = trace(inputs, () => ({ images: selectImages({ packed, white }, indices, [3, 3]) }));
    assert.equal(problem, undefined);
    assert.equal(tf.memory().numTensors, count + 1);
    tf.dispose([packed, white, indices, outputs.images]);
  });
});

test("gatherRows(values, indices) is tf.gather, for numbers of both types and indices of any shape", async () => {
  await assertNoLeak(() =>
    tf.tidy(() => {
      const places = tf.tensor2d([3, 0, 0, 1], [2, 2], "int32");
      for (const dtype of ["float32", "int32"] as const) {
        for (const shape of [[4], [4, 3]]) {
          const values = tf.cast(tf.reshape(tf.range(0, 4 * (shape[1] ?? 1)), shape), dtype);
          const [rows, expected] = [gatherRows(values, places), tf.gather(values, places)];
          assert.deepEqual([rows.shape, rows.dtype, rows.arraySync()], [expected.shape, dtype, expected.arraySync()]);
        }
      }
    }),
  );
});
