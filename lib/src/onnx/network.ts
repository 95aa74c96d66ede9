import { outputLength, type Padding, paddingAround } from "../common/windows";
import { sizeOf } from "../int8/activations";
import type { QuantizedLayer, QuantizedPool2d, QuantizedWeightedLayer } from "../int8/model";
import type { OnnxGraph } from "./graph";

/** A layer with weights, in TensorFlow's order, as far as it is the same in float and in integers. */
export type WeightedLayer = SameInBoth<QuantizedWeightedLayer>;

type SameInBoth<L> = L extends QuantizedWeightedLayer
  ? Omit<L, "kernel" | "bias" | "scales" | "bits" | "output"> & {
      kernel: Kernel;
      /** one number for each output channel */
      bias: { length: number };
    }
  : never;

/** Writes a layer's constants, the kernel in ONNX's order and shape `dims`; returns the names of both as float32. */
export type WriteWeights = (kernel: Kernel, dims: number[]) => [kernel: string, bias: string];

/** A chain of layers that fit together, written into a graph one after the other. */
export class OnnxNetwork {
  /** the name of the value that the next layer reads; to be set after adding nodes between two layers */
  value: string;
  /** its shape in TensorFlow's order, without n: [height, width, channels] or [units] */
  shape: readonly number[];
  readonly #graph: OnnxGraph;
  /** the image that was flattened, until a dense layer has read it */
  #flattened: Image | undefined;

  constructor(graph: OnnxGraph, value: string, shape: readonly number[]) {
    this.#graph = graph;
    this.value = value;
    this.shape = shape;
  }

  add(layer: Exclude<QuantizedLayer, QuantizedWeightedLayer>): void {
    switch (layer.kind) {
      case "flatten":
        if (this.shape.length === 3) this.#flattened = this.shape as Image;
        this.#node("Flatten", layer, { attributes: { axis: 1 } });
        this.shape = [sizeOf(this.shape)];
        break;
      case "maxPool2d":
        this.#pool("MaxPool", layer);
        break;
      case "averagePool2d":
        this.#pool("AveragePool", layer, { count_include_pad: 0 });
        break;
      default:
        layer satisfies never;
    }
  }

  addWeighted(layer: WeightedLayer, write: WriteWeights): void {
    const units = layer.bias.length;
    switch (layer.kind) {
      case "conv2d": {
        const channels = this.shape[2] as number;
        const { attributes, size } = slide(layer, layer.kernelSize, this.shape as Image);
        const kernel = kernelToOnnx(layer.kernel, [...layer.kernelSize, channels, units]);
        this.#node("Conv", layer, { attributes, weights: write(kernel, [units, channels, ...layer.kernelSize]) });
        this.shape = [...size, units];
        break;
      }
      case "dense": {
        const kernel = denseToOnnx(layer.kernel, units, this.#flattened);
        this.#node("Gemm", layer, { attributes: { transB: 1 }, weights: write(kernel, [units, ...this.shape]) });
        this.shape = [units];
        this.#flattened = undefined;
        break;
      }
      default:
        layer satisfies never;
    }
    if (layer.relu) this.#node("Relu", layer);
  }

  #pool(opType: string, layer: QuantizedPool2d, more: Record<string, number> = {}): void {
    const { attributes, size } = slide(layer, layer.poolSize, this.shape as Image);
    this.#node(opType, layer, { attributes: { ...attributes, ...more } });
    this.shape = [...size, this.shape[2] as number];
  }

  #node(
    opType: string,
    { name }: { name: string },
    { attributes, weights = [] }: { attributes?: Record<string, number | number[]>; weights?: string[] } = {},
  ): void {
    this.value = this.#graph.node(opType, `${name}/${opType.toLowerCase()}`, [this.value, ...weights], attributes);
  }
}

/** [height, width, channels] */
type Image = readonly [number, number, number];

/** The attributes of a sliding window, and the height and width of its output. */
function slide(
  { strides, padding }: Pick<QuantizedPool2d, "strides" | "padding">,
  window: Pair,
  [height, width]: Image,
) {
  const along = (length: number, axis: 0 | 1) => outputLength(length, window[axis], strides[axis], padding);
  const pads = padsOf([height, width], window, strides, padding);
  return {
    attributes: { kernel_shape: [...window], strides: [...strides], pads },
    size: [along(height, 0), along(width, 1)],
  };
}

// From TensorFlow's order of weights to ONNX's: ONNX images are [n, channels, height, width], and outputs come first.

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
 * height, width, channel to channel, height, width, the order in which an ONNX image is flattened.
 * @param image the shape that was flattened, [height, width, channels]
 */
export function denseToOnnx(kernel: Kernel, units: number, image?: readonly [number, number, number]): Kernel {
  return kernelToOnnx(kernel, [...(image ?? ([1, 1, kernel.length / units] as const)), units]);
}

/** The padding around an image: [top, left, bottom, right]. */
export function padsOf(image: Pair, window: Pair, strides: Pair, padding: Padding): [number, number, number, number] {
  const along = (axis: 0 | 1) => paddingAround(image[axis], window[axis], strides[axis], padding);
  const [[top, bottom], [left, right]] = [along(0), along(1)];
  return [top, left, bottom, right];
}
