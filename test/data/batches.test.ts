import assert from "node:assert/strict";
import { test } from "node:test";
import { affine } from "../../lib/src/data/augment";
import type { BatchOptions } from "../../lib/src/data/batch-plan";
import { batches, toTensors } from "../../lib/src/data/batches";
import type { Dataset } from "../../lib/src/data/dataset";
import { elastic } from "../../lib/src/data/elastic";
import type { Batch } from "../../lib/src/data/loader";
import { tf } from "../../lib/src/tensors/tensorflow";
import { assertNoLeak, assertSameBits } from "../helpers/assertions";
import { noise } from "../helpers/data";

/** A data set whose pixels and labels say which image it is. */
function numbered(count: number): Dataset<"train"> {
  const data = noise("train", { count, size: 2 });
  data.images.data.forEach((_, i, pixels) => {
    pixels[i] = Math.floor(i / 4);
  });
  data.labels.forEach((_, i, labels) => {
    labels[i] = i;
  });
  return { ...data, classes: count };
}

interface Copy {
  images: Float32Array;
  labels: number[];
  step: number;
  epoch: number;
}

const copy = ({ images, labels, step, epoch }: Batch): Copy => ({
  images: images.dataSync().slice() as Float32Array,
  labels: Array.from(labels.dataSync()),
  step,
  epoch,
});

async function collect(data: Dataset, options: BatchOptions): Promise<Copy[]> {
  const all: Copy[] = [];
  for await (const batch of batches(data, options)) all.push(copy(batch));
  return all;
}

test("batches(data, {batchSize}) gives the images in order, and a last batch of what is left", async () => {
  const all = await collect(numbered(7), { batchSize: 3 });
  assert.deepEqual(
    all.map(({ labels }) => labels),
    [[0, 1, 2], [3, 4, 5], [6]],
  );
  assert.deepEqual(
    all.map(({ step }) => step),
    [0, 1, 2],
  );
});

test("batches(data) gives float32 [n, height, width, 1] divided by 255, and int32 labels", async () => {
  const data = noise("train", { count: 3, size: 5 });
  for await (const { images, labels } of batches(data)) {
    assert.deepEqual([images.shape, images.dtype, labels.shape, labels.dtype], [[3, 5, 5, 1], "float32", [3], "int32"]);
    assertSameBits(
      images.dataSync() as Float32Array,
      Float32Array.from(data.images.data, (pixel) => pixel / 255),
    );
    assert.deepEqual(Array.from(labels.dataSync()), Array.from(data.labels));
  }
  data.images.data.set([0, 255]);
  const { images } = toTensors(data, [0]);
  assert.deepEqual(Array.from(images.dataSync().slice(0, 2)), [0, 1]);
});

test("batches(data, {epochs}) repeats the data and counts steps and epochs on", async () => {
  const all = await collect(numbered(5), { batchSize: 2, epochs: 2 });
  assert.deepEqual(
    all.map(({ step, epoch }) => [step, epoch]),
    [
      [0, 0],
      [1, 0],
      [2, 0],
      [3, 1],
      [4, 1],
      [5, 1],
    ],
  );
  assert.deepEqual(
    all.slice(3).map(({ labels }) => labels),
    [[0, 1], [2, 3], [4]],
  );
});

test("batches(data, {shuffle, seed}) gives every image once an epoch, in an order fixed by seed and epoch", async () => {
  const orders = async (seed: number) => {
    const all = await collect(numbered(50), { batchSize: 8, epochs: 2, shuffle: true, seed });
    return [0, 1].map((epoch) => all.filter((batch) => batch.epoch === epoch).flatMap(({ labels }) => labels));
  };
  const [first, second] = await orders(1);
  for (const order of [first, second])
    assert.deepEqual(
      [...(order ?? [])].sort((a, b) => a - b),
      Array.from({ length: 50 }, (_, i) => i),
    );
  assert.notDeepEqual(first, second);
  assert.deepEqual(await orders(1), [first, second]);
  assert.notDeepEqual((await orders(2))[0], first);
});

test("batches(data, {shuffle}) keeps images and labels together", async () => {
  for (const { images, labels } of await collect(numbered(20), { batchSize: 6, shuffle: true, seed: 3 })) {
    labels.forEach((label, i) => {
      assert.equal(images[4 * i], Math.fround(label / 255));
    });
  }
});

