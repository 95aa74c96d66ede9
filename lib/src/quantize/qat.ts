import { checkFinite, checkFraction, checkWhole } from "../common/checks";
import type { Forward } from "../network/evaluate";
import { tf } from "../tensors/tensorflow";
import type { Trainable } from "../train/trainable";
import { channelScales, fakeQuantize, fakeQuantizePerChannel } from "./fake-quant";
import type { FloatLayer, FloatModel, FloatWeightedLayer } from "./float-model";
import { forwardPass, type LayerWeights, ownWeights } from "./forward-pass";
import { checkFolded, type LayerLearning, type Learning, learningOf } from "./learning";
import { initialSteps, learnedStepSize } from "./lsq";
import { quantizable } from "./quantizable";
import { movedRange, type Range, type Ranges, rangeOf } from "./ranges";

/** Options of `fakeQuantized`. Steps count the batches of training from 0. */
export interface FakeQuantizedOptions {
  /** bits of a weight, 2 … 8, for all layers or by layer name (8 for those not named) */
  weightBits?: number | Record<string, number>;
  activationBits?: number;
  /**
   * the scales of the weights: from the `"largest"` weight of each channel, or `"learned"` step sizes (LSQ); default:
   * learned below 8 bits, largest at 8
   */
  weightScales?: "largest" | "learned";
  /** first ranges of the activations, such as from `calibrate`; default: those of the first training batch */
  ranges?: Ranges;
  /** decay of the ranges' moving average, in [0, 1) */
  decay?: number;
  /** before this step activations stay float and ranges are only measured; default 0, `Infinity` for weights alone */
  startStep?: number;
  /** from this step on ranges no longer move; default: they always do */
  freezeStep?: number;
}

/** The weights of one layer as integers: real weight = scale of the channel × code. */
export interface WeightCodes {
  /** in −Q … Q with Q = 2^(bits − 1) − 1; the shape of the kernel */
  codes: Int8Array;
  /** float32 [output channels] */
  scales: Float32Array;
  /** float32 [output channels] */
  bias: Float32Array;
  bits: number;
}

/** A network that learns in float, with numbers rounded as integers would be: `new Trainer(network, …)` trains it. */
export interface QuantizedTrainable extends Trainable {
  infer: Forward;
  /** the layers, with the weights they had at the start */
  readonly model: FloatModel;
  readonly activationBits: number;
  /** the current ranges of the activations, by layer name: a copy */
  ranges(): Ranges;
  /** the current weights, by layer name: copies; throws where one is NaN or infinite */
  weights(): Record<string, WeightCodes>;
  /** disposes the variables; the model that it was made from stays the caller's to dispose */
  dispose(): void;
}

/**
 * Copies a float model into one whose weights and activations are rounded to what integers can hold, in the forward
 * pass of training and inference (Jacob et al. 2018): pixels to multiples of 1/255, weights by channel, activations by
 * tensor. Biases and logits stay float. Untrained, with `ranges` from `calibrate`, it is post-training quantisation.
 * Each call of `forward` counts as a step. Before the first image there are no ranges.
 * Layers that are frozen stay as they are, but for the step sizes of their weights; regularisers and constraints of
 * kernels and biases go on to act, on kernels with batch normalisation folded into them; those of batch normalisation
 * itself cannot, and are refused by a trainer.
 * @returns a network float32 [n, height, width, channels] in [0, 1] → logits
 *   float32 [n, classes]; the caller disposes both
 * @throws for layers that cannot be quantised, see `quantizable`; `infer` throws while a layer has no range
 */
