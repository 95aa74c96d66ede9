import { checkWhole } from "../common/checks";
import { tf } from "../tensors/tensorflow";

/** The layers of LeNet-5, by name, in order. */
export const layerNames = ["conv1", "pool1", "conv2", "pool2", "flatten", "dense1", "dense2", "logits"] as const;

/** The name of one of LeNet-5's layers. */
export type LayerName = (typeof layerNames)[number];

/** Variants of LeNet-5. */
export interface LeNet5Options {
  /** of the first convolution: `"same"` keeps 28 × 28 (as 1998's 32 × 32 input did), `"valid"` shrinks it to 24 × 24 */
  padding?: "same" | "valid";
  activation?: "relu" | "tanh" | "sigmoid";
  pooling?: "max" | "average";
  /** how weights are drawn at the start; He suits ReLU, Glorot tanh. Biases start at 0 */
  initializer?: "heUniform" | "heNormal" | "glorotUniform" | "glorotNormal";
  classes?: number;
  seed?: number;
}

/**
 * LeNet-5 (LeCun, Bottou, Bengio and Haffner 1998) as it is built today: two convolutions with pooling, two dense
 * layers, then ten logits. No softmax at the end: losses and explanations work on logits.
 * 61,706 parameters with `padding: "same"`, 44,426 with `"valid"`. The caller disposes the model.
 * @returns a model: float32 [n, 28, 28, 1] in [0, 1] → logits float32 [n, classes]
 */
export function buildLeNet5({
  padding = "same",
  activation = "relu",
  pooling = "max",
  initializer = "heUniform",
  classes = 10,
  seed = 0,
}: LeNet5Options = {}): tf.Sequential {
  const conv = (name: LayerName, filters: number, more: Partial<Parameters<typeof tf.layers.conv2d>[0]> = {}) =>
    tf.layers.conv2d({ name, filters, kernelSize: 5, activation, kernelInitializer: initial(name), ...more });
  const pool = (name: LayerName) => {
    const make = pooling === "max" ? tf.layers.maxPooling2d : tf.layers.averagePooling2d;
    return make({ name, poolSize: 2, strides: 2 });
  };
  const dense = (name: LayerName, units: number, squash?: typeof activation) =>
    tf.layers.dense({ name, units, activation: squash, kernelInitializer: initial(name) });
  checkWhole("seed", seed);
  // every layer draws from a seed of its own, or equal shapes would start equal; tfjs takes 0 for "no seed"
  const seedOf = (name: LayerName) => seed * layerNames.length + layerNames.indexOf(name) || 0.5;
  const initial = (name: LayerName) => tf.initializers[initializer]({ seed: seedOf(name) });

  return tf.sequential({
    name: "lenet5",
    layers: [
      conv("conv1", 6, { inputShape: [28, 28, 1], padding }),
      pool("pool1"),
      conv("conv2", 16),
      pool("pool2"),
      tf.layers.flatten({ name: "flatten" }),
      dense("dense1", 120, activation),
      dense("dense2", 84, activation),
      dense("logits", classes),
    ],
  });
}

/** Which LeNet-5 a model is: the options that decide how its weights are used. */
export function variantOf(model: tf.LayersModel): Required<Omit<LeNet5Options, "initializer" | "seed">> {
  const settings = (name: LayerName) => model.getLayer(name).getConfig() as Partial<LeNet5Options> & { units?: number };
  const { padding = "valid", activation = "relu" } = settings("conv1");
  const pooling = model.getLayer("pool1").getClassName() === "MaxPooling2D" ? "max" : "average";
  return { padding, activation, pooling, classes: settings("logits").units as number };
}

/** One row of `layerTable`. */
export interface LayerRow {
  name: string;
  type: string;
  /** shape of the output for one image: [height, width, channels] or [units] */
  shape: number[];
  parameters: number;
  /** multiply-accumulate operations for one image */
  macs: number;
}

/** The output shape, weights and multiplications of each layer. */
export function layerTable(model: tf.LayersModel): LayerRow[] {
  return model.layers
    .filter((layer) => layer.getClassName() !== "InputLayer")
    .map((layer) => {
      const shape = (layer.outputShape as (number | null)[]).slice(1) as number[];
      return {
        name: layer.name,
        type: layer.getClassName(),
        shape,
        parameters: layer.countParams(),
        macs: macs(layer, shape),
      };
    });
}

/** A convolution multiplies by each weight of a filter once for each output, a dense layer by each weight once. */
function macs(layer: tf.layers.Layer, shape: number[]): number {
  const kernel = layer.trainableWeights.find((weight) => weight.name.includes("kernel"));
  if (kernel === undefined) return 0;
  const weights = kernel.shape.reduce((product: number, length) => product * (length as number), 1);
  return shape.length === 3 ? weights * (shape[0] as number) * (shape[1] as number) : weights;
}
