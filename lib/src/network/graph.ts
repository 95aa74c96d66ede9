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
  const [input, ...more] = model.inputs;
  if (input && more.length === 0) return input;
  throw new Error(`Expected a model with one input, got one with ${model.inputs.length}.`);
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

/**
 * Runs part of a model in inference mode, differentiably: from tensors of its graph with known values to another one.
 * Call it inside `tf.tidy`: the values on the way are tensors too.
 * @param known values, each of the shape and dtype of its place in the graph, [n, …]; neither changed nor disposed
 * @param wanted what to compute; where its value is known, the result is that very tensor
 * @returns a tensor of the shape of `wanted`, which `tf.tidy` disposes with those on the way
 * @throws when an input that is needed has no value
 */
export function runGraph(known: KnownValues, wanted: GraphTensor): tf.Tensor {
  const values = new Map(known);
  const valueAt = (tensor: GraphTensor): tf.Tensor => {
    const value = values.get(tensor) ?? compute(tensor);
    values.set(tensor, value);
    return value;
  };
  const compute = ({ sourceLayer, inputs, callArgs, outputTensorIndex = 0 }: GraphTensor): tf.Tensor => {
    if (inputs.length === 0) throw new Error(`Expected a value for the input ${sourceLayer.name}, got none.`);
    const arguments_ = inputs.map(valueAt);
    const first = arguments_[0] as tf.Tensor;
    const output = sourceLayer.apply(arguments_.length === 1 ? first : arguments_, { ...callArgs, training: false });
    return (Array.isArray(output) ? output[outputTensorIndex] : output) as tf.Tensor;
  };
  return valueAt(wanted);
}

/**
 * As `runGraph`, for the model's logits: where a model ends in a softmax, the softmax's input. A
 * confident network's softmax has gradients near 0, and mixes all classes. A softmax in a nested
 * model, or before other layers, is not noticed.
 * @param known as for `runGraph`
 * @returns float32 [n, classes], which `tf.tidy` disposes with the tensors on the way
 * @throws when the model has not one output [n, classes], and as `runGraph`
 */
export function runToLogits(model: tf.LayersModel, known: KnownValues): tf.Tensor2D {
  const output = outputOf(model);
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
