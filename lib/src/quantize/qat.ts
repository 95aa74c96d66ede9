import { checkFraction, checkWhole } from "../common/checks";
import type { Forward } from "../network/evaluate";
import { tf } from "../tensors/tensorflow";
import type { Trainable } from "../train/gradient";
import { channelScales, fakeQuantize, fakeQuantizePerChannel } from "./fake-quant";
import type { FloatModel, FloatWeightedLayer } from "./float-model";
import { forwardPass, type LayerWeights, ownWeights } from "./forward-pass";
import { initialSteps, learnedStepSize } from "./lsq";
import { quantizable } from "./quantizable";
import { movedRange, type Ranges, rangeOf } from "./ranges";

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
  /** before this step activations stay float and ranges are only measured */
  startStep?: number;
  /** from this step on ranges no longer move */
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
  /** the current weights, by layer name: copies */
  weights(): Record<string, WeightCodes>;
  /** disposes the variables; the model that it was made from stays the caller's to dispose */
  dispose(): void;
}

/**
 * Copies a float model into one whose weights and activations are rounded to what integers can hold, in the forward
 * pass of training and inference (Jacob et al. 2018): pixels to multiples of 1/255, weights by channel, activations by
 * tensor. Biases and logits stay float. Untrained, with `ranges` from `calibrate`, it is post-training quantisation.
 * Each call of `forward` counts as a step. Before the first image there are no ranges.
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
  const float = quantizable(model);
  checkNames(float, options);
  // all of them before the first variable is made, or it would be left behind
  for (const { name } of weightedLayers(float)) checkWhole("weightBits", bitsOf(name, options), { from: 2, to: 8 });
  const ranges: Ranges = structuredClone(options.ranges ?? {});
  const parts = new Map(weightedLayers(float).map((layer) => [layer.name, learnable(layer, options)]));
  const variables = [...parts.values()].flatMap(({ kernel, bias, steps = [] }) => [kernel, bias].concat(steps));
  let step = 0;

  const pass = (images: tf.Tensor4D, { observe, round }: { observe: boolean; round: boolean }) => {
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
    variables,
    forward(images) {
      const now = step++;
      return tf.tidy(() => pass(images, { observe: now < freezeStep, round: now >= startStep }));
    },
    infer: (images) => tf.tidy(() => pass(images, { observe: false, round: true })),
    ranges: () => structuredClone(ranges),
    weights: () => Object.fromEntries([...parts].map(([name, part]) => [name, weightCodes(part)])),
    dispose: () => tf.dispose(variables),
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
  return typeof weightBits === "number" ? weightBits : (weightBits[name] ?? 8);
}

/** Weights as integers would hold them, still in float; biases as they are. */
function rounded({ kernel, bias, steps, bits }: Learnable): LayerWeights {
  const values = steps ? learnedStepSize(kernel, steps, { bits }) : fakeQuantizePerChannel(kernel, { bits });
  return { kernel: values, bias };
}

/** Codes are read off the rounded weights, so that conversion cannot round differently from training. */
function weightCodes(part: Learnable): WeightCodes {
  const { kernel, bias, steps, bits } = part;
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
}

function noRange(name: string): never {
  throw new Error(
    `Expected a range of the outputs of \`${name}\`, got none: give \`ranges: calibrate(model, train)\`, or train first.`,
  );
}
