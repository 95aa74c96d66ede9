import type { Random } from "../common/random";
import type { tf } from "../tensors/tensorflow";

/** Changes a batch of training images; the pipeline disposes its input and its result. */
export interface ImageMap {
  (images: tf.Tensor4D, random: Random): tf.Tensor4D;
  /** The map in two parts, if it can be divided: `apply` may then run beside the training step, on another core. */
  parts?: ImageMapParts;
}

/** An image map whose random draws are made beforehand. */
export interface ImageMapParts {
  /** how many tensors `draw` gives */
  draws: number;
  /** Draws all random numbers for n images, as tensors of the same shapes each time. */
  draw(shape: [n: number, height: number, width: number], random: Random): tf.Tensor[];
  /**
   * Changes the images, by kernels alone, from the images and the draws. A setting that changes during a run, such as a
   * strength, must be one of the draws.
   */
  apply(images: tf.Tensor4D, draws: tf.Tensor[]): tf.Tensor4D;
}

/** An image map from its two parts. */
export function imageMap(parts: ImageMapParts): ImageMap {
  const map: ImageMap = (images, random) => {
    const [n, height, width] = images.shape;
    return parts.apply(images, parts.draw([n, height, width], random));
  };
  map.parts = parts;
  return map;
}
