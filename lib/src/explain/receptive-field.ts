import { type Padding, paddingAround } from "../common/windows";
import { findImageLayer, type GraphTensor, inputOf } from "../network/graph";
import type { tf } from "../tensors/tensorflow";

/** Along one axis, the part of the input that the cells of a layer's output see, in input pixels. */
export interface AxisField {
  /** from the centre of one cell's field to the next */
  stride: number;
  /** centre of the first cell's field; pixel 0 has its centre at 0 */
  first: number;
  /** extent of the field, borders included that lie outside the image */
  size: number;
}

/** Receptive fields of a layer's output cells: down the rows, and along the columns. */
export type ReceptiveField = readonly [rows: AxisField, columns: AxisField];

type Pair = readonly [number, number];

/** A window that slides over an image, as convolutions and pooling do. */
interface Sliding {
  kernelSize?: Pair;
  poolSize?: Pair;
  strides: Pair;
  dilationRate?: Pair | [number] | number;
  padding: Padding;
}

const sliding = /^(SeparableConv2D|DepthwiseConv2D|Conv2D|MaxPooling2D|AveragePooling2D)$/;
const pixelwise =
  /^(Activation|Rescaling|ReLU|LeakyReLU|PReLU|ELU|ThresholdedReLU|Softmax|BatchNormalization|LayerNormalization|Dropout|GaussianNoise|GaussianDropout|AlphaDropout|Add|Average|Maximum|Minimum|Multiply|Concatenate)$/;
/** Of these, layers that mix or join numbers along their `axis`; batch normalisation at inference mixes none. */
const alongAxis = /^(Softmax|LayerNormalization|Concatenate)$/;

/**
 * Which part of the input each cell of a layer sees (Araujo, Norris and Sim 2019, "Computing Receptive Fields of
 * Convolutional Neural Networks"). Makes no tensor.
 * @param layer name of the layer; default: the last convolution
 * @returns in input pixels, down the rows and along the columns
 * @throws when the layer does not exist (the message lists those that do), when its size is not known
 *   because the model takes images of any size, and when a layer on the way is none of those whose
 *   geometry is known, mixes pixels along its axis, or has its channels first
 */
export function receptiveField(model: tf.LayersModel, layer?: string): ReceptiveField {
  const fields = new Map<GraphTensor, ReceptiveField>([[inputOf(model), [pixel, pixel]]]);
  const fieldOf = (tensor: GraphTensor): ReceptiveField => {
    const field = fields.get(tensor) ?? fieldAfter(tensor, tensor.inputs.map(fieldOf));
    fields.set(tensor, field);
    return field;
  };
  return fieldOf(findImageLayer(model, layer));
}

const pixel: AxisField = { stride: 1, first: 0, size: 1 };

function fieldAfter({ sourceLayer, inputs }: GraphTensor, before: ReceptiveField[]): ReceptiveField {
  const [field] = before as [ReceptiveField];
  const type = sourceLayer.getClassName();
  const config = sourceLayer.getConfig();
  if (config.dataFormat === "channelsFirst")
    throw new Error(
      `Expected layers with \`dataFormat: "channelsLast"\`, got ${sourceLayer.name} (${type}) with "channelsFirst".`,
    );
  if (sliding.test(type)) {
    const window = { ...config } as unknown as Sliding;
    const size = (inputs[0] as GraphTensor).shape.slice(1, 3) as [number, number];
    if (size.includes(null as never))
      throw new Error(
        `Expected an input of known size, got ${sourceLayer.name} with an input [${size.map((n) => n ?? "?").join(", ")}]: ` +
          "give the model a fixed `inputShape`.",
      );
    // tfjs ignores the dilation of depthwise convolutions
    if (type === "DepthwiseConv2D") window.dilationRate = 1;
    return [slide(field[0], window, size, 0), slide(field[1], window, size, 1)];
  }
  if (type === "ZeroPadding2D") {
    const [rows, columns] = config.padding as unknown as [Pair, Pair];
    const shift = (axis: AxisField, cells: number) => ({ ...axis, first: axis.first - cells * axis.stride });
    return [shift(field[0], rows[0]), shift(field[1], columns[0])];
  }
  const axes = alongAxis.test(type) ? [config.axis].flat() : [];
  const keepsPixels = pixelwise.test(type) && axes.every((axis) => axis === -1 || axis === 3);
  if (keepsPixels && sameSizes(inputs) && before.every((other) => sameGrid(other, field)))
    return [widest(before, 0), widest(before, 1)];
  throw new Error(
    `Expected layers that slide, pad or work pixel by pixel, got ${sourceLayer.name} (${type}): ` +
      'where its output lies on the input is not known; ask for `upsampling: "stretch"` instead.',
  );
}

function slide(field: AxisField, window: Sliding, shape: Pair, axis: 0 | 1): AxisField {
  const { padding, dilationRate = 1 } = window;
  const kernel = (window.kernelSize ?? (window.poolSize as Pair))[axis];
  const step = window.strides[axis];
  const dilation = typeof dilationRate === "number" ? dilationRate : (dilationRate[axis] ?? dilationRate[0]);
  const extent = (kernel - 1) * dilation + 1;
  const [padded] = paddingAround(shape[axis], extent, step, padding);
  return {
    stride: field.stride * step,
    first: field.first + ((extent - 1) / 2 - padded) * field.stride,
    size: field.size + (extent - 1) * field.stride,
  };
}

/** Whether the images of all branches have as many rows and columns: tfjs would repeat a single one. */
function sameSizes(inputs: readonly GraphTensor[]): boolean {
  return new Set(inputs.map(({ shape }) => `${shape[1]} ${shape[2]}`)).size === 1;
}

/** Whether the cells of two branches lie less than a cell apart; in residual blocks with stride 2 they may differ. */
function sameGrid(a: ReceptiveField, b: ReceptiveField): boolean {
  const agrees = (first: AxisField, second: AxisField) =>
    first.stride === second.stride && Math.abs(first.first - second.first) < first.stride;
  return agrees(a[0], b[0]) && agrees(a[1], b[1]);
}

/** The largest field among branches that meet. */
function widest(fields: readonly ReceptiveField[], axis: 0 | 1): AxisField {
  return fields.map((field) => field[axis]).reduce((a, b) => (b.size > a.size ? b : a));
}
