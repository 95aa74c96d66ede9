import type { Forward } from "./evaluate";
import { type Loss, softmaxCrossEntropy } from "./loss";
import { tf } from "./tensorflow";

/** A forward pass and what is to be learned in it. */
export interface Trainable {
  forward: Forward;
  /** the forward pass for validation, if it differs */
  infer?: Forward;
  variables: tf.Variable[];
}

/** What one batch says about the weights. */
export interface GradientResult {
  loss: number;
  /** how many images of the batch were classified correctly */
  correct: number;
  /** d loss / d weight for every weight, variable after variable, end to end */
  gradient: Float32Array;
}

/** The trainable part of a layers model. */
export function trainable(model: tf.LayersModel): Trainable {
  const forward =
    (training: boolean): Forward =>
    (images) =>
      model.apply(images, { training }) as tf.Tensor2D;
  const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  return { forward: forward(true), infer: forward(false), variables };
}

/**
 * Loss of one batch and its gradient by reverse-mode differentiation; leaves no tensor behind.
 * @param batch.images float32 [n, height, width, 1]
 * @param batch.labels int32 [n]
 */
export function lossAndGradient(
  { forward, variables }: Trainable,
  { images, labels }: { images: tf.Tensor4D; labels: tf.Tensor1D },
  { loss = softmaxCrossEntropy }: { loss?: Loss } = {},
): GradientResult {
  const result: GradientResult = { loss: 0, correct: 0, gradient: new Float32Array() };
  // the result is not returned through `tidy`, which would search every number of the gradient for tensors
  tf.tidy(() => {
    const { value, grads } = tf.variableGrads(() => {
      const logits = forward(images);
      const hits = tf.equal(tf.argMax(logits, 1), labels);
      result.correct = tf.sum(tf.cast(hits, "int32")).dataSync()[0] as number;
      return loss(logits, labels);
    }, variables);
    result.loss = value.dataSync()[0] as number;
    result.gradient = flatten(variables.map(({ name }) => grads[name] ?? notConnected(name)));
  });
  return result;
}

function notConnected(name: string): never {
  throw new Error(
    `Expected the loss to depend on every variable, but it does not depend on \`${name}\`: leave that one out.`,
  );
}

/** The numbers of several tensors, end to end: a copy. */
export function flatten(tensors: tf.Tensor[]): Float32Array {
  const flat = new Float32Array(tensors.reduce((size, tensor) => size + tensor.size, 0));
  let offset = 0;
  for (const tensor of tensors) {
    flat.set(tensor.dataSync(), offset);
    offset += tensor.size;
  }
  return flat;
}

/** Sets variables from numbers end to end: the opposite of `flatten`. */
export function unflatten(variables: tf.Variable[], flat: Float32Array): void {
  let offset = 0;
  for (const variable of variables) {
    // a copy of its own for each tensor, or all of them would change with `flat`
    const value = tf.tensor(flat.slice(offset, offset + variable.size), variable.shape);
    variable.assign(value);
    value.dispose();
    offset += variable.size;
  }
}
