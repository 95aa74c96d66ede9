import { tf } from "../tensors/tensorflow";

/** A place in a model's graph: a layer's output, before it has values. */
export type GraphTensor = tf.SymbolicTensor;

/** Values of some tensors of a model's graph. */
export type KnownValues = ReadonlyMap<GraphTensor, tf.Tensor>;

/** Every tensor of a model's graph, each after those that it is computed from; any layers model, branches included. */
export function graphOf(model: tf.LayersModel): GraphTensor[] {
  const order = new Set<GraphTensor>();
  const visit = (tensor: GraphTensor) => {
    if (order.has(tensor)) return;
    tensor.inputs.forEach(visit);
    order.add(tensor);
  };
  model.outputs.forEach(visit);
  return [...order];
}

/**
 * The one input of a model.
 * @throws when the model has several
 */
export function inputOf(model: tf.LayersModel): GraphTensor {
  // a Sequential that does not know its input yet has no list of them
  const inputs = model.inputs ?? [];
  const [input, ...more] = inputs;
  if (input && more.length === 0) return input;
  throw new Error(`Expected a model with one input, got one with ${inputs.length}.`);
}

/**
 * @param shape of images [n, height, width, channels]
 * @throws when the model takes images of another shape
 */
export function checkImageShape(model: tf.LayersModel, shape: readonly number[]): void {
  const [expected, got] = [inputOf(model).shape.slice(1), shape.slice(1)];
  const fits = got.length === expected.length && expected.every((length, i) => length === null || length === got[i]);
  if (!fits)
    throw new Error(
      `Expected \`images\` [${shapeText([null, ...expected])}] as the model takes them, got [${shapeText([null, ...got])}].`,
    );
}

/**
 * The one output of a model, [n, classes].
 * @throws when there are several, or it has another shape
 */
export function outputOf(model: tf.LayersModel): GraphTensor {
  const [output, ...more] = model.outputs;
  if (output && more.length === 0 && output.shape.length === 2) return output;
  const shapes = model.outputs.map(({ shape }) => `[${shapeText(shape)}]`).join(" and ");
  throw new Error(`Expected a model with one output [n, classes], got ${shapes}.`);
}

/**
 * Finds a layer whose output is an image with channels: by name, or the last convolution.
 * @param name of the layer; a layer used several times means its last use
 * @returns where the layer's output stands in the graph, [n, height, width, channels]; makes no tensor
 * @throws when there is no such layer; the message lists those there are, with their shapes
 */
export function findImageLayer(model: tf.LayersModel, name?: string): GraphTensor {
  const candidates = graphOf(model).filter(({ shape, inputs }) => shape.length === 4 && inputs.length > 0);
  const found = candidates.filter(({ sourceLayer }) =>
    name === undefined ? /Conv/.test(sourceLayer.getClassName()) : sourceLayer.name === name,
  );
  const layer = found.at(-1);
  if (layer) return layer;
  const list = candidates.map(({ sourceLayer, shape }) => `${sourceLayer.name} [${shapeText(shape.slice(1))}]`);
  throw new Error(
    `Expected \`layer\` to name a layer with an output [height, width, channels], got ${name ?? "no convolution"}: ` +
      `this model has ${list.join(", ") || "none"}.`,
  );
}

/** How to run a graph. */
export interface RunOptions {
  /** as layers do while they learn: dropout drops, batch normalisation uses the batch; default false */
  training?: boolean;
}

/**
 * Runs part of a model, differentiably: from tensors of its graph with known values to another one.
 * Call it inside `tf.tidy`: the values on the way are tensors too.
 * @param known values, each of the shape and dtype of its place in the graph, [n, …]; neither changed nor disposed
 * @param wanted what to compute; where its value is known, the result is that very tensor
 * @param options.training in training too, batch normalisation that is frozen (`trainable: false`) runs as in inference
 * @returns a tensor of the shape of `wanted`, which `tf.tidy` disposes with those on the way
 * @throws when an input that is needed has no value
 */
export function runGraph(known: KnownValues, wanted: GraphTensor, { training = false }: RunOptions = {}): tf.Tensor {
  return run(new Map(known), wanted, { training, frozen: false });
}

/** Where a graph is run: in training or not, and within a model that is frozen or not. */
interface Mode {
  training: boolean;
  frozen: boolean;
}

/** Computes `wanted`, and adds every value on the way to `values`. */
function run(values: Map<GraphTensor, tf.Tensor>, wanted: GraphTensor, mode: Mode): tf.Tensor {
  const found = values.get(wanted);
  if (found) return found;
  const { sourceLayer, inputs } = wanted;
  if (inputs.length === 0) throw new Error(`Expected a value for the input ${sourceLayer.name}, got none.`);
  const arguments_ = inputs.map((input) => run(values, input, mode));
  const value = outputOfLayer(wanted, arguments_, mode);
  values.set(wanted, value);
  return value;
}

