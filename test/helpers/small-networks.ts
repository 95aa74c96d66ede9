import { tf } from "../../lib/src/tensors/tensorflow";
import type { Trainable } from "../../lib/src/train/trainable";

let count = 0;

/** A linear classifier that is no layers model; variables need names of their own. */
export function linear({ size = 4, classes = 10 } = {}): Trainable & { dispose(): void } {
  count += 1;
  const kernel = tf.variable(
    tf.randomNormal([size * size, classes], 0, 0.1, "float32", 1),
    true,
    `linear${count}/kernel`,
  );
  const bias = tf.variable(tf.zeros([classes]), true, `linear${count}/bias`);
  return {
    forward: (images) => tf.add(tf.matMul(tf.reshape(images, [-1, size * size]), kernel), bias) as tf.Tensor2D,
    variables: [kernel, bias],
    dispose: () => tf.dispose([kernel, bias]),
  };
}

/** A dense network of layers for images of `size` × `size`, with another layer in between if wanted. */
export function dense({ size = 4, between }: { size?: number; between?: tf.layers.Layer } = {}): tf.Sequential {
  return tf.sequential({
    layers: [
      tf.layers.flatten({ inputShape: [size, size, 1] }),
      tf.layers.dense({ units: 6, activation: "relu", kernelInitializer: tf.initializers.heNormal({ seed: 3 }) }),
      ...(between ? [between] : []),
      tf.layers.dense({ units: 10, kernelInitializer: tf.initializers.heNormal({ seed: 4 }) }),
    ],
  });
}