export function fakeQuantized(model: tf.Sequential, options: FakeQuantizedOptions = {}): QuantizedTrainable {
  const { activationBits = 8, decay = 0.99, startStep = 0, freezeStep = Number.POSITIVE_INFINITY } = options;
  const { weightScales } = options;
  checkWhole("activationBits", activationBits, { from: 2, to: 8 });
  if (weightScales !== undefined && weightScales !== "largest" && weightScales !== "learned")
    throw new Error(`Expected \`weightScales\` to be largest or learned, got ${weightScales}.`);
  checkFraction("decay", decay);
  for (const [name, value] of Object.entries({ startStep, freezeStep }))
    if (value !== Number.POSITIVE_INFINITY) checkFinite(name, value, { from: 0 });
  const float = quantizable(model);
  checkNames(float, options);
  // all of them before the first variable is made, or it would be left behind
  for (const { name } of weightedLayers(float)) checkWhole("weightBits", bitsOf(name, options), { from: 2, to: 8 });
  // without a prototype: a layer may be called `constructor`, which every other object has
  const ranges: Ranges = Object.assign(Object.create(null), structuredClone(options.ranges));
  const settings = learningOf(model);
  const parts = new Map(weightedLayers(float).map((layer) => [layer.name, learnable(layer, options)]));
  const all = [...parts].flatMap(([name, part]) => withLearning(part, settings.get(name) as LayerLearning));
  const learned = all.filter(({ learning }) => learning.learned);
  const penalties = learned.filter(({ learning }) => learning.penalty);
  let step = 0;

  const pass = (images: tf.Tensor4D, { observe, round }: { observe: boolean; round: boolean }) => {
    checkImages(images, float);
    const toPixels = (values: tf.Tensor4D) => fakeQuantize(values, { min: 0, max: 1 });
    const weightsOf = ({ name }: FloatWeightedLayer) => rounded(parts.get(name) as Learnable);
    const toActivations = (outputs: tf.Tensor, { name }: FloatWeightedLayer) =>
      round ? fakeQuantize(outputs, { ...(ranges[name] ?? noRange(name)), bits: activationBits }) : outputs;
    const replace = (outputs: tf.Tensor, layer: FloatWeightedLayer) => {
      if (observe) ranges[layer.name] = movedRange(ranges[layer.name], rangeOf(outputs), decay);
      return toActivations(outputs, layer);
    };
    const roundAverages = (averages: tf.Tensor, layer?: FloatWeightedLayer) =>
      layer ? toActivations(averages, layer) : toPixels(averages as tf.Tensor4D);
    return forwardPass(float.layers, toPixels(images), weightsOf, replace, roundAverages);
  };

  return {
    model: float,
    activationBits,
    variables: learned.map(({ variable }) => variable),
    state: {
      variables: all.filter(({ learning }) => !learning.learned).map(({ variable }) => variable),
      // in the order of the layers: tfjs gives a layer without a name another one in every model
      save: () => ({ step, ranges: [...parts.keys()].map((name) => structuredClone(ranges[name]) ?? null) }),
      restore(saved) {
        const state = saved as { step: number; ranges: (Range | null)[] };
        step = state.step;
        for (const [i, name] of [...parts.keys()].entries()) {
          const range = state.ranges[i];
          if (range) ranges[name] = range;
          else delete ranges[name];
        }
      },
    },
    penalty:
      penalties.length > 0
        ? () => tf.addN(penalties.map(({ variable, learning }) => (learning.penalty as Penalty)(variable)))
        : undefined,
    checkTraining: () => checkFolded(model),
    constraints: learned.map(({ learning }) => learning.constraint),
    settings: [
      { activationBits, decay, startStep: String(startStep), freezeStep: String(freezeStep) },
      ...float.layers.map((layer) => layerSettings(layer, parts.get(layer.name), settings.get(layer.name))),
    ],
    imageShape: float.inputShape,
    classes: (weightedLayers(float).at(-1) as FloatWeightedLayer).bias.length,
    forward(images) {
      const now = step++;
      return tf.tidy(() => pass(images, { observe: now < freezeStep, round: now >= startStep }));
    },
    infer: (images) => tf.tidy(() => pass(images, { observe: false, round: true })),
    ranges: () => structuredClone(ranges),
    weights: () => Object.fromEntries([...parts].map(([name, part]) => [name, weightCodes(name, part)])),
    dispose: () => tf.dispose(all.map(({ variable }) => variable)),
  };
}

/** The variables of one layer. */
interface Learnable {
  kernel: tf.Variable;
  bias: tf.Variable<tf.Rank.R1>;
  /** step sizes [output channels], if they are learned */
  steps?: tf.Variable<tf.Rank.R1>;
  bits: number;
}

/** A layer as plain data without its name and numbers, and how it is rounded and learned. */
function layerSettings(layer: FloatLayer, part?: Learnable, learning?: LayerLearning): object {
  const { name: _, ...plain } = layer;
  if (!("kernel" in plain) || !part || !learning) return plain;
  const { kernel, bias: __, ...rest } = plain;
  const learned = [learning.kernel.learned, learning.bias.learned];
  return { ...rest, kernel: kernel.shape, bits: part.bits, learnedSteps: part.steps !== undefined, learned };
}

