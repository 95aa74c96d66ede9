/** What a training run tells of itself: the trainer writes it, the display shows it. */

/** One batch of a run; steps and epochs count from 0. */
export interface StepRecord {
  step: number;
  epoch: number;
  loss: number;
  accuracy: number;
  learningRate: number;
  /** Euclidean norm of the gradient before clipping; NaN unless `maxGradientNorm` is set */
  gradientNorm: number;
}

/** One epoch of a run, counted from 0; training loss and accuracy are means over its batches, each before its step. */
export interface EpochRecord {
  epoch: number;
  learningRate: number;
  trainLoss: number;
  trainAccuracy: number;
  validationLoss?: number;
  validationAccuracy?: number;
  seconds: number;
}

/** Why a run ended. */
export type StopReason = "finished" | "interrupted" | "stopped early";
