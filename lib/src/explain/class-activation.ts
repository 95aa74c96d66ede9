import ndarray = require("ndarray");

import type { NdArray } from "ndarray";
import { findImageLayer, inputOf, runGraph, runToLogits } from "../network/graph";
import { tf } from "../tensors/tensorflow";
import { type Classes, explainedSum, explainInChunks, type Images } from "./target";
import { placing, type Upsampling } from "./upsampling";

export interface MapOptions {
  /** explains why the class rather than this one: the difference of their logits */
  ratherThan?: Classes;
  /** name of the layer whose output is weighed; default: the last convolution */
  layer?: string;
  /** keeps what speaks against the class, as negative values; otherwise it is cut off at 0 */
  signed?: boolean;
  /** divides each map by its largest absolute value; a map that is zero everywhere stays so */
  normalize?: boolean;
  /** how the layer's cells are enlarged to the size of the images */
  upsampling?: Upsampling;
  /** images at a time; bounds the memory */
  batchSize?: number;
}

/** One map an image, float32 [n, height, width]. */
export type Maps = NdArray<Float32Array>;

/** Turns a layer's output and its gradient, float32 [n, height, width, channels], into maps [n, height, width, 1]. */
type Weighing = (features: tf.Tensor4D, gradients: tf.Tensor4D) => tf.Tensor4D;

/**
 * Grad-CAM (Selvaraju et al. 2017): each channel of a layer weighs as much as its gradient is on average over the
 * image. Explains logits, in inference mode; leaves no tensor behind, except where tfjs itself fails inside a gradient.
 * @param model a layers model with one input of known size and one output [n, classes]; a final softmax is left out
 * @param images float32 [n, height, width, channels], as the model takes them, or a data set
 * @param classes the class to explain: one for each image, or one for all
 * @returns float32 [n, height, width], by default at the size of the images; in 0 … 1, or −1 … 1 if `signed`
 * @throws when the layer does not exist (the message lists those that do), when images or classes do not fit the model,
 *   when images or weights are not finite, when the layer cannot be laid over the image (see `placing`), and where tfjs
 *   has no gradient, as for dilated convolutions above the layer
 */
export function gradCam(model: tf.LayersModel, images: Images, classes: Classes, options: MapOptions = {}): Maps {
  return mapsOf(model, images, classes, options, (features, gradients) => {
    const weights = tf.mean(gradients, [1, 2], true);
    return tf.sum(tf.mul(features, weights), 3, true);
  });
}

/**
 * HiResCAM (Draelos and Carin 2020): gradient times activation at each place, summed over channels. Where the layers
 * above are linear it is exactly what each place contributes to the logit; Grad-CAM's averaging over places can point
 * elsewhere. Parameters, result and errors as `gradCam`.
 */
export function hiResCam(model: tf.LayersModel, images: Images, classes: Classes, options: MapOptions = {}): Maps {
  return mapsOf(model, images, classes, options, (features, gradients) => tf.sum(tf.mul(features, gradients), 3, true));
}

/**
 * LayerCAM (Jiang et al. 2021): HiResCAM with the positive part of the gradient only; made for early layers.
 * Parameters, result and errors as `gradCam`; but `signed` changes nothing where the layer's output is not negative, as
 * after ReLU: negative gradients are left out already.
 */
export function layerCam(model: tf.LayersModel, images: Images, classes: Classes, options: MapOptions = {}): Maps {
  return mapsOf(model, images, classes, options, (features, gradients) =>
    tf.sum(tf.mul(features, tf.relu(gradients)), 3, true),
  );
}

function mapsOf(
  model: tf.LayersModel,
  images: Images,
  classes: Classes,
  { layer, signed = false, normalize = true, upsampling = "aligned", ratherThan, batchSize }: MapOptions,
  weigh: Weighing,
): Maps {
  const input = inputOf(model);
  const at = findImageLayer(model, layer);
  const { size, place } = placing(model, at, upsampling);
  const [height, width] = size;
  const options = { classes, ratherThan, batchSize, size: height * width };
  const { data, count } = explainInChunks(model, images, options, (chunk) => {
    const known = new Map([[input, chunk.images as tf.Tensor]]);
    const features = runGraph(known, at) as tf.Tensor4D;
    const gradient = tf.grad((x: tf.Tensor) => explainedSum(runToLogits(model, new Map([...known, [at, x]])), chunk));
    const weighed = weigh(features, gradient(features) as tf.Tensor4D);
    const map = place(signed ? weighed : tf.relu(weighed));
    return normalize ? normalized(map) : map;
  });
  return ndarray(data, [count, height, width]);
}

/** Divides each map by its largest absolute value; an empty map is divided by 1. */
function normalized(maps: tf.Tensor4D): tf.Tensor4D {
  const largest = tf.max(tf.abs(maps), [1, 2, 3], true);
  return tf.div(maps, tf.where(tf.greater(largest, 0), largest, tf.onesLike(largest)));
}
