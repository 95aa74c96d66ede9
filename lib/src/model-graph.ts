import { tf } from "./tensorflow";

/** A tensor of a model before it has values: where a layer's output stands in the graph. */
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

/** The one input of a model. */
export function inputOf(model: tf.LayersModel): GraphTensor {
  const [input, ...more] = model.inputs;
  if (input && more.length === 0) return input;
  throw new Error(`Expected a model with one input, got one with ${model.inputs.length}.`);
}

/**
 * Finds a layer whose output is an image with channels: by name, or the last convolution.
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

/**
 * Runs a model in inference mode from wherever values are known, differentiably, and gives another tensor of its graph.
 * @returns a tensor that the caller, or `tf.tidy`, disposes
 */
export function runGraph(known: KnownValues, wanted: GraphTensor): tf.Tensor {
  const values = new Map(known);
  const valueOf = (tensor: GraphTensor): tf.Tensor => {
    const value = values.get(tensor) ?? compute(tensor);
    values.set(tensor, value);
    return value;
  };
  const compute = ({ sourceLayer, inputs, callArgs, outputTensorIndex = 0 }: GraphTensor): tf.Tensor => {
    if (inputs.length === 0) throw new Error(`Expected a value for the input ${sourceLayer.name}, got none.`);
    const arguments_ = inputs.map(valueOf);
    const first = arguments_[0] as tf.Tensor;
    const output = sourceLayer.apply(arguments_.length === 1 ? first : arguments_, { ...callArgs, training: false });
    return (Array.isArray(output) ? output[outputTensorIndex] : output) as tf.Tensor;
  };
  return valueOf(wanted);
}

/**
 * As `runGraph`, for the model's logits: where a model ends in a softmax, what goes into it. A softmax makes explanations
 * of a confident network vanish, and mixes reasons against the other classes into those for one. A softmax inside a nested
 * model, or with other layers behind it, is not seen.
 * @returns float32 [n, classes]
 */
export function runToLogits(model: tf.LayersModel, known: KnownValues): tf.Tensor2D {
  const output = model.outputs[0] as GraphTensor;
  if (model.outputs.length !== 1 || output.shape.length !== 2) {
    const shapes = model.outputs.map(({ shape }) => `[${shapeText(shape)}]`).join(" and ");
    throw new Error(`Expected a model with one output [n, classes], got ${shapes}.`);
  }
  const { sourceLayer, inputs } = output;
  const type = sourceLayer.getClassName();
  const isSoftmax = type === "Softmax" || sourceLayer.getConfig().activation === "softmax";
  if (!isSoftmax) return runGraph(known, output) as tf.Tensor2D;
  const before = runGraph(known, inputs[0] as GraphTensor) as tf.Tensor2D;
  if (type !== "Dense") return before;
  const [kernel, bias] = sourceLayer.getWeights();
  const product = tf.matMul(before, kernel as tf.Tensor2D);
  return (bias ? tf.add(product, bias) : product) as tf.Tensor2D;
}

/** A shape in words; what is not fixed, such as the number of images, is n. */
function shapeText(shape: readonly (number | null)[]): string {
  return shape.map((length) => length ?? "n").join(", ");
}
