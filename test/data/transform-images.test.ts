import assert from "node:assert/strict";
import { test } from "node:test";
import { transformImages } from "../../lib/src/data/augment";
import { tf } from "../../lib/src/tensors/tensorflow";
import { assertClose, assertNoLeak, assertSameBits } from "../helpers/assertions";

type Options = Parameters<typeof transformImages>[2];

const someImages = (...shape: [number, number, number, number]) =>
  tf.randomUniform<tf.Rank.R4>(shape, -1, 1, "float32", 5);

/** The matrix that shows at (x, y) what stands at (x + dx, y + dy). */
const shift = (dx: number, dy: number) => [1, 0, dx, 0, 1, dy, 0, 0];

/** Transforms one image given row by row. */
function transform(pixels: number[][], matrix: number[], options?: Options): number[][] {
  return tf.tidy(() => {
    const image = tf.tensor4d(pixels.flat(), [1, pixels.length, (pixels[0] as number[]).length, 1]);
    return tf.squeeze<tf.Tensor2D>(transformImages(image, tf.tensor2d([matrix]), options), [0, 3]).arraySync();
  });
}

/** Pixel (x, y) holds 1 + x + 10 y. */
const ramp = (height: number, width: number): number[][] =>
  Array.from({ length: height }, (_, y) => Array.from({ length: width }, (_, x) => 1 + x + 10 * y));

test("transformImages(images, identity) changes nothing", () => {
  tf.tidy(() => {
    const images = someImages(3, 5, 4, 2);
    const same = transformImages(images, tf.tensor2d([shift(0, 0)]));
    assert.deepEqual(same.shape, images.shape);
    assertSameBits(same.dataSync() as Float32Array, images.dataSync() as Float32Array);
  });
});

test("transformImages(images, shift) shows the pixel (x + dx, y + dy), with background behind unless told", () => {
  const pixels = ramp(5, 4);
  for (const [dx, dy] of [
    [1, 0],
    [0, 2],
    [-2, 1],
    [-1, -3],
  ] as const) {
    const expected = pixels.map((row, y) => row.map((_, x) => pixels[y + dy]?.[x + dx] ?? 0));
    assert.deepEqual(transform(pixels, shift(dx, dy)), expected);
    assert.deepEqual(transform(pixels, shift(dx, dy), { fill: "background" }), expected);
  }
});

test("transformImages(images, transforms, {fill: 'nearest'}) goes on with the pixel nearest to what lies outside", () => {
  const pixels = ramp(3, 4);
  assert.deepEqual(transform(pixels, shift(-2, 1), { fill: "nearest" }), [
    [11, 11, 11, 12],
    [21, 21, 21, 22],
    [21, 21, 21, 22],
  ]);
  assert.deepEqual(transform(pixels, shift(2.25, 0), { fill: "nearest" })[0], [3.25, 4, 4, 4]);
});

test("transformImages(images, transforms) mixes four neighbours in proportion, wherever the matrix points", () => {
  // a ramp is reproduced exactly by bilinear interpolation, so a pixel's value tells where it was read
  const [pixels, matrix] = [ramp(9, 9), [0.75, 0.125, 0.5, -0.25, 0.5, 2, 0.0625, 0.03125]];
  const [a, b, c, d, e, f, g, h] = matrix as [number, number, number, number, number, number, number, number];
  const shown = transform(pixels, matrix);
  for (let y = 0; y < 9; y++) {
    const expected = Array.from({ length: 9 }, (_, x) => {
      const depth = g * x + h * y + 1;
      return 1 + (a * x + b * y + c) / depth + (10 * (d * x + e * y + f)) / depth;
    });
    assertClose(shown[y] as number[], expected, 1e-4);
  }
});

test("transformImages(images, transforms) moves each image by its own map, or all by one", () => {
  tf.tidy(() => {
    const images = someImages(3, 4, 5, 2);
    const [own, one] = [[shift(1, 0), shift(0, 0), shift(-1, 2)], [shift(1, -1)]].map((list) => {
      const moved = tf.unstack(transformImages(images, tf.tensor2d(list)));
      return moved.map((image) => Array.from(image.dataSync()));
    });
    const alone = (i: number, matrix: number[]) =>
      Array.from(transformImages(tf.slice(images, i, 1), tf.tensor2d([matrix])).dataSync());
    assert.deepEqual(own, [alone(0, shift(1, 0)), alone(1, shift(0, 0)), alone(2, shift(-1, 2))]);
    assert.deepEqual(
      one,
      [0, 1, 2].map((i) => alone(i, shift(1, -1))),
    );
    assert.notDeepEqual(own?.[0], alone(0, shift(0, 0)));
  });
});

test("transformImages(images, transforms, {size}) gives images of that [height, width]", () => {
  const pixels = ramp(2, 3);
  assert.deepEqual(transform(pixels, shift(1, 0), { size: [1, 4] }), [[2, 3, 0, 0]]);
  assert.deepEqual(transform(pixels, shift(0, 0), { size: [3, 2], fill: "nearest" }), [
    [1, 2],
    [11, 12],
    [11, 12],
  ]);
});

test("transformImages(images, transforms) leaves no tensor behind but its result", async () => {
  const [images, identity] = [someImages(2, 4, 4, 1), tf.tensor2d([shift(0, 0)])];
  await assertNoLeak(() => transformImages(images, identity, { size: [2, 2] }).dispose());
  tf.dispose([images, identity]);
});
