import type { Random } from "../common/random";
import { runKernel, tf, typeAttribute } from "../tensors/tensorflow";
import { type ImageMap, imageMap } from "./image-map";
import { gatherRows } from "./pixel-store";
import { transformImages } from "./transform-images";

/** Ranges of a random affine map; each image draws its own, uniformly from −range … +range. */
export interface AffineRanges {
  /** degrees */
  rotation?: number;
  /** pixels, in each direction */
  shift?: number;
  /** fraction: 0.1 draws sizes from 0.9 to 1.1 */
  scale?: number;
  /** degrees the vertical strokes lean */
  shear?: number;
}

/**
 * Rotates, shifts, scales and shears each image about its centre: one call of TensorFlow's own kernel for the batch,
 * bilinear, with background (0) where the image ends.
 * @returns a map for `batches`: float32 [n, height, width, 1] → the same shape and range
 */
export function affine({ rotation = 12, shift = 2, scale = 0.1, shear = 10 }: AffineRanges = {}): ImageMap {
  for (const [name, value] of Object.entries({ rotation, shift, scale, shear })) checkRange(name, value);
  if (scale >= 1)
    throw new RangeError(`Expected \`scale\` in [0, 1), got ${scale}: an image cannot shrink to nothing.`);
  if (shear >= 90) throw new RangeError(`Expected \`shear\` in [0, 90) degrees, got ${shear}.`);
  const draw = ([n, height, width]: [number, number, number], source: Random) => {
    const transforms = new Float32Array(8 * n);
    for (let i = 0; i < n; i++) {
      const within = (range: number) => source.uniform(-range, range);
      const move = {
        rotation: within(rotation),
        shift: [within(shift), within(shift)],
        scale: 1 + within(scale),
        shear: within(shear),
      };
      transforms.set(inverseAffine(move as AffineMove, height, width), 8 * i);
    }
    return [tf.tensor2d(transforms, [n, 8])];
  };
  return imageMap({
    draws: 1,
    draw,
    apply: (images, [transforms]) => transformImages(images, transforms as tf.Tensor2D),
  });
}

/** Mirrors each image left to right with probability ½: shown in the notebooks as what NOT to do to digits. */
export function horizontalFlip(): ImageMap {
  return imageMap({
    draws: 1,
    draw: ([n], source) => {
      const keep = Float32Array.from({ length: n }, () => (source.uniform() < 0.5 ? 1 : 0));
      return [tf.tensor4d(keep, [n, 1, 1, 1])];
    },
    apply: (images, [mask]) =>
      tf.add(tf.mul(images, mask as tf.Tensor), tf.mul(tf.reverse(images, 2), tf.sub(1, mask as tf.Tensor))),
  });
}

/**
 * Elastic deformation (Simard, Steinkraus and Platt 2003): every pixel is displaced by its own random vector, the
 * field of vectors smoothed by a Gaussian so that neighbours move together.
 * @param options.strength α of the paper: how far pixels move, in pixels before smoothing
 * @param options.smoothness σ of the paper: standard deviation of the Gaussian, in pixels
 */
export function elastic({ strength = 34, smoothness = 4 }: { strength?: number; smoothness?: number } = {}): ImageMap {
  checkRange("strength", strength);
  checkRange("smoothness", smoothness);
  if (smoothness === 0) throw new RangeError("Expected `smoothness` to be above 0, got 0.");
  return imageMap({
    draws: 2,
    draw: (_, source) => {
      const integer = () => source.integer(0, 2 ** 31 - 1);
      // the strength is a tensor of its own: a graph would work a constant into the blur, which rounds differently
      return [tf.tensor1d([integer(), integer()], "int32"), tf.scalar(strength)];
    },
    apply: (images, [seed, gain]) => {
      const [n, height, width] = images.shape;
      const noise = uniformTensor([2 * n, height, width, 1], seed as tf.Tensor1D);
      const field = tf.mul(blur(noise, smoothness), gain as tf.Tensor);
      const [dx, dy] = tf.split(tf.reshape(field, [2 * n, height * width]), 2) as [tf.Tensor2D, tf.Tensor2D];
      return sampleAt(images, dx, dy);
    },
  });
}

