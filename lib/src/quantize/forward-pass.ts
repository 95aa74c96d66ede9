import { tf } from "../tensors/tensorflow";
import type { FloatLayer, FloatWeightedLayer } from "./float-model";
import { floatKind } from "./kinds";

/** The weights to use for a layer. */
export interface LayerWeights {
  /** float32, output channel last */
  kernel: tf.Tensor;
  /** float32 [output channels] */
  bias: tf.Tensor1D;
}

/** A layer's own weights as tensors; the caller disposes. */
export function ownWeights({ kernel, bias }: FloatWeightedLayer): LayerWeights {
  return { kernel: tf.tensor(kernel.data, kernel.shape), bias: tf.tensor1d(bias) };
}

/**
 * Runs images through layers with weights of the caller's choice, and lets the caller see and replace the outputs of
 * every layer with weights, after ReLU and max-pooling, except the logits. Differentiable; call it within `tf.tidy`.
 * @param images float32 [n, height, width, channels]
 * @param roundAverages replaces the outputs of average pooling: averages of the outputs of `layer`, or of pixels
 * @returns logits float32 [n, classes]
 */
export function forwardPass(
  layers: readonly FloatLayer[],
  images: tf.Tensor4D,
  weightsOf: (layer: FloatWeightedLayer) => LayerWeights,
  replace: (outputs: tf.Tensor, layer: FloatWeightedLayer) => tf.Tensor,
  roundAverages: (averages: tf.Tensor, layer?: FloatWeightedLayer) => tf.Tensor = (averages) => averages,
): tf.Tensor2D {
  let x: tf.Tensor = images;
  let source: FloatWeightedLayer | undefined;
  for (let i = 0; i < layers.length; i++) {
    const layer = layers[i] as FloatLayer;
    const { apply, between } = floatKind(layer.kind);
    if (!("kernel" in layer)) {
      x = apply(x, layer);
      if (between) x = roundAverages(x, source);
    } else {
      const { kernel, bias } = weightsOf(layer);
      x = apply(x, layer, kernel);
      // bias, ReLU and rounding keep the order of numbers: the maximum may come first and leaves a quarter of the work
      const next = layers[i + 1];
      if (next?.kind === "maxPool2d") {
        x = floatKind(next.kind).apply(x, next);
        i += 1;
      }
      x = tf.add(x, bias);
      if (layer.relu) x = tf.relu(x);
      if (i < layers.length - 1) x = replace(x, layer);
      source = layer;
    }
  }
  return x as tf.Tensor2D;
}
