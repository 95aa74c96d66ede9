/** Stock tfjs-node: `compile` and one call of `fit` on tensors in memory. */
import { fail, receive } from "./child";
import { normalised, readImages, readLabels } from "./data";
import { build, tf, versions } from "./stock";
import { Pauses, type TrainingRequest } from "./training";

/** `softmax`: a softmax layer and `categoricalCrossentropy`, as tutorials have it, instead of a loss of logits. */
async function main({
  mnist,
  images,
  batchSize,
  softmax = true,
  shuffle = true,
}: TrainingRequest & { softmax?: boolean; shuffle?: boolean }): Promise<void> {
  const model = build(softmax ? "softmax" : "linear");
  model.compile({
    optimizer: tf.train.momentum(0.05, 0.9, true),
    loss: softmax ? "categoricalCrossentropy" : (labels, logits) => tf.losses.softmaxCrossEntropy(labels, logits),
    metrics: ["accuracy"],
  });
  const pixels = normalised(readImages(mnist, "train").subarray(0, images * 784));
  const labels = tf.tensor1d(Int32Array.from(readLabels(mnist, "train").subarray(0, images)), "int32");
  const wanted = tf.cast(tf.oneHot(labels, 10), "float32");
  const pauses = new Pauses();
  pauses.ready({ versions: versions(), parameters: model.countParams() });
  await model.fit(tf.tensor4d(pixels, [images, 28, 28, 1]), wanted, {
    batchSize,
    epochs: 1_000_000,
    shuffle,
    verbose: 0,
    callbacks: {
      onEpochEnd: async (_, logs) => pauses.epochEnd({ loss: logs?.loss as number, accuracy: logs?.acc as number }),
    },
  });
}

main(receive() as TrainingRequest).catch(fail);
