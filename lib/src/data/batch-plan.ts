import { checkWhole } from "../common/checks";
import { type Random, random } from "../common/random";
import { checkDataset } from "./check-dataset";
import type { Dataset } from "./dataset";
import type { ImageMap } from "./image-map";

/** Options of `batches`. */
export interface BatchOptions {
  /** images a batch; the last batch of an epoch holds what is left */
  batchSize?: number;
  /** how many times to go through the data */
  epochs?: number;
  /** every epoch in a new order, fixed by `seed`; training data only */
  shuffle?: boolean;
  /** applied to every batch, such as an augmentation; training data only */
  map?: ImageMap;
  seed?: number;
  /** begins at this step, as if the batches before it had been drawn */
  fromStep?: number;
}

/** Which images a batch will hold, before there is any tensor. */
export interface BatchPlan {
  /** counts batches from 0 through all epochs */
  step: number;
  /** counts epochs from 0 */
  epoch: number;
  /** indices of the images in the data set */
  indices: number[];
  /** generator for the random choices of this batch */
  random: Random;
}

/**
 * The batches of a run, in order. A batch depends only on the seed and its step.
 * @throws when `shuffle` or `map` is asked for on validation or test data, or the data are no data set
 */
export function* batchPlans(
  dataset: Dataset,
  { batchSize = 128, epochs = 1, shuffle = false, map, seed = 0, fromStep = 0 }: BatchOptions,
): Generator<BatchPlan, void, void> {
  checkDataset(dataset);
  if (dataset.role !== "train" && (map !== undefined || shuffle)) {
    throw new Error(
      `Expected a training set to shuffle or augment, got the ${dataset.role} set of ${dataset.name}: ` +
        "what measures a model must reach it unchanged.",
    );
  }
  for (const [name, value] of Object.entries({ epochs, fromStep })) checkWhole(name, value, { from: 0 });
  const steps = stepsPerEpoch(dataset, batchSize);
  for (let epoch = Math.floor(fromStep / steps); epoch < epochs; epoch++) {
    const order = Array.from(dataset.labels.keys());
    if (shuffle) random(seed, epoch).shuffle(order);
    for (let i = epoch === Math.floor(fromStep / steps) ? fromStep % steps : 0; i < steps; i++) {
      const step = epoch * steps + i;
      const indices = order.slice(i * batchSize, (i + 1) * batchSize);
      yield { step, epoch, indices, random: random(seed, epoch, step) };
    }
  }
}

/** How many batches one epoch takes. */
export function stepsPerEpoch(dataset: Dataset, batchSize: number): number {
  checkWhole("batchSize", batchSize, { above: 0 });
  if (dataset.labels.length === 0)
    throw new RangeError(`Expected images in the ${dataset.role} set of ${dataset.name}, got none.`);
  return Math.ceil(dataset.labels.length / batchSize);
}
