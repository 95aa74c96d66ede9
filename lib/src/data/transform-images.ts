import { runKernel, stringAttribute, tf, typeAttribute } from "../tensors/tensorflow";

/**
 * Resamples each image through a projective map of its own, bilinear, in one call of TensorFlow's kernel.
 * @param images float32 [n, height, width, channels]
 * @param transforms float32 [n, 8] or [1, 8]: the first 8 numbers of the 3 × 3 matrix that takes an output pixel (x, y, 1) to
 *   the input pixel it shows
 * @param options.size of the output, [height, width]; that of the input unless given
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
