import { stepsPerEpoch } from "../data/batch-plan";
import { toTensors } from "../data/batches";
import type { Dataset } from "../data/dataset";
import { countCorrect } from "../metrics/accuracy";
import { tf } from "../tensors/tensorflow";
import { softmaxCrossEntropy } from "./loss";

/** Anything that turns images into logits: a layers model, or a function of tensors. */
export type Forward = (images: tf.Tensor4D) => tf.Tensor2D;

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

/** Runs a model over a whole data set, in inference mode and in order; leaves no tensor behind. */
export function evaluate(
  model: tf.LayersModel | Forward,
  dataset: Dataset,
  { batchSize = 500 }: { batchSize?: number } = {},
): Evaluation {
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
      checkClasses(output, dataset.classes);
      logits.set(output.dataSync(), start * dataset.classes);
      predictions.set(tf.argMax(output, 1).dataSync(), start);
      loss += (softmaxCrossEntropy(output, batch.labels).dataSync()[0] as number) * count;
    });
  }
  const correct = countCorrect(dataset.labels, predictions);
  return { loss: loss / total, accuracy: correct / total, correct, predictions, logits };
}

/** The forward pass of a model in inference mode, as a function. */
export function toForward(model: tf.LayersModel | Forward): Forward {
  return typeof model === "function" ? model : (images) => model.apply(images, { training: false }) as tf.Tensor2D;
}

function checkClasses(output: tf.Tensor2D, classes: number): void {
  if (output.shape[1] !== classes) {
    throw new Error(
      `Expected logits [n, ${classes}] for this data set, got [${output.shape.join(", ")}]: build the model with \`classes: ${classes}\`.`,
    );
  }
}
