/** tfjs-node as it comes: nothing of the library is loaded, whose gradients would make it faster. */
import "../../scripts/setup/util-for-tfjs.cjs";
import * as tf from "@tensorflow/tfjs-node";
import { readTensors } from "./data";

export { tf };

/** LeNet-5 as a tutorial writes it; `softmax` or logits at the end. */
export function build(activation: "softmax" | "linear" = "linear"): tf.Sequential {
  const { conv2d, maxPooling2d, flatten, dense } = tf.layers;
  // the same first weights in every run: a bad draw would make a short run look broken
  let seed = 0;
  const relu = () => ({ activation: "relu", kernelInitializer: tf.initializers.heUniform({ seed: ++seed }) }) as const;
  return tf.sequential({
    layers: [
      conv2d({ name: "conv1", filters: 6, kernelSize: 5, padding: "same", inputShape: [28, 28, 1], ...relu() }),
      maxPooling2d({ poolSize: 2, strides: 2 }),
      conv2d({ name: "conv2", filters: 16, kernelSize: 5, ...relu() }),
      maxPooling2d({ poolSize: 2, strides: 2 }),
      flatten(),
      dense({ name: "dense1", units: 120, ...relu() }),
      dense({ name: "dense2", units: 84, ...relu() }),
      dense({ name: "logits", units: 10, ...relu(), activation }),
    ],
  });
}

/** The same with trained weights. */
export function load(path: string): tf.Sequential {
  const model = build();
  const tensors = readTensors(path);
  for (const name of ["conv1", "conv2", "dense1", "dense2", "logits"]) {
    const weights = [`${name}/kernel`, `${name}/bias`].map((key) => {
      const { shape, data } = tensors[key] as { shape: number[]; data: Float32Array };
      return tf.tensor(data, shape);
    });
    model.getLayer(name).setWeights(weights);
  }
  return model;
}

export const versions = (): Record<string, string> => ({ tfjsNode: tf.version["tfjs-node"] });
