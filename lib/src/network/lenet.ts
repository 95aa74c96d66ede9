import { checkWhole } from "../common/checks";
import { tf } from "../tensors/tensorflow";
import { graphOf } from "./graph";
import { macsOf } from "./macs";

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

type Worded = Required<Pick<LeNet5Options, "padding" | "activation" | "pooling" | "initializer">>;

const words: { [Option in keyof Worded]: readonly Worded[Option][] } = {
  padding: ["same", "valid"],
  activation: ["relu", "tanh", "sigmoid"],
  pooling: ["max", "average"],
  initializer: ["heUniform", "heNormal", "glorotUniform", "glorotNormal"],
};

/**
 * LeNet-5 (LeCun, Bottou, Bengio and Haffner 1998) as it is built today: two convolutions with pooling, two dense
 * layers, then ten logits. No softmax at the end: losses and explanations work on logits.
 * 61,706 parameters with `padding: "same"`, 44,426 with `"valid"`. The caller disposes the model.
 * @returns a model: float32 [n, 28, 28, 1] in [0, 1] → logits float32 [n, classes]
 * @throws for an option that is none of its words, and unless `classes` is a whole number above 0 and `seed` a whole
 *   one
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
  for (const [name, value] of Object.entries({ padding, activation, pooling, initializer })) {
    const allowed: readonly string[] = words[name as keyof typeof words];
    if (!allowed.includes(value)) throw new Error(`Expected \`${name}\` to be ${allowed.join(" or ")}, got ${value}.`);
  }
  checkWhole("classes", classes, { above: 0 });
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

/**
 * Which LeNet-5 a model is most like: the options that decide how its weights are used, as far as the first layers of
 * their kind tell; that all others agree is for `checkSameNetwork` to say.
 */
export function variantOf(model: tf.LayersModel): Required<Omit<LeNet5Options, "initializer" | "seed">> {
  const layers = graphOf(model).map(({ sourceLayer }) => sourceLayer);
  const layer = (name: LayerName) => layers.find((each) => each.name === name);
  const { padding, activation } = layer("conv1")?.getConfig() ?? {};
  return {
    padding: words.padding.find((word) => word === padding) ?? "same",
    activation: words.activation.find((word) => word === activation) ?? "relu",
    pooling: layer("pool1")?.getClassName() === "AveragePooling2D" ? "average" : "max",
    classes: (layer("logits")?.getConfig().units as number | undefined) ?? 10,
  };
}

/** One row of `layerTable`. */
export interface LayerRow {
  name: string;
  type: string;
  /** shape of the output for one image: [height, width, channels] or [units] */
  shape: number[];
  parameters: number;
  /**
   * multiply-accumulate operations for one image: 0 for a layer without weights, and undefined where they are not
   * known, as for a recurrent layer or an input of any size
   */
  macs: number | undefined;
}

/**
 * The output shape, weights and multiplications of each layer, in the order in which they run. A layer that is used
 * twice has two rows, its parameters in the first; a model within the model has one.
 */
export function layerTable(model: tf.LayersModel): LayerRow[] {
  const seen = new Set<tf.layers.Layer>();
  return graphOf(model)
    .filter(({ inputs }) => inputs.length > 0)
    .map((tensor) => {
      const { sourceLayer: layer, shape } = tensor;
      const parameters = seen.has(layer) ? 0 : layer.countParams();
      seen.add(layer);
      return {
        name: layer.name,
        type: layer.getClassName(),
        shape: shape.slice(1) as number[],
        parameters,
        macs: macsOf(tensor),
      };
    });
}
