import { findImageLayer, type GraphTensor, graphOf, inputOf } from "./model-graph";
import type { tf } from "./tensorflow";

/** Where along one axis of the input the cells of a layer's output look, in input pixels. */
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
  padding: "same" | "valid";
}

const sliding = /^(SeparableConv2D|DepthwiseConv2D|Conv2D|MaxPooling2D|AveragePooling2D)$/;
const pixelwise =
  /^(Activation|ReLU|LeakyReLU|PReLU|ELU|ThresholdedReLU|Softmax|BatchNormalization|LayerNormalization|Dropout|SpatialDropout2D|GaussianNoise|GaussianDropout|AlphaDropout|Add|Average|Maximum|Minimum|Multiply|Concatenate)$/;

/**
 * Which part of the input each cell of a layer sees (Araujo, Norris and Sim 2019, "Computing Receptive Fields of
 * Convolutional Neural Networks").
 * @throws when a layer on the way is none of those whose geometry is known
 */
export function receptiveField(model: tf.LayersModel, layer?: string): ReceptiveField {
  const wanted = findImageLayer(model, layer);
  const fields = new Map<GraphTensor, ReceptiveField>([[inputOf(model), [pixel, pixel]]]);
  for (const tensor of graphOf(model)) {
    if (!fields.has(tensor)) fields.set(tensor, fieldAfter(tensor, fields));
    if (tensor === wanted) break;
  }
  return fields.get(wanted) as ReceptiveField;
}

const pixel: AxisField = { stride: 1, first: 0, size: 1 };

function fieldAfter({ sourceLayer, inputs }: GraphTensor, fields: Map<GraphTensor, ReceptiveField>): ReceptiveField {
  const before = inputs.map((input) => fields.get(input) as ReceptiveField);
  const [field] = before as [ReceptiveField];
  const type = sourceLayer.getClassName();
  const config = sourceLayer.getConfig();
  if (sliding.test(type)) {
    const window = config as unknown as Sliding;
    const size = (inputs[0] as GraphTensor).shape.slice(1, 3) as [number, number];
    return [slide(field[0], window, size, 0), slide(field[1], window, size, 1)];
  }
  if (type === "ZeroPadding2D") {
    const [rows, columns] = config.padding as unknown as [Pair, Pair];
    const shift = (axis: AxisField, cells: number) => ({ ...axis, first: axis.first - cells * axis.stride });
    return [shift(field[0], rows[0]), shift(field[1], columns[0])];
  }
  const sameGrid = before.every((other) => [0, 1].every((i) => sameCentres(other[i as 0 | 1], field[i as 0 | 1])));
  if (pixelwise.test(type) && sameGrid) return [widest(before, 0), widest(before, 1)];
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
  // "same" puts the smaller half of the padding first
  const missing = Math.max((Math.ceil(shape[axis] / step) - 1) * step + extent - shape[axis], 0);
  const padded = padding === "same" ? Math.floor(missing / 2) : 0;
  return {
    stride: field.stride * step,
    first: field.first + ((extent - 1) / 2 - padded) * field.stride,
    size: field.size + (extent - 1) * field.stride,
  };
}

function sameCentres(a: AxisField, b: AxisField): boolean {
  return a.stride === b.stride && a.first === b.first;
}

function widest(fields: readonly ReceptiveField[], axis: 0 | 1): AxisField {
  return fields.map((field) => field[axis]).reduce((a, b) => (b.size > a.size ? b : a));
}
