import { checkLogits } from "../network/evaluate";
import { type Loss, softmaxCrossEntropy } from "../network/loss";
import { type NamedTensors, tf } from "../tensors/tensorflow";
import type { Trainable } from "./trainable";

/** Loss, hits and gradient of one batch. */
export interface GradientResult {
  loss: number;
  /** how many images of the batch were classified correctly */
  correct: number;
  /** d loss / d weight for every weight, variable after variable, end to end */
  gradient: Float32Array;
}

/**
 * Loss of one batch, with the network's penalty if it has one, and its gradient by reverse-mode differentiation;
 * leaves no tensor behind.
 * @param batch.images float32 [n, height, width, 1]
 * @param batch.labels int32 [n]
 */
export function lossAndGradient(
  model: Trainable,
  batch: LabelledImages,
  { loss = softmaxCrossEntropy, classes }: Partial<LossOptions> = {},
): GradientResult {
  const outputs = differentiate(model, batch, { loss, classes });
  const result = readGradient(outputs);
  tf.dispose(outputs);
  return result;
}

/** What is minimised. */
export interface LossOptions {
  loss: Loss;
  /** how many classes the labels name; a network of another number of logits is refused */
  classes?: number;
}

/** The images and labels of a batch, as `differentiate` reads them. */
export interface LabelledImages {
  images: tf.Tensor4D;
  labels: tf.Tensor1D;
}

/** The result of `differentiate`, as tensors. */
export interface Differentiated extends NamedTensors {
  /** float32 scalar */
  loss: tf.Scalar;
  /** int32 scalar */
  correct: tf.Scalar;
  /** float32 [weights] */
  gradient: tf.Tensor1D;
}

/** Loss and gradient of one batch by kernels alone; the caller disposes. */
export function differentiate(
  { forward, variables, penalty }: Trainable,
  { images, labels }: LabelledImages,
  { loss, classes }: LossOptions,
): Differentiated {
  // kept when the scope of the gradient ends, and disposed below even after an error
  const hits: tf.Tensor[] = [];
  try {
    return tf.tidy(() => {
      const { value, grads } = tf.variableGrads(() => {
        const logits = forward(images);
        if (classes !== undefined) checkLogits(logits, { images: labels.size, classes });
        hits.push(tf.keep(tf.equal(tf.argMax(logits, 1), labels)));
        const value = loss(logits, labels);
        checkScalar(value);
        return penalty ? (tf.add(value, penalty()) as tf.Scalar) : value;
      }, variables);
      const correct = tf.sum(tf.cast(hits[0] as tf.Tensor, "int32")) as tf.Scalar;
      const parts = variables.map(({ name }) => tf.reshape(grads[name] ?? notConnected(name), [-1]) as tf.Tensor1D);
      return { loss: value, correct, gradient: tf.concat(parts) };
    });
  } catch (error) {
    disposeTape();
    throw error;
  } finally {
    tf.dispose(hits);
  }
}

function checkScalar(value: tf.Tensor): void {
  if (!(value instanceof tf.Tensor) || value.size !== 1 || value.rank !== 0)
    throw new Error(
      `Expected \`loss\` to give a scalar, got ${value instanceof tf.Tensor ? `[${value.shape.join(", ")}]` : typeof value}: ` +
        "take the mean over the batch.",
    );
}

/** Frees the tensors that tfjs has saved for a gradient; tfjs does not when the function throws. */
function disposeTape(): void {
  const { activeTape, gradientDepth } = tf.engine().state;
  if (gradientDepth > 0 || !activeTape) return;
  tf.dispose(activeTape.map(({ saved }) => saved ?? []));
  tf.engine().state.activeTape = [];
}

/** As `differentiate`, but averages losses and gradients of the parts of a batch, which a graph runs side by side. */
export function differentiateInParts(
  model: Trainable,
  { images, labels }: LabelledImages,
  options: LossOptions,
  count: number,
): Differentiated {
  if (count === 1) return differentiate(model, { images, labels }, options);
  return tf.tidy(() => {
    const n = labels.size;
    const sizes = Array.from(
      { length: count },
      (_, i) => Math.floor((n * (i + 1)) / count) - Math.floor((n * i) / count),
    );
    const [someImages, someLabels] = [tf.split(images, sizes), tf.split(labels, sizes)];
    const results = sizes.map((_, i) => {
      const part = { images: someImages[i] as tf.Tensor4D, labels: someLabels[i] as tf.Tensor1D };
      return differentiate(model, part, options);
    });
    const share = (tensor: tf.Tensor, i: number) => tf.mul(tensor, (sizes[i] as number) / n);
    return {
      loss: tf.addN(results.map((result, i) => share(result.loss, i))) as tf.Scalar,
      correct: tf.addN(results.map(({ correct }) => correct)),
      gradient: tf.addN(results.map((result, i) => share(result.gradient, i))) as tf.Tensor1D,
    };
  });
}

/** Reads the numbers of what `differentiate` returned; disposes nothing. */
export function readGradient({ loss, correct, gradient }: Differentiated): GradientResult {
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
export function flatten(tensors: readonly tf.Tensor[]): Float32Array {
  const flat = new Float32Array(tensors.reduce((size, tensor) => size + tensor.size, 0));
  let offset = 0;
  for (const tensor of tensors) {
    flat.set(tensor.dataSync(), offset);
    offset += tensor.size;
  }
  return flat;
}

/** Sets variables from numbers end to end: the opposite of `flatten`. */
export function unflatten(variables: readonly tf.Variable[], flat: Float32Array): void {
  let offset = 0;
  for (const variable of variables) {
    // a copy for each tensor, which would otherwise change with `flat`
    const value = tf.tensor(flat.slice(offset, offset + variable.size), variable.shape, variable.dtype);
    variable.assign(value);
    value.dispose();
    offset += variable.size;
  }
}
