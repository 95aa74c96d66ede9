/** The images of a data set as one tensor of raw bytes, from which kernels take batches. */

import { intAttribute, type NamedTensors, runKernel, tf, typeAttribute } from "../tensors/tensorflow";
import { copyPixels, type Dataset } from "./dataset";

/** The pixels of a data set, as `packPixels` makes them. */
export interface PackedPixels extends NamedTensors {
  /** int32 [n, height × width / 4, rounded up]: four bytes to a number, since tfjs has no tensor of bytes */
  packed: tf.Tensor2D;
  /** 255, the divisor of the bytes: of a constant a graph would make × (1 / 255), which rounds differently */
  white: tf.Scalar;
}

/** Copies the pixels of a data set into tensors, a quarter of what floats would take; the caller disposes. */
export function packPixels({ images, labels }: Dataset): PackedPixels {
  const [, height, width] = images.shape as [number, number, number];
  const words = Math.ceil((height * width) / 4);
  const bytes = new Uint8Array(labels.length * words * 4);
  for (let i = 0; i < labels.length; i++) copyPixels(images, i, bytes, { offset: i * words * 4 });
  return { packed: tf.tensor2d(new Int32Array(bytes.buffer), [labels.length, words]), white: tf.scalar(255) };
}

/**
 * Images by their indices in a data set, pixels divided by 255; kernels only, and nothing is checked.
 * @param indices int32 [k], each an index in the data set
 * @returns float32 [k, height, width, 1] in [0, 1]; the caller disposes
 */
export function selectImages(
  { packed, white }: PackedPixels,
  indices: tf.Tensor1D,
  [height, width]: [number, number],
): tf.Tensor4D {
  return tf.tidy(() => {
    const words = gatherRows(packed, indices);
    const bytes = runKernel("Bitcast", [typeAttribute("T", "int32"), typeAttribute("type", "uint8")], [words]);
    const numbers = runKernel("Cast", [typeAttribute("SrcT", "uint8"), typeAttribute("DstT", "float32")], [bytes]);
    const rows = tf.reshape(numbers, [indices.size, (packed.shape[1] as number) * 4]) as tf.Tensor2D;
    const pixels = tf.slice(rows, [0, 0], [indices.size, height * width]);
    return tf.reshape(tf.div(pixels, white), [indices.size, height, width, 1]);
  });
}

/** `tf.gather` along the first axis, without reading all the indices to check them first. */
export function gatherRows<T extends tf.Tensor>(values: T, indices: tf.Tensor): T {
  const dtype = values.dtype as "float32" | "int32";
  const attributes = [typeAttribute("Tparams", dtype), typeAttribute("Tindices", "int32")];
  const along = [typeAttribute("Taxis", "int32"), intAttribute("batch_dims", 0)];
  const axis = tf.scalar(0, "int32");
  const rows = runKernel("GatherV2", [...attributes, ...along], [values, indices, axis]);
  axis.dispose();
  return rows as T;
}