test("batches(data, {fromStep}) gives the same batches, bit for bit, as a run that began at 0", async () => {
  const data = noise("train", { count: 22 });
  const options = { batchSize: 5, epochs: 3, shuffle: true, map: affine(), seed: 9 };
  const whole = await collect(data, options);
  for (const fromStep of [0, 1, 4, 5, 7, 14, 15]) {
    const rest = await collect(data, { ...options, fromStep });
    assert.equal(rest.length, 15 - fromStep);
    rest.forEach((batch, i) => {
      const { images, ...others } = whole[fromStep + i] as Copy;
      assertSameBits(batch.images, images);
      assert.deepEqual({ ...batch, images: undefined }, { ...others, images: undefined });
    });
  }
});

test("batches(data, {map, seed}) draws anew for every batch and every seed", async () => {
  const data = numbered(4);
  const draws = async (seed: number) => {
    const drawn: number[] = [];
    const map: BatchOptions["map"] = (images, random) => {
      drawn.push(random.uniform());
      return images;
    };
    await collect(data, { batchSize: 2, epochs: 2, map, seed });
    return drawn;
  };
  const drawn = await draws(1);
  assert.equal(new Set(drawn).size, 4);
  assert.deepEqual(await draws(1), drawn);
  assert.equal(new Set([...drawn, ...(await draws(2))]).size, 8);
});

test("batches(data, options) leaves no tensor behind: at the end, on break, on throw", async () => {
  const data = noise("train", { count: 20 });
  for (const map of [
    undefined,
    affine(),
    elastic(),
    (images: tf.Tensor4D) => images,
    (images: tf.Tensor4D) => tf.mul(images, 0.5) as tf.Tensor4D,
  ]) {
    const options = { batchSize: 6, epochs: 2, map };
    await assertNoLeak(() => collect(data, options));
    await assertNoLeak(async () => {
      for await (const { step } of batches(data, options)) if (step === 2) break;
    });
    await assertNoLeak(async () => {
      const failing = async () => {
        for await (const { step } of batches(data, options)) if (step === 2) throw new Error("stop");
      };
      await assert.rejects(failing(), /stop/);
    });
  }
});

test("batches(data, {map}) leaves no tensor behind when the map throws", async () => {
  const map = (images: tf.Tensor4D): tf.Tensor4D => {
    tf.mul(images, 2);
    throw new Error("a faulty map");
  };
  await assertNoLeak(() => assert.rejects(collect(noise("train"), { map }), /a faulty map/));
});

test("batches(data) holds the images of one batch at a time", async () => {
  const before = tf.memory();
  const data = noise("train");
  const pixels = data.images.data.length;
  for await (const { images, labels } of batches(data, { batchSize: 5 })) {
    const { numBytes } = tf.memory();
    // all pixels as bytes; this batch; of the next batch labels and places only
    assert.ok(numBytes - before.numBytes <= pixels + 4 * images.size + 3 * 4 * labels.size + 4);
  }
});

test("batches(validation or test, {map or shuffle}) refuses", async () => {
  for (const role of ["validation", "test"] as const) {
    for (const options of [{ shuffle: true }, { map: affine() }]) {
      const message = new RegExp(
        `^Error: Expected a training set to shuffle or augment, got the ${role} set of noise: `,
      );
      await assert.rejects(collect(noise(role), options), message);
    }
    assert.equal((await collect(noise(role), { batchSize: 20 })).length, 1);
  }
});

test("batches(data, options) passes on what its plan refuses", async () => {
  await assert.rejects(collect(noise("train"), { batchSize: 0.5 }), /^RangeError: Expected `batchSize`/);
});

test("toTensors(data, indices) picks images and refuses indices that are no image's", () => {
  const { images, labels } = toTensors(numbered(5), [4, 0, 4]);
  assert.deepEqual(Array.from(labels.dataSync()), [4, 0, 4]);
  tf.dispose([images, labels]);
  assert.throws(() => toTensors(numbered(5), [5]), /^RangeError: Expected an index in 0 … 4, got 5\.$/);
});
