import { tf } from "../tensors/tensorflow";
import { type GraphTensor, graphOf } from "./graph";

/** What the kernels of a layer are multiplied with, for one image: shapes without n. */
interface Use {
  /** all axes of the input but the channels: height and width, say */
  from: readonly number[];
  /** the same of the output */
  to: readonly number[];
  /** the numbers of weights of each kernel; biases are only added */
  kernels: readonly number[];
}

const perOutput = ({ to, kernels }: Use) => product(to) * sum(kernels);

/** Layers whose multiplications are known, by class: each weight counts once for each place of the output. */
const counts: Record<string, (use: Use) => number> = {
  Dense: perOutput,
  Conv1D: perOutput,
  Conv2D: perOutput,
  Conv3D: perOutput,
  DepthwiseConv2D: perOutput,
  SeparableConv2D: perOutput,
  // these spread each place of the input by the whole kernel, before borders are cut off
  Conv2DTranspose: ({ from, kernels }) => product(from) * sum(kernels),
  Conv3DTranspose: ({ from, kernels }) => product(from) * sum(kernels),
};

/**
 * How many multiply-accumulates make a tensor of a model's graph, for one image; multiplications with padding count.
 * @returns 0 for a layer without weights; undefined for layers that are not known here, and for inputs of any size
 */
export function macsOf({ sourceLayer: layer, inputs, shape }: GraphTensor): number | undefined {
  if (inputs.length === 0) return 0;
  if (layer instanceof tf.LayersModel) return macsWithin(layer);
  if (layer.weights.length === 0) return 0;
  const count = counts[layer.getClassName()];
  if (count === undefined || inputs.length !== 1) return undefined;
  const places = ({ shape }: { shape: tf.Shape }) =>
    (layer.getConfig().dataFormat === "channelsFirst" ? shape.slice(2) : shape.slice(1, -1)) as number[];
  const [from, to] = [places(inputs[0] as GraphTensor), places({ shape })];
  if ([...from, ...to].includes(null as never)) return undefined;
  const kernels = layer.weights.filter((weight) => weight.shape.length > 1).map((weight) => product(weight.shape));
  return count({ from, to, kernels });
}

/** All of a model's layers, those used twice as often as they run. */
function macsWithin(model: tf.LayersModel): number | undefined {
  const each = graphOf(model).map(macsOf);
  return each.includes(undefined) ? undefined : sum(each as number[]);
}

const product = (lengths: readonly (number | null)[]) =>
  lengths.reduce((all: number, length) => all * (length as number), 1);
const sum = (numbers: readonly number[]) => numbers.reduce((all, number) => all + number, 0);
