/** What both programs of quantisation do: train a network on the grid, and ask its integers. */
import {
  affine,
  cosine,
  countCorrect,
  type Dataset,
  fakeQuantized,
  int8Engine,
  predictionsOf,
  type QuantizedTrainable,
  type Ranges,
  sgd,
  stepsPerEpoch,
  Trainer,
  type tf,
  toIntegers,
} from "lenet-lab";

/** What decides a training on the grid. */
export interface GridSettings {
  seed: number;
  epochs: number;
  learningRate: number;
  weightDecay: number;
}

/** A network with fake-quantised weights of so many bits, trained; its ranges are frozen for the last third. */
export async function trainedOnGrid(
  model: tf.Sequential,
  train: Dataset<"train">,
  { weightBits, ranges, settings }: { weightBits: number; ranges: Ranges; settings: GridSettings },
): Promise<QuantizedTrainable> {
  const { seed, epochs, learningRate, weightDecay } = settings;
  const steps = epochs * stepsPerEpoch(train, 128);
  const network = fakeQuantized(model, { weightBits, ranges, freezeStep: Math.round((2 / 3) * steps) });
  const trainer = new Trainer(network, {
    train,
    epochs,
    seed,
    augment: affine(),
    optimizer: sgd({ weightDecay }),
    schedule: cosine(learningRate, { steps }),
  });
  if ((await trainer.run()) === "interrupted") process.exit(130);
  return network;
}

/** The logits of the integer network, [n × 10]. */
export function logitsOf(network: QuantizedTrainable, { images }: Dataset): Float32Array {
  return int8Engine(toIntegers(network))(Uint8Array.from(images.data));
}

/** The accuracy of the integer network. */
export function accuracyOf(network: QuantizedTrainable, data: Dataset): number {
  const predictions = predictionsOf(logitsOf(network, data), { classes: 10 });
  return countCorrect(data.labels, predictions) / data.labels.length;
}
