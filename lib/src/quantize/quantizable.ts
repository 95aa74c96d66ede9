import type { QuantizedFlatten, QuantizedPool2d } from "../int8/model";
import type { StoredTensor } from "../network/safetensors";
import { tf } from "../tensors/tensorflow";
import { foldBatchNorm } from "./fold-batch-norm";

/** The fields that a convolution and a dense layer share: weights as copies, any batch normalisation folded in. */
interface FloatWeighted {
  name: string;
  kernel: StoredTensor;
  /** float32 [output channels]; zeros if the layer has none */
  bias: Float32Array;
  relu: boolean;
}

/** 2-D convolution, kernel [height, width, input channels, output channels]. */
export interface FloatConv2d extends FloatWeighted {
  kind: "conv2d";
  kernelSize: readonly [number, number];
  strides: readonly [number, number];
  padding: "same" | "valid";
}

/** Dense layer, kernel [inputs, units]. */
export interface FloatDense extends FloatWeighted {
  kind: "dense";
}

/** A layer that has weights. */
export type FloatWeightedLayer = FloatConv2d | FloatDense;

/** A layer as plain data; those without weights are the same in float and in integers. */
export type FloatLayer = FloatWeightedLayer | QuantizedPool2d | QuantizedFlatten;

/** A network as plain float numbers: fake quantisation and the ONNX export start from it. */
export interface FloatModel {
  /** [height, width, channels] */
  inputShape: readonly [number, number, number];
  layers: readonly FloatLayer[];
}

/**
 * Reads a model that can be quantised: Conv2D, Dense, MaxPooling2D, AveragePooling2D and Flatten, ReLU as an activation
 * or a layer of its own, BatchNormalization directly after a Conv2D or Dense (folded into it), and at the end a Dense
 * that gives logits. Makes no tensor and leaves the model alone.
 * @throws for any other layer, by its name and type, with what to do instead; and for a model that is not a Sequential
 */
export function quantizable(model: tf.LayersModel): FloatModel {
  if (!(model instanceof tf.Sequential))
    throw new Error(`Expected a Sequential, whose layers form a chain, got the model \`${model.name}\`.`);
  const layers: FloatLayer[] = [];
  for (const layer of model.layers) {
    const read = readers[layer.getClassName()] ?? refuseLayer;
    const { dataFormat } = layer.getConfig();
    if (dataFormat === "channelsFirst")
      refuse(layer, "`dataFormat` channelsLast", dataFormat, "build it with channelsLast");
    read(layer, layers);
  }
  const last = layers.at(-1);
  if (last?.kind !== "dense" || last.relu) {
    throw new Error(
      `Expected a Dense layer without activation at the end, got \`${last?.name ?? "no layer"}\`: end with logits.`,
    );
  }
  const inputShape = model.inputs[0]?.shape.slice(1) ?? [];
  if (inputShape.length !== 3)
    throw new Error(`Expected images [height, width, channels] as input, got [${inputShape.join(", ")}].`);
  return { inputShape: inputShape as [number, number, number], layers };
}

/** Adds a layer to those before it, or merges it into the last of them. */
type Reader = (layer: tf.layers.Layer, before: FloatLayer[]) => void;