type Penalty = NonNullable<Learning["penalty"]>;

/** The variables of a layer, in order, and what training is to know of them. */
function withLearning({ kernel, bias, steps }: Learnable, learning: LayerLearning) {
  const variables: { variable: tf.Variable; learning: Learning }[] = [
    { variable: kernel, learning: learning.kernel },
    { variable: bias, learning: learning.bias },
  ];
  if (steps) variables.push({ variable: steps, learning: { learned: true } });
  return variables;
}

function checkImages({ shape }: tf.Tensor4D, { inputShape }: FloatModel): void {
  const got = shape.slice(1).join(", ");
  if (got !== inputShape.join(", "))
    throw new Error(`Expected \`images\` [n, ${inputShape.join(", ")}] as the network takes them, got [n, ${got}].`);
}

function learnable(layer: FloatWeightedLayer, options: FakeQuantizedOptions): Learnable {
  const bits = bitsOf(layer.name, options);
  const { weightScales = bits < 8 ? "learned" : "largest" } = options;
  return tf.tidy(() => {
    const { kernel, bias } = ownWeights(layer);
    const steps = weightScales === "learned" ? tf.variable(initialSteps(kernel, { bits })) : undefined;
    return { kernel: tf.variable(kernel), bias: tf.variable(bias), steps, bits };
  });
}

function bitsOf(name: string, { weightBits = 8 }: FakeQuantizedOptions): number {
  if (typeof weightBits === "number") return weightBits;
  return Object.hasOwn(weightBits, name) ? (weightBits[name] as number) : 8;
}

/** Weights as integers would hold them, still in float; biases as they are. */
function rounded({ kernel, bias, steps, bits }: Learnable): LayerWeights {
  const values = steps ? learnedStepSize(kernel, steps, { bits }) : fakeQuantizePerChannel(kernel, { bits });
  return { kernel: values, bias };
}

/** Codes are read off the rounded weights, so that conversion cannot round differently from training. */
function weightCodes(name: string, part: Learnable): WeightCodes {
  const { kernel, bias, steps, bits } = part;
  checkFiniteNumbers(name, part);
  const [scales, codes] = tf.tidy(() => {
    const perChannel = steps ? tf.abs(steps) : channelScales(kernel, { bits });
    return [perChannel, tf.round(tf.div(rounded(part).kernel, perChannel))] as [tf.Tensor, tf.Tensor];
  });
  const result = {
    codes: Int8Array.from(codes.dataSync()),
    scales: Float32Array.from(scales.dataSync()),
    bias: Float32Array.from(bias.dataSync()),
    bits,
  };
  tf.dispose([scales, codes]);
  return result;
}

/** Before they are rounded, which makes 0 of NaN. */
function checkFiniteNumbers(name: string, { kernel, bias, steps }: Learnable): void {
  for (const variable of steps ? [kernel, bias, steps] : [kernel, bias]) {
    const wrong = variable.dataSync().find((value) => !Number.isFinite(value));
    if (wrong !== undefined)
      throw new Error(
        `Expected finite weights of \`${name}\`, got ${wrong}: training has failed; train again with a lower ` +
          "learning rate, or from the last checkpoint before it.",
      );
  }
}

const weightedLayers = ({ layers }: FloatModel): FloatWeightedLayer[] =>
  layers.filter((layer): layer is FloatWeightedLayer => "kernel" in layer);

function checkNames(model: FloatModel, { weightBits, ranges = {} }: FakeQuantizedOptions): void {
  const names = weightedLayers(model).map(({ name }) => name);
  const given = { weightBits: typeof weightBits === "object" ? weightBits : {}, ranges };
  for (const [option, entries] of Object.entries(given)) {
    const unknown = Object.keys(entries).find((name) => !names.includes(name));
    if (unknown !== undefined)
      throw new Error(`Expected \`${option}\` of layers ${names.join(", ")}, got one of \`${unknown}\`.`);
  }
  for (const [name, { min, max }] of Object.entries(ranges)) {
    if (!(min <= 0 && max >= 0 && Number.isFinite(max - min)))
      throw new RangeError(`Expected finite \`min\` ≤ 0 ≤ \`max\` in the range of \`${name}\`, got ${min} and ${max}.`);
  }
}

function noRange(name: string): never {
  throw new Error(
    `Expected a range of the outputs of \`${name}\`, got none: give \`ranges: calibrate(model, train)\`, or train first.`,
  );
}
