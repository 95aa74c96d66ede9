import { stepsPerEpoch } from "../data/batch-plan";
import { toTensors } from "../data/batches";
import { checkDataset } from "../data/check-dataset";
import type { Dataset } from "../data/dataset";
import { countCorrect } from "../metrics/accuracy";
import { tf } from "../tensors/tensorflow";
import { checkImageShape, inputOf, runToLogits } from "./graph";
import { softmaxCrossEntropy } from "./loss";

/** Anything that turns images into logits: a layers model, or a function of tensors. */
export type Forward = (images: tf.Tensor4D) => tf.Tensor2D;

/** A network that is no layers model: its forward pass, and the one in inference if it differs. */
export interface Inferring {
  forward: Forward;
  infer?: Forward;
}

/** Loss, accuracy and answers of a model on a data set. */
export interface Evaluation {
  /** mean softmax cross-entropy, nats */
  loss: number;
  /** fraction in 0 … 1 */
  accuracy: number;
  correct: number;
  /** the class with the largest logit, for each image */
  predictions: Uint8Array;
  /** float32 [n × classes], row by row */
  logits: Float32Array;
}

/**
 * Runs a model over a whole data set, in inference mode and in order; leaves no tensor behind. Where a layers model
 * ends in a softmax, its logits are what goes into the softmax.
 * @throws when images, labels or classes of the data set do not fit each other or the model
 */
export function evaluate(
  model: tf.LayersModel | Inferring | Forward,
  dataset: Dataset,
  { batchSize = 500 }: { batchSize?: number } = {},
): Evaluation {
  checkDataset(dataset);
  const forward = toForward(model);
  const total = dataset.labels.length;
  const predictions = new Uint8Array(total);
  const logits = new Float32Array(total * dataset.classes);
  let loss = 0;
  for (let step = 0; step < stepsPerEpoch(dataset, batchSize); step++) {
    const start = step * batchSize;
    const count = Math.min(batchSize, total - start);
    tf.tidy(() => {
      const batch = toTensors(
        dataset,
        Array.from({ length: count }, (_, i) => start + i),
      );
      const output = forward(batch.images);
      checkLogits(output, { images: count, classes: dataset.classes });
      logits.set(output.dataSync(), start * dataset.classes);
      predictions.set(tf.argMax(output, 1).dataSync(), start);
      loss += (softmaxCrossEntropy(output, batch.labels).dataSync()[0] as number) * count;
    });
  }
  const correct = countCorrect(dataset.labels, predictions);
  return { loss: loss / total, accuracy: correct / total, correct, predictions, logits };
}

/** The logits of a model in inference mode, as a function. */
export function toForward(model: tf.LayersModel | Inferring | Forward): Forward {
  if (typeof model === "function") return model;
  if (!("forward" in model)) return forwardOf(model);
  return (images) => (model.infer ? model.infer(images) : model.forward(images));
}

/**
 * The logits of a layers model, as a function of images; a final softmax is left out.
 * @param options.training as layers do while they learn
 * @throws the function, when images have another size than the model takes
 */
export function forwardOf(model: tf.LayersModel, { training = false }: { training?: boolean } = {}): Forward {
  return (images) => {
    checkImageShape(model, images.shape);
    return tf.tidy(() => runToLogits(model, new Map([[inputOf(model), images]]), { training }));
  };
}

/** @throws unless a network has given logits [n, classes] of n `images` */
export function checkLogits({ shape }: tf.Tensor, { images, classes }: { images: number; classes: number }): void {
  if (shape.length === 2 && shape[0] === images && shape[1] === classes) return;
  const remedy = shape[0] === images ? `build the model with \`classes: ${classes}\`` : `n is ${images} here`;
  throw new Error(`Expected logits [n, ${classes}] for this data set, got [${shape.join(", ")}]: ${remedy}.`);
}
