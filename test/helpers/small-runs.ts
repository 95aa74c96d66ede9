import { subset } from "../../lib/src/data/dataset";
import { buildLeNet5 } from "../../lib/src/network/lenet";
import { flatten } from "../../lib/src/train/gradient";
import type { TrainOptions } from "../../lib/src/train/options";
import { constant } from "../../lib/src/train/schedule";
import { trainable } from "../../lib/src/train/trainable";
import { Trainer } from "../../lib/src/train/trainer";
import { noise, someDigits } from "./data";

export const train = someDigits(128);

export const validation = {
  ...subset(
    someDigits(200),
    Array.from({ length: 60 }, (_, i) => 140 + i),
  ),
  role: "validation" as const,
};

/** A run of 8 steps on 128 images that says nothing. */
export const quick = (more: Partial<TrainOptions> = {}): TrainOptions => ({
  train,
  epochs: 2,
  batchSize: 32,
  schedule: constant(0.02),
  seed: 1,
  display: false,
  ...more,
});

/** A run of tiny steps of a classifier that is no layers model: 3 steps an epoch, the last of 2 images. */
export const tiny = (more: Partial<TrainOptions> = {}): TrainOptions =>
  quick({ train: noise("train", { count: 10, size: 4 }), batchSize: 4, compiled: true, ...more });

/** Trains a fresh LeNet-5 and gives its weights; the model is gone afterwards. */
export async function weightsAfter(more: Partial<TrainOptions> = {}): Promise<Float32Array> {
  const model = buildLeNet5({ seed: 1 });
  await new Trainer(model, quick(more)).run();
  const weights = flatten(trainable(model).variables);
  model.dispose();
  return weights;
}
