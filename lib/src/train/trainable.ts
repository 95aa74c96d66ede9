import { type Forward, forwardOf } from "../network/evaluate";
import { graphOf, inputOf, isNormalisation, outputOf } from "../network/graph";
import { tf } from "../tensors/tensorflow";

/** A network as training sees it: what it computes, what is learned, and what else it remembers. */
export interface Trainable {
  /** images float32 [n, height, width, channels] → logits float32 [n, classes], differentiable */
  forward: Forward;
  /** the forward pass for validation, if it differs */
  infer?: Forward;
  /** what the gradient moves: float32 */
  variables: tf.Variable[];
  /**
   * what the network keeps from one call of `forward` to the next besides `variables`; `{}` if nothing. It belongs to
   * a run as its weights do: a network that is not `compilable` must say it to be trained with `checkpoint` or
   * `patience`, and may not move other variables with these or `averageDecay`
   */
  state?: NetworkState;
  /** called when a trainer is made: throws where the network can be run but not trained */
  checkTraining?: () => void;
  /** a scalar, made of kernels, that is added to the loss of every batch, such as regularisers */
  penalty?: () => tf.Scalar;
  /** for each variable what maps it, after every step, to what it may be; a new tensor of the same shape */
  constraints?: readonly (Constraint | undefined)[];
  /**
   * plain data that says what `forward` computes, such as its layers: a run's file of a network with others is refused.
   * Names that differ from one process to the next do not belong here
   */
  settings?: readonly unknown[];
  /** [height, width, channels] that `forward` takes, null for any; checked before training if given */
  imageShape?: readonly (number | null)[];
  /** how many logits `forward` gives for an image; checked before training if given */
  classes?: number;
  /**
   * `forward` computes the same function at every call, of images, `variables` and `state.variables`, so training may
   * run it as one compiled graph; default false
   */
  compilable?: boolean;
}

/** What a network keeps from one step to the next besides the variables that are learned. */
export interface NetworkState {
  /** variables that `forward` reads, and may move itself, such as moving averages; whole numbers below 2^24 too */
  variables?: readonly tf.Variable[];
  /** everything else, such as counters, as a copy: numbers, texts, true and false, null, lists and objects of them */
  save?: () => unknown;
  /** takes up what `save` gave, perhaps in another process */
  restore?: (saved: unknown) => void;
}

/** A projection of weights onto those allowed. */
export type Constraint = (weights: tf.Tensor) => tf.Tensor;

/**
 * A layers model as training sees it. Applied are dropout and batch normalisation, layers and weights that are frozen
 * (`trainable: false`; frozen batch normalisation runs as in inference), regularisers and other losses of layers, and
 * constraints; a final softmax is left out. `state` holds all variables that are not learned.
 * @throws for a model with several inputs or outputs, with nothing to learn, or with batch normalisation that tfjs
 *   cannot train
 */
export function trainable(model: tf.LayersModel): Trainable {
  const [input, output] = [inputOf(model), outputOf(model)];
  const layers = layersOf(model);
  layers.forEach(checkLayer);
  const losses = layers.flatMap((layer) => layer.losses);
  // a layer that stands in the model twice has its weights once
  const learned = [...new Set(model.trainableWeights)];
  const others = [...new Set(model.weights)].filter((weight) => !learned.includes(weight));
  const constraints = learned.map(constraintOf);
  return {
    forward: forwardOf(model, { training: true }),
    infer: forwardOf(model),
    variables: learned.map(variableOf),
    state: { variables: others.map(variableOf) },
    penalty: losses.length > 0 ? () => tf.addN(losses.map((loss) => loss())) as tf.Scalar : undefined,
    constraints: constraints.some(Boolean) ? constraints : undefined,
    settings: settingsOf(model),
    imageShape: input.shape.slice(1),
    classes: output.shape[1] as number,
    compilable: true,
  };
}

type Weight = tf.LayersModel["weights"][number];

const variableOf = (weight: Weight) => weight.read() as tf.Variable;

function constraintOf({ constraint }: Weight): Constraint | undefined {
  return constraint ? (weights) => constraint.apply(weights) : undefined;
}

/** The layers of a model and of the models within it, each once however often it is used. */
function layersOf(model: tf.LayersModel): tf.layers.Layer[] {
  const layers = graphOf(model).flatMap(({ sourceLayer }) =>
    sourceLayer instanceof tf.LayersModel ? layersOf(sourceLayer) : [sourceLayer],
  );
  return [...new Set(layers)];
}

/** Each place in a model's graph: the kind of layer, its settings but for names and first weights, what it reads. */
function settingsOf(model: tf.LayersModel): unknown[] {
  const graph = graphOf(model);
  return graph.map(({ sourceLayer, inputs }) => {
    const from = inputs.map((input) => graph.indexOf(input));
    if (sourceLayer instanceof tf.LayersModel) return { from, model: settingsOf(sourceLayer) };
    const layer = sourceLayer.getClassName();
    const learned = sourceLayer.weights.map((weight) => sourceLayer.trainableWeights.includes(weight));
    // a layer of one's own may have anything in its settings, such as a tensor
    const own = tfjsLayers.has(layer.toLowerCase()) ? (withoutNames(sourceLayer.getConfig()) as object) : {};
    return { layer, from, ...own, learned };
  });
}

const tfjsLayers = new Set(Object.keys(tf.layers).map((name) => name.toLowerCase()));

/** Settings of a layer, and of those that it wraps, without what may differ from one process to the next. */
function withoutNames(config: unknown): unknown {
  if (typeof config !== "object" || config === null) return config;
  if (Array.isArray(config)) return config.map(withoutNames);
  const kept = Object.entries(config).filter(([key]) => !/^(name|trainable|batchInputShape|.*Initializer)$/.test(key));
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutNames(value)]));
}

/** Refuses what tfjs can only run in inference. */
function checkLayer(layer: tf.layers.Layer): void {
  const { scale, center, axis } = layer.getConfig();
  if (!isNormalisation(layer)) return;
  if (scale === false || center === false)
    throw new Error(
      `Expected batch normalisation with \`scale\` and \`center\` to train, got \`${layer.name}\` without one of them: ` +
        "build the layer with both, which start as 1 and 0; tfjs has no gradient without.",
    );
  const last = (layer.inputSpec?.[0]?.ndim ?? Number.NaN) - 1;
  if (axis !== -1 && axis !== last)
    throw new Error(
      `Expected batch normalisation of the last axis to train, got \`${layer.name}\` of axis ${axis}: tfjs has no ` +
        "gradient of others.",
    );
}
