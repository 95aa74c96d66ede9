import { transformImages } from "../data/augment";
import { type GraphTensor, inputOf } from "../network/graph";
import { tf } from "../tensors/tensorflow";
import { type AxisField, receptiveField } from "./receptive-field";

/**
 * How the cells of a layer are laid over the image, bilinear between their centres. `"aligned"`: each cell at the
 * centre of its receptive field, 0 beyond the outermost cells. `"stretch"`: cells spread evenly over the image, as many
 * programs do, which is off by several pixels where a convolution is not padded. `"none"`: the layer's own size.
 */
export type Upsampling = "aligned" | "stretch" | "none";

/** A function that brings maps from a layer's size to that of the image. */
export interface Placing {
  /** [height, width] of the result */
  size: readonly [number, number];
  /**
   * @param maps float32 [n, height, width, channels] at the layer's size; not disposed
   * @returns float32 [n, ...size, channels], which the caller, or `tf.tidy`, disposes; with
   *   `"none"` it is `maps` itself, the same tensor
   */
  place(maps: tf.Tensor4D): tf.Tensor4D;
}

/**
 * Prepares the upsampling of maps of one layer; makes no tensor before `place` does.
 * @param layer an output [n, height, width, channels], as `findImageLayer` gives it
 * @throws when the model takes images of any size, when `upsampling` is an unknown word, and with `"aligned"` when the
 *   layer's receptive field is not known (the message says what to do)
 */
export function placing(model: tf.LayersModel, layer: GraphTensor, upsampling: Upsampling): Placing {
  const from = layer.shape.slice(1, 3) as [number, number];
  const size = inputOf(model).shape.slice(1, 3) as [number, number];
  if ([...from, ...size].includes(null as never))
    throw new Error("Expected a model with an input of known size, got one of any size: give it a fixed `inputShape`.");
  if (upsampling === "none") return { size: from, place: (maps) => maps };
  if (upsampling !== "aligned" && upsampling !== "stretch")
    throw new Error(`Expected \`upsampling\` to be "aligned", "stretch" or "none", got ${upsampling}.`);
  const [rows, columns] =
    upsampling === "aligned" ? receptiveField(model, layer.sourceLayer.name) : [0, 1].map((i) => spread(from, size, i));
  const { stride: dy, first: y } = rows as AxisField;
  const { stride: dx, first: x } = columns as AxisField;
  const place = (maps: tf.Tensor4D) =>
    tf.tidy(() => {
      const toCell = tf.tensor2d([[1 / dx, 0, -x / dx, 0, 1 / dy, -y / dy, 0, 0]]);
      const placed = transformImages(maps, toCell, { size, fill: "nearest" });
      const covered = tf.outerProduct(
        coveredBy(rows as AxisField, from[0], size[0]),
        coveredBy(columns as AxisField, from[1], size[1]),
      );
      return tf.mul(placed, tf.reshape(covered, [1, ...size, 1])) as tf.Tensor4D;
    });
  return { size, place };
}

/** 1 for each pixel along an axis that lies within half a stride of a cell's centre, else 0. */
function coveredBy({ stride, first }: AxisField, cells: number, pixels: number): tf.Tensor1D {
  const cellOf = (pixel: number) => (pixel - first) / stride;
  const inside = (pixel: number) => cellOf(pixel) >= -0.5 && cellOf(pixel) <= cells - 0.5;
  return tf.tensor1d(Array.from({ length: pixels }, (_, pixel) => (inside(pixel) ? 1 : 0)));
}

/** Cells of equal size that cover the whole image. */
function spread(from: readonly number[], size: readonly number[], axis: number): AxisField {
  const stride = (size[axis] as number) / (from[axis] as number);
  return { stride, first: (stride - 1) / 2, size: stride };
}