function outputOfLayer(
  { sourceLayer, callArgs, outputTensorIndex = 0 }: GraphTensor,
  inputs: tf.Tensor[],
  { training, frozen }: Mode,
): tf.Tensor {
  // a model within the model may hold frozen layers beside others
  if (sourceLayer instanceof tf.LayersModel) {
    const mode = { training, frozen: frozen || !sourceLayer.trainable };
    return run(inside(sourceLayer, inputs), sourceLayer.outputs[outputTensorIndex] as GraphTensor, mode);
  }
  checkPlain(sourceLayer);
  const still = isNormalisation(sourceLayer) && (frozen || sourceLayer.trainableWeights.length === 0);
  const first = inputs[0] as tf.Tensor;
  const options = { ...callArgs, training: training && !still };
  const output = sourceLayer.apply(inputs.length === 1 ? first : inputs, options);
  return (Array.isArray(output) ? output[outputTensorIndex] : output) as tf.Tensor;
}

/** Refuses layers whose output depends on more than their inputs and weights. */
function checkPlain(layer: tf.layers.Layer): void {
  const type = layer.getClassName();
  const masks = type === "Masking" || (type === "Embedding" && layer.getConfig().maskZero === true);
  if (masks || layer.stateful)
    throw new Error(
      `Expected layers without masks, which remember no earlier images, got \`${layer.name}\` (${type}` +
        `${masks ? "" : ", `stateful`"}): build the model without.`,
    );
}

const inside = (model: tf.LayersModel, inputs: tf.Tensor[]) =>
  new Map(model.inputs.map((input, i) => [input, inputs[i] as tf.Tensor]));

/** Whether a layer computes something else in training and moves averages meanwhile. */
export function isNormalisation(layer: tf.layers.Layer): boolean {
  return layer.getClassName() === "BatchNormalization";
}

/**
 * As `runGraph`, for the model's logits: where a model ends in a softmax, the softmax's input. A
 * confident network's softmax has gradients near 0, and mixes all classes. A softmax is still the end when only
 * layers come after it that leave numbers as they are, such as Flatten; before other layers it stays.
 * @param known as for `runGraph`
 * @returns float32 [n, classes], which `tf.tidy` disposes with the tensors on the way
 * @throws when the model has not one output [n, classes], and as `runGraph`
 */
export function runToLogits(
  model: tf.LayersModel,
  known: KnownValues,
  { training = false }: RunOptions = {},
): tf.Tensor2D {
  outputOf(model);
  return runWithoutSoftmax(model, new Map(known), { training, frozen: false }) as tf.Tensor2D;
}

function runWithoutSoftmax(model: tf.LayersModel, values: Map<GraphTensor, tf.Tensor>, mode: Mode): tf.Tensor {
  const output = model.outputs[0] as GraphTensor;
  let last = output;
  while (leavesNumbers(last.sourceLayer)) last = last.inputs[0] as GraphTensor;
  const { sourceLayer, inputs } = last;
  const before = () => inputs.map((input) => run(values, input, mode));
  if (sourceLayer instanceof tf.LayersModel && sourceLayer.outputs.length === 1) {
    const frozen = mode.frozen || !sourceLayer.trainable;
    values.set(last, runWithoutSoftmax(sourceLayer, inside(sourceLayer, before()), { ...mode, frozen }));
  } else if (sourceLayer.getClassName() === "Softmax") {
    values.set(last, before()[0] as tf.Tensor);
  } else if (sourceLayer.getConfig().activation === "softmax") {
    values.set(
      last,
      withoutActivation(sourceLayer, () => outputOfLayer(last, before(), mode)),
    );
  }
  return run(values, output, mode);
}

/** Whether a layer's output has the numbers of its input, in training too. */
function leavesNumbers(layer: tf.layers.Layer): boolean {
  const type = layer.getClassName();
  return /^(Flatten|Reshape)$/.test(type) || (type === "Activation" && layer.getConfig().activation === "linear");
}

/** Calls `f` while the layer has no activation. */
function withoutActivation<T>(layer: tf.layers.Layer, f: () => T): T {
  const open = layer as unknown as { activation?: object };
  const { activation } = open;
  if (activation === undefined)
    throw new Error(
      `Expected a final softmax that can be left out, got one within \`${layer.name}\` (${layer.getClassName()}): ` +
        "build the model without it; the loss applies softmax.",
    );
  open.activation = linear;
  try {
    return f();
  } finally {
    open.activation = activation;
  }
}

/** The activation that leaves numbers as they are, as tfjs has it. */
const { activation: linear } = tf.layers.activation({ activation: "linear" }) as unknown as { activation: object };

/** A shape in words; what is not fixed, such as the number of images, is n. */
function shapeText(shape: readonly (number | null)[]): string {
  return shape.map((length) => length ?? "n").join(", ");
}
