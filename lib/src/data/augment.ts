import { checkFinite } from "../common/checks";
import { runKernel, stringAttribute, tf, typeAttribute } from "../tensors/tensorflow";
import { type ImageMap, type ImageMapParts, imageMap } from "./image-map";

/** Ranges of a random affine map; each image draws its own, uniformly from −range … +range. */
export interface AffineRanges {
  /** degrees, 0 … 10⁶ */
  rotation?: number;
  /** pixels, in each direction, 0 … 10⁶ */
  shift?: number;
  /** fraction below 1: 0.1 draws sizes from 0.9 to 1.1 */
  scale?: number;
  /** degrees the vertical strokes lean, below 90 */
  shear?: number;
}

/**
 * Rotates, shifts, scales and shears each image about its centre: one call of TensorFlow's own kernel for the batch,
 * bilinear, with background (0) where the image ends.
 * @returns a map for `batches`: float32 [n, height, width, channels] → the same shape and range
 * @throws RangeError when a range is not finite or out of its own
 */
export function affine(ranges: AffineRanges = {}): ImageMap {
  return imageMap({
    draws: 1,
    draw: drawAffine(ranges),
    apply: (images, [transforms]) => transformImages(images, transforms as tf.Tensor2D),
  });
}

/** Checks the ranges; gives what draws a transform for each of n images, float32 [n, 8], as `transformImages` takes. */
export function drawAffine({
  rotation = 12,
  shift = 2,
  scale = 0.1,
  shear = 10,
}: AffineRanges = {}): ImageMapParts["draw"] {
  for (const [name, value] of Object.entries({ rotation, shift, scale, shear }))
    checkFinite(name, value, { from: 0, to: 1e6 });
  if (scale >= 1)
    throw new RangeError(`Expected \`scale\` in [0, 1), got ${scale}: an image cannot shrink to nothing.`);
  if (shear >= 90) throw new RangeError(`Expected \`shear\` in [0, 90) degrees, got ${shear}.`);
  return ([n, height, width], source) => {
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
}

/** Mirrors each image left to right with probability ½; the notebooks show why digits must not be mirrored. */
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

/**
 * Resamples each image through a projective map of its own, bilinear, in one call of TensorFlow's kernel.
 * @param images float32 [n, height, width, channels]
 * @param transforms float32 [n, 8] or [1, 8]: the first 8 numbers of the 3 × 3 matrix from an output pixel (as x, y, 1)
 *   to the input pixel it shows
 * @param options.size of the output, [height, width]; default: that of the input
 * @param options.fill what lies outside an image: background (0), or the nearest pixel
 * @returns float32 [n, ...size, channels]; the caller disposes
 */
export function transformImages(
  images: tf.Tensor4D,
  transforms: tf.Tensor2D,
  {
    size = [images.shape[1], images.shape[2]],
    fill = "background",
  }: { size?: readonly [number, number]; fill?: "background" | "nearest" } = {},
): tf.Tensor4D {
  const attributes = [
    typeAttribute("dtype", "float32"),
    stringAttribute("interpolation", "BILINEAR"),
    stringAttribute("fill_mode", fill === "background" ? "CONSTANT" : "NEAREST"),
  ];
  const shape = tf.tensor1d([...size], "int32");
  const zero = tf.scalar(0);
  const result = runKernel("ImageProjectiveTransformV3", attributes, [images, transforms, shape, zero]);
  tf.dispose([shape, zero]);
  return result as tf.Tensor4D;
}
