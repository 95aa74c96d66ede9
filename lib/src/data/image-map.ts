import type { Random } from "../common/random";
import type { tf } from "../tensors/tensorflow";

/** Changes a batch of training images; the pipeline disposes what comes in and what goes out. */
export interface ImageMap {
  (images: tf.Tensor4D, random: Random): tf.Tensor4D;
  /** The same in two parts, if it can be divided: the second may then run beside the training step, on another core. */
  parts?: ImageMapParts;
}

/** An image map whose random draws are made beforehand. */
export interface ImageMapParts {
  /** how many tensors `draw` gives */
  draws: number;
  /** Draws all that is random, for n images of a size: tensors of the same shapes each time. */
  draw(shape: [n: number, height: number, width: number], random: Random): tf.Tensor[];
  /** Kernels only: depends on nothing but the images and what was drawn. What changes during a run, such as a strength, is drawn too. */
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
