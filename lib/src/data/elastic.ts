import { checkFinite } from "../common/checks";
import { runKernel, tf, typeAttribute } from "../tensors/tensorflow";
import { type AffineRanges, drawAffine } from "./augment";
import { type ImageMap, type ImageMapParts, imageMap } from "./image-map";
import { gatherRows } from "./pixel-store";

/**
 * Elastic deformation (Simard, Steinkraus and Platt 2003): every pixel is displaced by its own random vector, the
 * field of vectors smoothed by a Gaussian so that neighbours move together. All channels of a pixel move alike.
 * @param options.strength α of the paper: how far pixels move, in pixels before smoothing, 0 … 10⁶
 * @param options.smoothness σ of the paper: standard deviation of the Gaussian, in pixels, 0.01 … 1000; at most 25 for
 *   images of more than 76 rows or columns
 * @param options.affine ranges of a random affine map, as `affine` takes them, made in the same reading of the image:
 *   `compose(affine(), elastic())` reads, and so blurs, it twice
 * @returns a map for `batches`: float32 [n, height, width, channels] → the same shape and range
 * @throws RangeError when an option is out of its range; the map, for images that are too large for it
 */
export function elastic({
  strength = 34,
  smoothness = 4,
  affine,
}: {
  strength?: number;
  smoothness?: number;
  affine?: AffineRanges;
} = {}): ImageMap {
  checkFinite("strength", strength, { from: 0, to: 1e6 });
  checkFinite("smoothness", smoothness, { from: 0.01, to: 1000 });
  const transforms: ImageMapParts["draw"] = affine ? drawAffine(affine) : () => [];
  return imageMap({
    draws: affine ? 3 : 2,
    draw: (shape, source) => {
      const integer = () => source.integer(0, 2 ** 31 - 1);
      // the strength is a tensor: a graph would merge a constant with the blur's weights, which rounds differently
      return [tf.tensor1d([integer(), integer()], "int32"), tf.scalar(strength), ...transforms(shape, source)];
    },
    apply: (images, [seed, gain, moves]) => {
      const [n, height, width] = images.shape;
      const noise = uniformTensor([2 * n, height, width, 1], seed as tf.Tensor1D);
      const field = tf.mul(blur(noise, smoothness), gain as tf.Tensor);
      const [dx, dy] = tf.split(tf.reshape(field, [2 * n, height * width]), 2) as [tf.Tensor2D, tf.Tensor2D];
      const [x, y] = displaced([height, width], dx, dy);
      return sampleAt(images, ...(moves ? transformed(x, y, moves as tf.Tensor2D) : ([x, y] as const)));
    },
  });
}

/** Numbers in [−1, 1), from TensorFlow's seeded generator: thousands of them in one call. */
function uniformTensor(shape: number[], seed: tf.Tensor1D): tf.Tensor4D {
  const attributes = [typeAttribute("dtype", "float32"), typeAttribute("T", "int32"), typeAttribute("Tseed", "int32")];
  const inputs = [tf.tensor1d(shape, "int32"), seed];
  return tf.sub(tf.mul(runKernel("StatelessRandomUniform", attributes, inputs), 2), 1) as tf.Tensor4D;
}

/** TensorFlow's convolution aborts the whole process for some shapes whose windows reach further than this. */
const furthest = 75;

/** Gaussian blur as two passes, along rows and along columns. */
function blur(images: tf.Tensor4D, sigma: number): tf.Tensor4D {
  const [, height, width] = images.shape;
  const radius = Math.ceil(3 * sigma);
  const weights = Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-((i - radius) ** 2) / (2 * sigma ** 2)));
  const total = weights.reduce((a, b) => a + b, 0);
  const kernel = (size: number) => {
    // weights further out would meet nothing but the padding
    const reach = Math.min(radius, size - 1);
    if (reach > furthest)
      throw new RangeError(
        `Expected a \`smoothness\` of at most ${furthest / 3} for images [${height}, ${width}], got ${sigma}: ` +
          `only images of at most ${furthest + 1} rows and columns take more.`,
      );
    return weights.slice(radius - reach, radius + reach + 1).map((w) => w / total);
  };
  const [down, across] = [kernel(height), kernel(width)];
  const vertical = tf.tensor4d(down, [down.length, 1, 1, 1]);
  const horizontal = tf.tensor4d(across, [1, across.length, 1, 1]);
  return tf.conv2d(tf.conv2d(images, vertical, 1, "same"), horizontal, 1, "same");
}

/** Each pixel's position plus (dx, dy), both [n, height × width]. */
function displaced([height, width]: [number, number], dx: tf.Tensor2D, dy: tf.Tensor2D): [tf.Tensor2D, tf.Tensor2D] {
  const pixels = Array.from({ length: height * width }, (_, i) => i);
  const x = tf.add(tf.tensor1d(pixels.map((i) => i % width)), dx);
  const y = tf.add(tf.tensor1d(pixels.map((i) => Math.floor(i / width))), dy);
  return [x as tf.Tensor2D, y as tf.Tensor2D];
}

/** Positions through an affine map of each image's own, as `transformImages` takes them. */
function transformed(x: tf.Tensor2D, y: tf.Tensor2D, moves: tf.Tensor2D): [tf.Tensor2D, tf.Tensor2D] {
  const column = (k: number) => tf.slice(moves, [0, k], [-1, 1]);
  const row = (k: number) => tf.add(tf.add(tf.mul(column(k), x), tf.mul(column(k + 1), y)), column(k + 2));
  return [row(0) as tf.Tensor2D, row(3) as tf.Tensor2D];
}

/** Reads the images at positions (x, y), bilinear, with background outside; all channels alike. */
function sampleAt(images: tf.Tensor4D, x: tf.Tensor2D, y: tf.Tensor2D): tf.Tensor4D {
  const [n, height, width, channels] = images.shape;
  const [left, top] = [tf.floor(x), tf.floor(y)];
  const everyChannel = (share: tf.Tensor) => tf.reshape(share, [n, height * width, 1]);
  const [fx, fy] = [everyChannel(tf.sub(x, left)), everyChannel(tf.sub(y, top))];
  // a frame of background two pixels wide, so that bilinear reading finds all four neighbours
  const padded = tf.reshape(
    tf.pad(images, [
      [0, 0],
      [2, 2],
      [2, 2],
      [0, 0],
    ]),
    [-1, channels],
  ) as tf.Tensor2D;
  const [rows, columns] = [height + 4, width + 4];
  const base = tf.reshape(tf.range(0, n * rows * columns, rows * columns, "int32"), [n, 1]);
  const read = (px: tf.Tensor, py: tf.Tensor) => {
    const column = tf.add(tf.clipByValue(px, -2, width + 1), 2);
    const row = tf.add(tf.clipByValue(py, -2, height + 1), 2);
    return gatherRows(padded, tf.add(tf.cast(tf.add(tf.mul(row, columns), column), "int32"), base));
  };
  const mix = (a: tf.Tensor, b: tf.Tensor, share: tf.Tensor) => tf.add(a, tf.mul(tf.sub(b, a), share));
  const upper = mix(read(left, top), read(tf.add(left, 1), top), fx);
  const lower = mix(read(left, tf.add(top, 1)), read(tf.add(left, 1), tf.add(top, 1)), fx);
  return tf.reshape(mix(upper, lower, fy), images.shape);
}
