import { graphOf } from "../network/graph";
import type { tf } from "../tensors/tensorflow";
import type { Constraint } from "../train/trainable";
import { floatKind, floatKindNames, refuse } from "./kinds";

/** What training reads of a kernel or a bias besides its numbers. */
export interface Learning {
  /** whether it is learned: not `trainable: false` */
  learned: boolean;
  /** added to the loss */
  penalty?: (weights: tf.Tensor) => tf.Scalar;
  /** applied after every step */
  constraint?: Constraint;
}

/** What training reads of a layer with weights. */
export interface LayerLearning {
  kernel: Learning;
  bias: Learning;
}

/** tfjs keeps the regularisers of a layer to itself. */
type WithRegularizers = Partial<Record<`${"kernel" | "bias" | "gamma" | "beta"}Regularizer`, Regularizer>>;

interface Regularizer {
  apply(weights: tf.Tensor): tf.Scalar;
}

const weightedClasses = floatKindNames
  .map((kind) => floatKind(kind).className)
  .filter((name) => /Conv|Dense/.test(name));

/**
 * What training reads of each layer with weights, for a copy of the model that learns on the grid. A batch
 * normalisation is folded into the layer before it: a kernel's settings are those of that layer, and the bias learns if
 * either does.
 * @returns by name of the layer
 * @throws for a layer with a loss of its own, which would go on to read the model that was copied
 */
export function learningOf(model: tf.Sequential): Map<string, LayerLearning> {
  const settings = new Map<string, LayerLearning>();
  let last: LayerLearning | undefined;
  for (const { sourceLayer: layer } of graphOf(model)) {
    checkLosses(layer);
    const type = layer.getClassName();
    if (weightedClasses.includes(type)) {
      last = layerLearning(layer);
      settings.set(layer.name, last);
    } else if (type === "BatchNormalization" && last) {
      last.bias.learned ||= layer.trainableWeights.length > 0;
    }
  }
  return settings;
}

function layerLearning(layer: tf.layers.Layer): LayerLearning {
  const { kernelRegularizer, biasRegularizer } = layer as WithRegularizers;
  const [kernel, bias] = layer.weights as [Weight, Weight?];
  // a layer without a bias gets one, of zeros, which learns with its kernel
  return {
    kernel: learning(layer, kernel, kernelRegularizer),
    bias: bias ? learning(layer, bias, biasRegularizer) : { learned: learns(layer, kernel) },
  };
}

type Weight = tf.layers.Layer["weights"][number];

const learns = (layer: tf.layers.Layer, weight: Weight) => layer.trainableWeights.includes(weight);

function learning(layer: tf.layers.Layer, weight: Weight, regularizer?: Regularizer): Learning {
  const { constraint } = weight;
  return {
    learned: learns(layer, weight),
    penalty: regularizer && ((weights) => regularizer.apply(weights)),
    constraint: constraint ? (weights) => constraint.apply(weights) : undefined,
  };
}

function checkLosses(layer: tf.layers.Layer): void {
  const { kernelRegularizer, biasRegularizer, gammaRegularizer, betaRegularizer } = layer as WithRegularizers;
  const known = [kernelRegularizer, biasRegularizer, gammaRegularizer, betaRegularizer].filter(Boolean).length;
  if (layer.losses.length > known)
    refuse(layer, "no losses but regularisers", "a loss of its own", "give it to the trainer as part of `loss`");
}

/** Refuses to train where a batch normalisation that is folded away had a say in what it learns. */
export function checkFolded(model: tf.Sequential): void {
  for (const { sourceLayer: layer } of graphOf(model)) {
    if (layer.getClassName() !== "BatchNormalization") continue;
    const { gammaRegularizer, betaRegularizer } = layer as WithRegularizers;
    if (gammaRegularizer || betaRegularizer || layer.weights.some(({ constraint }) => constraint))
      refuse(
        layer,
        "no regularisers or constraints to train it on the grid",
        "some",
        "it is folded into the layer before it; build it without them",
      );
  }
}
