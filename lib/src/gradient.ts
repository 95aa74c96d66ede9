import type { Forward } from "./evaluate";
import { type Loss, softmaxCrossEntropy } from "./loss";
import { tf } from "./tensorflow";

/** A forward pass and what is to be learned in it. */
export interface Trainable {
  forward: Forward;
  /** the forward pass for validation, if it differs */
  infer?: Forward;
  variables: tf.Variable[];
  /** `forward` does the same every time it is called, so that training may run it as one compiled graph; false unless told */
  compilable?: boolean;
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
  return { forward: forward(true), infer: forward(false), variables, compilable: true };
}

/**
 * Loss of one batch and its gradient by reverse-mode differentiation; leaves no tensor behind.
 * @param batch.images float32 [n, height, width, 1]
 * @param batch.labels int32 [n]
 */
export function lossAndGradient(
  model: Trainable,
  batch: LabelledImages,
  { loss = softmaxCrossEntropy }: { loss?: Loss } = {},
): GradientResult {
  const outputs = differentiate(model, batch, loss);
  const result = readGradient(outputs);
  tf.dispose(outputs);
  return result;
}

/** What `differentiate` looks at. */
export interface LabelledImages {
  images: tf.Tensor4D;
  labels: tf.Tensor1D;
}

/**
 * The same as tensors, of which nothing is read.
 * @returns float32 scalar, int32 scalar, float32 [weights]; the caller disposes
 */
export function differentiate({ forward, variables }: Trainable, { images, labels }: LabelledImages, loss: Loss) {
  // outlives the scope of the gradient, and must not outlive an error
  const correct: tf.Tensor[] = [];
  try {
    return tf.tidy(() => {
      const { value, grads } = tf.variableGrads(() => {
        const logits = forward(images);
        correct.push(tf.keep(tf.sum(tf.cast(tf.equal(tf.argMax(logits, 1), labels), "int32"))));
        return loss(logits, labels);
      }, variables);
      const parts = variables.map(({ name }) => tf.reshape(grads[name] ?? notConnected(name), [-1]) as tf.Tensor1D);
      return { loss: value, correct: tf.clone(correct[0] as tf.Tensor), gradient: tf.concat(parts) };
    });
  } catch (error) {
    disposeTape();
    throw error;
  } finally {
    tf.dispose(correct);
  }
}

/** Frees what tfjs keeps for a gradient that was never taken: it does not do so itself when a function throws. */
function disposeTape(): void {
  const { activeTape, gradientDepth } = tf.engine().state;
  if (gradientDepth > 0 || !activeTape) return;
  tf.dispose(activeTape.map(({ saved }) => saved ?? []));
  tf.engine().state.activeTape = [];
}

/** Reads what `differentiate` made. */
export function readGradient({ loss, correct, gradient }: ReturnType<typeof differentiate>): GradientResult {
  return {
    loss: loss.dataSync()[0] as number,
    correct: correct.dataSync()[0] as number,
    gradient: gradient.dataSync() as Float32Array,
  };
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
