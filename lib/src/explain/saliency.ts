import ndarray = require("ndarray");

import type { NdArray } from "ndarray";
import { checkFinite, checkWhole, typeName } from "../common/checks";
import { inputOf, runToLogits } from "../network/graph";
import { tf } from "../tensors/tensorflow";
import {
  type Chunk,
  type Classes,
  checkFiniteTensor,
  explainedSum,
  explainInChunks,
  type Images,
  shapeOf,
} from "./target";

export interface SaliencyOptions {
  /** explains why the class rather than this one: the difference of their logits */
  ratherThan?: Classes;
  /** images at a time; bounds the memory */
  batchSize?: number;
}

export interface IntegratedGradientsOptions extends SaliencyOptions {
  /** the image to compare with: a number for all pixels, or float32 [height, width, channels], not disposed */
  baseline?: number | tf.Tensor3D;
  /** points on the way from the baseline to the image */
  steps?: number;
}

/** One number a pixel: float32 [n, height, width, channels]. */
export type PixelMaps = NdArray<Float32Array>;

/**
 * The gradient of the logit with respect to each pixel (Simonyan, Vedaldi and Zisserman 2014): how much the logit would
 * change if the pixel changed a little. Explains logits, in inference mode; leaves no tensor behind, except where tfjs
 * itself fails inside a gradient.
 * @param model a layers model with one input of any size and one output [n, classes]; a final softmax is left out
 * @param images float32 [n, height, width, channels], as the model takes them, or a data set
 * @param classes the class to explain: one for each image, or one for all
 * @returns float32 [n, height, width, channels], signed, in logits per unit of pixel (white to black is 1)
 * @throws when images or classes do not fit the model, images or weights are not finite, and where tfjs has no
 *   gradient, as for dilated convolutions
 */
export function inputGradient(
  model: tf.LayersModel,
  images: Images,
  classes: Classes,
  options: SaliencyOptions = {},
): PixelMaps {
  return pixelMaps(model, images, classes, options, (chunk) => gradientAt(model, chunk.images, chunk));
}

/**
 * Integrated gradients (Sundararajan, Taly and Yan 2017): the gradient, averaged on the straight line from a baseline
 * to the image, times each pixel's difference from the baseline. The numbers of an image add up to its logit minus the
 * baseline's, within about 1 % with 128 midpoints on the way. Explains logits, in inference mode; leaves no tensor
 * behind, except where tfjs itself fails inside a gradient. Parameters as `inputGradient`; cost: `steps` gradients.
 * @returns float32 [n, height, width, channels], signed, in logits
 * @throws as `inputGradient`, and when `baseline` is not finite, or a tensor of another shape than an image
 */
export function integratedGradients(
  model: tf.LayersModel,
  images: Images,
  classes: Classes,
  { baseline = 0, steps = 128, ...options }: IntegratedGradientsOptions = {},
): PixelMaps {
  checkWhole("steps", steps, { above: 0 });
  checkBaseline(baseline, images);
  return pixelMaps(model, images, classes, options, (chunk) => {
    const way = tf.sub(chunk.images, baseline);
    let sum = tf.zerosLike(way);
    for (let step = 0; step < steps; step++) {
      // one tidy for each step, or the tensors of all steps would be in memory at once
      sum = tf.tidy(() => {
        const point = tf.sub(chunk.images, tf.mul(way, 1 - (step + 0.5) / steps)) as tf.Tensor4D;
        return tf.add(sum, gradientAt(model, point, chunk));
      });
    }
    return tf.mul(way, tf.div(sum, steps));
  });
}

function checkBaseline(baseline: number | tf.Tensor3D, images: Images): void {
  if (typeof baseline === "number") {
    checkFinite("baseline", baseline);
    return;
  }
  if (!(baseline instanceof tf.Tensor))
    throw new TypeError(`Expected \`baseline\` as a number or a tensor, got ${typeName(baseline)}.`);
  const expected = shapeOf(images).slice(1).join(", ");
  const got = baseline.shape.join(", ");
  if (got !== expected) throw new Error(`Expected \`baseline\` [${expected}] as each of the images, got [${got}].`);
  checkFiniteTensor("baseline", baseline);
}

function gradientAt(model: tf.LayersModel, images: tf.Tensor4D, chunk: Chunk): tf.Tensor {
  const input = inputOf(model);
  return tf.grad((x: tf.Tensor) => explainedSum(runToLogits(model, new Map([[input, x]])), chunk))(images);
}

function pixelMaps(
  model: tf.LayersModel,
  images: Images,
  classes: Classes,
  options: SaliencyOptions,
  work: (chunk: Chunk) => tf.Tensor,
): PixelMaps {
  const [, height, width, channels] = shapeOf(images);
  const size = height * width * channels;
  const { data, count } = explainInChunks(model, images, { ...options, classes, size }, work);
  return ndarray(data, [count, height, width, channels]);
}
