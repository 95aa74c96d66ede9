import type { EpochRecord, StepRecord } from "../common/records";
import type { Dataset } from "../data/dataset";
import type { ImageMap } from "../data/image-map";
import type { Loss } from "../network/loss";
import type { OptimizerFactory } from "./optimizer";
import type { Schedule } from "./schedule";

/** The data and settings of a training run. */
export interface TrainOptions {
  train: Dataset<"train">;
  /** evaluated after every epoch; never augmented, never learned from */
  validation?: Dataset<"train" | "validation">;
  epochs: number;
  schedule: Schedule;
  /** images a step; default 128 */
  batchSize?: number;
  /** such as `adam()`; default: SGD with Nesterov momentum 0.9 */
  optimizer?: OptimizerFactory;
  /** the function to minimise, to which penalties of the network are added; default: softmax cross-entropy */
  loss?: Loss;
  augment?: ImageMap;
  /**
   * runs full batches as one compiled TensorFlow graph, where that is possible (`trainer.notCompiled`
   * says why not); default: true for a layers model, else the network's `compilable`. A network or loss
   * that changes over time must not be compiled
   */
  compiled?: boolean;
  /**
   * into how many parts a compiled step divides a batch, to compute them side by side; default 2, on any number of
   * cores, because another number rounds differently. 1 gives the bits of `compiled: false`
   */
  parts?: number;
  /** fixes the order of the images and every random draw of `augment`; default 0 */
  seed?: number;
  /** gradients with a larger Euclidean norm are scaled down to it (Pascanu et al. 2013) */
  maxGradientNorm?: number;
  /**
   * decay of a moving average of all the network's variables, for validation and the final model (Polyak and Juditsky
   * 1992)
   */
  averageDecay?: number;
  /**
   * stops when the validation loss (always softmax cross-entropy) has not improved for this many epochs, and goes back
   * to the best network; a run that reaches its last epoch before that keeps the last one
   */
  patience?: number;
  /**
   * the file of the run's state, written at every epoch's end and after every `everySteps` steps. A
   * run that finds its file goes on from there; it refuses a file of other settings (but cannot
   * compare `augment`, `loss`, pixels and layers)
   */
  checkpoint?: { path: string; everySteps?: number };
  /** called after each step, awaited; the model has the weights of the step */
  onStep?: (record: StepRecord) => unknown;
  /**
   * called after each epoch, awaited; the model has the latest weights. With `averageDecay` that is not the network
   * which validation measures: its average is in the model only when the run has ended
   */
  onEpoch?: (record: EpochRecord) => unknown;
  /** shows progress: live in a notebook, a line an epoch elsewhere */
  display?: boolean;
}
