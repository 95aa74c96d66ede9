/** The kinds of layers in float: how each is read from a model of tfjs, and what it computes. */
import type { QuantizedPool2d } from "../int8/model";
import type { GraphTensor } from "../network/graph";
import { tf } from "../tensors/tensorflow";
import type { FloatLayer } from "./float-model";

type OfKind<Kind> = Extract<FloatLayer, { kind: Kind }>;

interface FloatKind<L extends FloatLayer> {
  /** of TensorFlow's layer, as `getClassName` gives it */
  className: string;
  /**
   * @param output of the layer, in the model that is read: a layer may have other inputs in other models
   * @throws when the layer is built in a way that integers cannot follow
   */
  read(layer: tf.layers.Layer, output: GraphTensor): Omit<L, "kind">;
  /** of a layer with weights only what is linear, with the kernel that is given: bias and ReLU are everyone's */
  apply(x: tf.Tensor, layer: L, kernel?: tf.Tensor): tf.Tensor;
  /** the outputs lie between those that integers could hold, and are to be rounded */
  between?: boolean;
}

const floatKinds: { [Kind in FloatLayer["kind"]]: FloatKind<OfKind<Kind>> } = {
  conv2d: {
    className: "Conv2D",
    read(layer) {
      const { kernelSize, strides, padding, dilationRate } = layer.getConfig() as unknown as ConvConfig;
      if ([dilationRate].flat().some((rate) => rate !== 1 && rate !== null))
        refuse(layer, "`dilationRate` 1", String(dilationRate), "build it without dilation");
      checkPadding(layer, padding);
      return { ...weighted(layer), kernelSize, strides, padding };
    },
    apply: (x, { strides, padding }, kernel) =>
      tf.conv2d(x as tf.Tensor4D, kernel as tf.Tensor4D, strides as [number, number], padding),
  },
  dense: {
    className: "Dense",
    read(layer, { inputs: [input] }) {
      const { length } = (input as GraphTensor).shape;
      if (length !== 2) refuse(layer, "rows of numbers as input", `${length - 1} axes`, "put a Flatten before it");
      return weighted(layer);
    },
    apply: (x, _, kernel) => tf.matMul(x, kernel as tf.Tensor),
  },
  maxPool2d: {
    className: "MaxPooling2D",
    read: pooling,
    apply: (x, layer) => pool(tf.maxPool, x, layer),
  },
  averagePool2d: {
    className: "AveragePooling2D",
    read: pooling,
    apply: (x, layer) => pool(tf.avgPool, x, layer),
    between: true,
  },
  flatten: {
    className: "Flatten",
    read: ({ name }) => ({ name }),
    apply: (x) => tf.reshape(x, [x.shape[0] as number, -1]),
  },
};

/** The kinds of layer. */
export const floatKindNames = Object.keys(floatKinds) as FloatLayer["kind"][];

/** What is to be known of a kind of layer, to be used with layers of this kind only. */
export function floatKind(name: FloatLayer["kind"]): FloatKind<FloatLayer> {
  return floatKinds[name];
}

type ConvConfig = OfKind<"conv2d"> & { dilationRate: number | number[] | null };

function weighted(layer: tf.layers.Layer) {
  const relu = isRelu(layer, String(layer.getConfig().activation));
  const [kernel, bias] = layer.getWeights() as [tf.Tensor, tf.Tensor?];
  return {
    name: layer.name,
    kernel: { shape: kernel.shape, data: numbers(kernel) },
    bias: bias ? numbers(bias) : new Float32Array(kernel.shape.at(-1) as number),
    relu,
  };
}

function pooling(layer: tf.layers.Layer): Omit<QuantizedPool2d, "kind"> {
  const { poolSize, strides, padding } = layer.getConfig() as unknown as QuantizedPool2d;
  checkPadding(layer, padding);
  return { name: layer.name, poolSize, strides, padding };
}

function checkPadding(layer: tf.layers.Layer, padding: string): void {
  if (padding !== "same" && padding !== "valid")
    refuse(layer, "`padding` same or valid", padding, "build it with one of them");
}

/** Whether an activation is ReLU; refuses all but ReLU and none. */
export function isRelu(layer: tf.layers.Layer, activation: string): boolean {
  if (activation !== "relu" && activation !== "linear") {
    const instead =
      activation === "softmax" ? "end with logits; the loss applies softmax" : "train the model with ReLU";
    refuse(layer, "activation relu or linear", activation, instead);
  }
  return activation === "relu";
}

function pool(apply: typeof tf.maxPool, x: tf.Tensor, { poolSize, strides, padding }: QuantizedPool2d): tf.Tensor {
  return apply(x as tf.Tensor4D, poolSize as [number, number], strides as [number, number], padding);
}

/** Throws the error that says why a layer cannot be converted, and what to do instead. */
export function refuse(layer: tf.layers.Layer, expected: string, got: string, instead: string): never {
  throw new Error(
    `Cannot convert layer \`${layer.name}\` (${layer.getClassName()}): expected ${expected}, got ${got}: ${instead}.`,
  );
}

/** The numbers of a tensor, copied. */
export const numbers = (tensor: tf.Tensor): Float32Array => Float32Array.from(tensor.dataSync());