const readers: Record<string, Reader> = {
  InputLayer: () => {},
  Conv2D: (layer, before) => {
    const { kernelSize, strides, padding, dilationRate } = layer.getConfig() as unknown as ConvConfig;
    if ([dilationRate].flat().some((rate) => rate !== 1 && rate !== null))
      refuse(layer, "`dilationRate` 1", String(dilationRate), "build it without dilation");
    before.push({ kind: "conv2d", ...weighted(layer), kernelSize, strides, padding });
  },
  Dense: (layer, before) => {
    const { length } = (layer.input as tf.SymbolicTensor).shape;
    if (length !== 2) refuse(layer, "rows of numbers as input", `${length - 1} axes`, "put a Flatten before it");
    before.push({ kind: "dense", ...weighted(layer) });
  },
  MaxPooling2D: (layer, before) => {
    before.push({ kind: "maxPool2d", ...pooling(layer) });
  },
  AveragePooling2D: (layer, before) => {
    before.push({ kind: "averagePool2d", ...pooling(layer) });
  },
  Flatten: (layer, before) => {
    before.push({ kind: "flatten", name: layer.name });
  },
  ReLU: (layer, before) => {
    const { maxValue } = layer.getConfig();
    if (typeof maxValue === "number")
      refuse(layer, "no `maxValue`", String(maxValue), "use a ReLU without an upper end");
    weightedBefore(layer, before).relu = true;
  },
  Activation: (layer, before) => {
    const { activation } = layer.getConfig();
    if (!isRelu(layer, String(activation))) return;
    weightedBefore(layer, before).relu = true;
  },
  BatchNormalization: (layer, before) => {
    const target = weightedBefore(layer, before);
    if (target.relu) {
      refuse(layer, "linear outputs to normalise", `those of \`${target.name}\` after ReLU`, "put ReLU after it");
    }
    const folded = foldBatchNorm({ kernel: target.kernel.data, bias: target.bias }, batchNorm(layer, target));
    target.kernel = { shape: target.kernel.shape, data: folded.kernel };
    target.bias = folded.bias;
  },
};

type ConvConfig = FloatConv2d & { dilationRate: number | number[] | null };

function weighted(layer: tf.layers.Layer): FloatWeighted {
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
  return { name: layer.name, poolSize, strides, padding };
}

function isRelu(layer: tf.layers.Layer, activation: string): boolean {
  if (activation !== "relu" && activation !== "linear") {
    const instead =
      activation === "softmax" ? "end with logits; the loss applies softmax" : "train the model with ReLU";
    refuse(layer, "activation relu or linear", activation, instead);
  }
  return activation === "relu";
}

function batchNorm(layer: tf.layers.Layer, { name, kernel, bias }: FloatWeighted) {
  const { axis, epsilon, scale, center } = layer.getConfig() as Record<string, unknown>;
  const last = kernel.shape.length - 1;
  if (axis !== -1 && axis !== last)
    refuse(layer, "`axis` of the channels (last)", String(axis), `normalise the outputs of \`${name}\` by channel`);
  const stored = layer.getWeights().map(numbers);
  const [gamma, beta] = [
    scale === false ? new Float32Array(bias.length).fill(1) : (stored.shift() as Float32Array),
    center === false ? new Float32Array(bias.length) : (stored.shift() as Float32Array),
  ];
  const [mean, variance] = stored as [Float32Array, Float32Array];
  return { gamma, beta, mean, variance, epsilon: epsilon as number };
}

function weightedBefore(layer: tf.layers.Layer, before: FloatLayer[]): FloatWeightedLayer {
  const previous = before.at(-1);
  if (previous?.kind === "conv2d" || previous?.kind === "dense") return previous;
  return refuse(layer, "a Conv2D or Dense directly before", previous?.name ?? "nothing", "move it there");
}

const insteadOf: Record<string, string> = {
  Dropout: "build the model without it and copy the weights; it does nothing in inference",
  GlobalAveragePooling2D: "use an AveragePooling2D as large as the image, and a Flatten after it",
  Softmax: "end with logits; the loss applies softmax",
};

function refuseLayer(layer: tf.layers.Layer): never {
  const instead = insteadOf[layer.getClassName()] ?? "build the model without it";
  return refuse(layer, `only ${Object.keys(readers).slice(1).join(", ")}`, layer.getClassName(), instead);
}

function refuse(layer: tf.layers.Layer, expected: string, got: string, instead: string): never {
  throw new Error(
    `Cannot convert layer \`${layer.name}\` (${layer.getClassName()}): expected ${expected}, got ${got}: ${instead}.`,
  );
}

const numbers = (tensor: tf.Tensor): Float32Array => Float32Array.from(tensor.dataSync());
