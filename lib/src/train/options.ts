import { checkFraction, checkPositive, checkWhole } from "../common/checks";
import type { EpochRecord, StepRecord } from "../common/records";
import type { Dataset } from "../data/dataset";
import type { ImageMap } from "../data/image-map";
import type { Loss } from "../network/loss";
import type { OptimizerFactory } from "./optimizer";
import type { Schedule } from "./schedule";

/** What to train on, and how. */
export interface TrainOptions {
  train: Dataset<"train">;
  /** measured after every epoch; never augmented, never learned from */
  validation?: Dataset<"train" | "validation">;
  epochs: number;
  schedule: Schedule;
  /** images a step: 128 unless told */
  batchSize?: number;
  /** SGD with Nesterov momentum 0.9 unless told */
  optimizer?: OptimizerFactory;
  /** what is minimised: softmax cross-entropy unless told */
  loss?: Loss;
  augment?: ImageMap;
  /**
   * runs full batches as one compiled TensorFlow graph, if the network allows it: `trainer.notCompiled` says why not. True for a
   * layers model unless told; a network or loss that changes over time must not be compiled
   */
  compiled?: boolean;
  /**
   * into how many parts a compiled step divides a batch, to compute them side by side on as many cores: 2 unless told, on any number
   * of cores, because other parts round differently. 1 gives the bits of `compiled: false`
   */
  parts?: number;
  /** fixes the order of the images and every random draw of `augment`; 0 unless told */
  seed?: number;
  /** gradients with a larger Euclidean norm are scaled down to it (Pascanu et al. 2013) */
  maxGradientNorm?: number;
  /** keeps a moving average of the weights with this decay; validation and the final model use it (Polyak and Juditsky 1992) */
  averageDecay?: number;
  /**
   * stops when the validation loss (always softmax cross-entropy) has not improved for this many epochs, and goes back to
   * the best weights; a run that reaches its last epoch before that keeps the last weights
   */
  patience?: number;
  /**
   * where to keep the state of the run, and after how many steps besides every epoch's end; a run that finds its file
   * goes on from there, and refuses a file of other settings (it cannot compare `augment`, `loss`, pixels and the model's layers)
   */
  checkpoint?: { path: string; everySteps?: number };
  onStep?: (record: StepRecord) => void;
  onEpoch?: (record: EpochRecord) => void;
  /** shows progress: live in a notebook, a line an epoch elsewhere */
  display?: boolean;
}

/** Refuses options that cannot be meant. */
export function checkOptions({
  train,
  validation,
  epochs,
  patience,
  maxGradientNorm,
  averageDecay,
  checkpoint,
  parts,
}: TrainOptions): void {
  for (const [name, value] of Object.entries({ epochs, patience, parts, everySteps: checkpoint?.everySteps })) {
    if (value !== undefined) checkWhole(name, value, { above: 0 });
  }
  if (maxGradientNorm !== undefined) checkPositive("maxGradientNorm", maxGradientNorm);
  if (averageDecay !== undefined) checkFraction("averageDecay", averageDecay);
  if (train.role !== "train")
    throw new Error(`Expected \`train\` to be a training set, got the ${train.role} set of ${train.name}.`);
  // types keep a test set out; a cast, or plain JavaScript, does not
  if ((validation as Dataset | undefined)?.role === "test")
    throw new Error("Expected `validation` to be a validation set, got a test set: split the training set instead.");
  if (patience !== undefined && validation === undefined)
    throw new Error("Expected `validation` data with `patience`, got none.");
}