/** Several maps, one after the other. */
export function compose(...maps: ImageMap[]): ImageMap {
  const parts = maps.flatMap((map) => map.parts ?? []);
  if (parts.length < maps.length) return (images, source) => maps.reduce((result, map) => map(result, source), images);
  return imageMap({
    draws: parts.reduce((sum, { draws }) => sum + draws, 0),
    draw: (shape, source) => parts.flatMap(({ draw }) => draw(shape, source)),
    apply: (images, draws) => {
      const left = [...draws];
      return parts.reduce((result, part) => part.apply(result, left.splice(0, part.draws)), images);
    },
  });
}

interface AffineMove {
  rotation: number;
  shift: [number, number];
  scale: number;
  shear: number;
}

/** The first 8 numbers of the 3 × 3 matrix that takes an output pixel to the input pixel it shows. */
function inverseAffine({ rotation, shift, scale, shear }: AffineMove, height: number, width: number): number[] {
  const angle = (rotation * Math.PI) / 180;
  const lean = Math.tan((shear * Math.PI) / 180);
  const [cos, sin] = [Math.cos(angle) / scale, Math.sin(angle) / scale];
  const [a, b, c, d] = [cos, sin + lean * cos, -sin, cos - lean * sin];
  const [cx, cy] = [(width - 1) / 2, (height - 1) / 2];
  const [x, y] = [cx + shift[0], cy + shift[1]];
  return [a, b, cx - a * x - b * y, c, d, cy - c * x - d * y, 0, 0];
}

/** Numbers in [−1, 1), from TensorFlow's seeded generator: thousands of them in one call. */
function uniformTensor(shape: number[], seed: tf.Tensor1D): tf.Tensor4D {
  const attributes = [typeAttribute("dtype", "float32"), typeAttribute("T", "int32"), typeAttribute("Tseed", "int32")];
  const inputs = [tf.tensor1d(shape, "int32"), seed];
  return tf.sub(tf.mul(runKernel("StatelessRandomUniform", attributes, inputs), 2), 1) as tf.Tensor4D;
}

/** Gaussian blur as two passes, along rows and along columns. */
function blur(images: tf.Tensor4D, sigma: number): tf.Tensor4D {
  const radius = Math.ceil(3 * sigma);
  const weights = Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-((i - radius) ** 2) / (2 * sigma ** 2)));
  const total = weights.reduce((a, b) => a + b, 0);
  const kernel = tf.tensor1d(weights.map((w) => w / total));
  const vertical = tf.reshape(kernel, [weights.length, 1, 1, 1]) as tf.Tensor4D;
  const horizontal = tf.reshape(kernel, [1, weights.length, 1, 1]) as tf.Tensor4D;
  return tf.conv2d(tf.conv2d(images, vertical, 1, "same"), horizontal, 1, "same");
}

/** The images read at every pixel's place plus (dx, dy), bilinear, with background outside. */
function sampleAt(images: tf.Tensor4D, dx: tf.Tensor2D, dy: tf.Tensor2D): tf.Tensor4D {
  const [n, height, width] = images.shape;
  const pixels = Array.from({ length: height * width }, (_, i) => i);
  const x = tf.add(tf.tensor1d(pixels.map((i) => i % width)), dx);
  const y = tf.add(tf.tensor1d(pixels.map((i) => Math.floor(i / width))), dy);
  const [left, top] = [tf.floor(x), tf.floor(y)];
  const [fx, fy] = [tf.sub(x, left), tf.sub(y, top)];
  // a frame of background two pixels wide, so that every neighbour that is asked for exists
  const padded = tf.reshape(
    tf.pad(images, [
      [0, 0],
      [2, 2],
      [2, 2],
      [0, 0],
    ]),
    [-1],
  ) as tf.Tensor1D;
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
  return tf.reshape(mix(upper, lower, fy), [n, height, width, 1]);
}

function checkRange(name: string, value: number): void {
  if (!(value >= 0 && Number.isFinite(value))) {
    throw new RangeError(`Expected \`${name}\` to be a finite number, 0 or more, got ${value}.`);
  }
}
