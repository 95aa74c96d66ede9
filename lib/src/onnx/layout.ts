/** From TensorFlow's order of weights to ONNX's: ONNX images are [n, channels, height, width], and outputs come first. */
import { type Padding, paddingAround } from "../common/windows";

/** The numbers of a kernel, float or integer. */
export type Kernel = Float32Array | Int8Array;

/** Along the height, along the width. */
export type Pair = readonly [number, number];

/** Convolution kernel: [height, width, inputs, outputs] → [outputs, inputs, height, width]. */
export function kernelToOnnx(
  kernel: Kernel,
  [height, width, inputs, outputs]: readonly [number, number, number, number],
): Kernel {
  const moved = kernel.slice();
  let to = 0;
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) moved[to++] = kernel[((y * width + x) * inputs + i) * outputs + o] as number;
      }
    }
  }
  return moved;
}

/**
 * Dense kernel: [inputs, units] → [units, inputs]. When the inputs are a flattened image, they change from the order
 * height, width, channel to channel, height, width, so that a flattened ONNX image meets the weights it was trained with.
 * @param image the shape that was flattened, [height, width, channels]
 */
export function denseToOnnx(kernel: Kernel, units: number, image?: readonly [number, number, number]): Kernel {
  return kernelToOnnx(kernel, [...(image ?? ([1, 1, kernel.length / units] as const)), units]);
}

/** What a window adds around an image: [top, left, bottom, right]. */
export function padsOf(image: Pair, window: Pair, strides: Pair, padding: Padding): [number, number, number, number] {
  const along = (axis: 0 | 1) => paddingAround(image[axis], window[axis], strides[axis], padding);
  const [[top, bottom], [left, right]] = [along(0), along(1)];
  return [top, left, bottom, right];
}
