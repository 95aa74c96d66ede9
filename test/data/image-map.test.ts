import assert from "node:assert/strict";
import { test } from "node:test";
import { random } from "../../lib/src/common/random";
import { type ImageMapParts, imageMap } from "../../lib/src/data/image-map";
import { tf } from "../../lib/src/tensors/tensorflow";
import { assertNoLeak } from "../helpers/assertions";

/** Adds a drawn number to every image. */
const brighter: ImageMapParts = {
  draws: 2,
  draw: ([n, height, width], source) => [
    tf.tensor4d(
      Array.from({ length: n }, () => source.integer(1, 1000)),
      [n, 1, 1, 1],
    ),
    tf.scalar(10 * height + width),
  ],
  apply: (images, [gain, size]) => tf.add(images, tf.mul(gain as tf.Tensor, size as tf.Tensor)) as tf.Tensor4D,
};

test("imageMap(parts) draws for the images that it is given, then applies", async () => {
  const map = imageMap(brighter);
  await assertNoLeak(() =>
    tf.tidy(() => {
      const source = random(5);
      const draws = [source.integer(1, 1000), source.integer(1, 1000)];
      const mapped = map(tf.zeros<tf.Rank.R4>([2, 3, 4, 1]), random(5));
      assert.deepEqual(mapped.shape, [2, 3, 4, 1]);
      assert.deepEqual(
        Array.from(mapped.dataSync()),
        draws.flatMap((drawn) => new Array(12).fill(drawn * 34)),
      );
    }),
  );
});

test("imageMap(parts).parts are the parts", () => {
  assert.equal(imageMap(brighter).parts, brighter);
});
