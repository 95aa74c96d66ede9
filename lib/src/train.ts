import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { type Batch, batches, type ImageMap, stepsPerEpoch } from "./batches";
import { type Checkpoint, loadCheckpoint, type StoredTensor, saveCheckpoint } from "./checkpoint";
import type { Dataset } from "./dataset";
import { evaluate } from "./evaluate";
import { flatten, lossAndGradient, type Trainable, trainable, unflatten } from "./gradient";
import { watchInterrupt } from "./interrupt";
import type { Loss } from "./loss";
import { clipNorm, type Optimizer, type OptimizerFactory, sgd } from "./optimizer";
import { trainingDisplay } from "./progress";
import type { Schedule } from "./schedule";
import type { tf } from "./tensorflow";

/** What to train on, and how. */
export interface TrainOptions {
  train: Dataset<"train">;
  /** measured after every epoch; never augmented, never learned from */
  validation?: Dataset;
  epochs: number;
  schedule: Schedule;
  batchSize?: number;
  optimizer?: OptimizerFactory;
  loss?: Loss;
  augment?: ImageMap;
  /** fixes the order of the images and every random draw of `augment` */
  seed?: number;
  /** gradients with a larger Euclidean norm are scaled down to it (Pascanu et al. 2013) */
  maxGradientNorm?: number;
  /** keeps a moving average of the weights with this decay; validation and the final model use it (Polyak and Juditsky 1992) */
  averageDecay?: number;
  /** stops when the validation loss has not improved for this many epochs, and goes back to the best weights */
  patience?: number;
  /** where to keep the state of the run, and after how many steps besides every epoch's end; a run that finds its file goes on from there */
  checkpoint?: { path: string; everySteps?: number };
  onStep?: (record: StepRecord) => void;
  onEpoch?: (record: EpochRecord) => void;
  /** shows progress: live in a notebook, a line an epoch elsewhere */
  display?: boolean;
}

/** One batch of a run. */
export interface StepRecord {
  step: number;
  epoch: number;
  loss: number;
  accuracy: number;
  learningRate: number;
  /** Euclidean norm of the gradient before clipping; NaN unless `maxGradientNorm` is set */
  gradientNorm: number;
}

/** One epoch of a run; training loss and accuracy are means over its batches as they were when learned from. */
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

/** Sums over the batches of the epoch under way. */
interface Running {
  loss: number;
  correct: number;
  images: number;
  seconds: number;
}

const noRunning = (): Running => ({ loss: 0, correct: 0, images: 0, seconds: 0 });

/**
 * The training loop. `await trainer.run()` trains until the last epoch, until validation stops improving, or until Stop
 * (SIGINT) is pressed; after Stop the model keeps what it has learned, and another `run()` goes on from there.
 * The same seed gives the same weights on the same machine with the same number of threads, interrupted or not.
 */
export class Trainer {
  /** one record an epoch */
  readonly history: EpochRecord[] = [];
  /** the training loss of every step so far */
  readonly losses: number[] = [];
  step = 0;

  private readonly model: Trainable;
  private readonly options: TrainOptions;
  private readonly stepsPerEpoch: number;
  /** all weights end to end: what the optimiser works on; the model's variables follow it */
  private readonly weights: Float32Array;
  private readonly optimizer: Optimizer;
  private readonly average?: Float32Array;
  private best?: { epoch: number; loss: number; weights: Float32Array };
  private running = noRunning();
  private restored = false;

  constructor(model: tf.LayersModel | Trainable, options: TrainOptions) {
    const { train, batchSize = 128, optimizer = sgd(), averageDecay } = options;
    checkOptions(options);
    this.model = "variables" in model ? model : trainable(model);
    this.options = options;
    this.stepsPerEpoch = stepsPerEpoch(train, batchSize);
    this.weights = flatten(this.model.variables);
    this.optimizer = optimizer(this.weights.length);
    if (averageDecay !== undefined) this.average = this.weights.slice();
  }

  /** Trains from where the run stands to its end, and says why it ended. */
  async run(): Promise<StopReason> {
    this.restore();
    this.writeModel(this.weights);
    const { train, epochs, batchSize = 128, augment, seed = 0, display = true } = this.options;
    const shown = display
      ? trainingDisplay({ epochs, stepsPerEpoch: this.stepsPerEpoch, imagesPerStep: batchSize })
      : undefined;
    const interrupt = watchInterrupt();
    let reason: StopReason = "finished";
    try {
      let began = performance.now();
      for await (const batch of batches(train, {
        batchSize,
        epochs,
        shuffle: true,
        map: augment,
        seed,
        fromStep: this.step,
      })) {
        if (this.stoppedEarly()) break;
        const record = this.learn(batch);
        this.options.onStep?.(record);
        shown?.step(record);
        this.running.seconds += (performance.now() - began) / 1000;
        began = performance.now();
        if (this.step % this.stepsPerEpoch === 0) {
          const epoch = this.endEpoch(record);
          shown?.epochEnd(epoch);
          this.options.onEpoch?.(epoch);
          began = performance.now();
        } else if (this.step % (this.options.checkpoint?.everySteps ?? Number.POSITIVE_INFINITY) === 0) this.save();
        // signals and display messages are handled between two turns of the event loop
        await new Promise((resolve) => setImmediate(resolve));
        if (interrupt.happened()) {
          reason = "interrupted";
          this.save();
          break;
        }
      }
    } finally {
      interrupt.release();
      if (this.stoppedEarly()) reason = "stopped early";
      this.writeModel(reason === "stopped early" && this.best ? this.best.weights : (this.average ?? this.weights));
    }
    shown?.end(reason);
    return reason;
  }

  /** One step of gradient descent on one batch. */
  private learn(batch: Batch): StepRecord {
    const { schedule, maxGradientNorm, averageDecay } = this.options;
    const { loss, correct, gradient } = lossAndGradient(this.model, batch, { loss: this.options.loss });
    if (!Number.isFinite(loss)) {
      throw new Error(
        `Expected a finite loss, got ${loss} at step ${this.step}: the learning rate (${schedule(this.step)}) is probably too high.`,
      );
    }
    const gradientNorm = maxGradientNorm === undefined ? Number.NaN : clipNorm(gradient, maxGradientNorm);
    const learningRate = schedule(this.step);
    this.optimizer.update(this.weights, gradient, learningRate);
    this.writeModel(this.weights);
    if (this.average && averageDecay !== undefined) moveTowards(this.average, this.weights, 1 - averageDecay);
    const images = batch.labels.shape[0];
    this.running.loss += loss * images;
    this.running.correct += correct;
    this.running.images += images;
    this.losses.push(loss);
    this.step += 1;
    return { step: batch.step, epoch: batch.epoch, loss, accuracy: correct / images, learningRate, gradientNorm };
  }

  private endEpoch({ epoch, learningRate }: StepRecord): EpochRecord {
    const { loss, correct, images, seconds } = this.running;
    const record: EpochRecord = {
      epoch,
      learningRate,
      trainLoss: loss / images,
      trainAccuracy: correct / images,
      seconds,
    };
    if (this.options.validation) {
      this.writeModel(this.average ?? this.weights);
      const measured = evaluate(this.model.infer ?? this.model.forward, this.options.validation);
      this.writeModel(this.weights);
      record.validationLoss = measured.loss;
      record.validationAccuracy = measured.accuracy;
      if (measured.loss < (this.best?.loss ?? Number.POSITIVE_INFINITY)) {
        this.best = { epoch, loss: measured.loss, weights: (this.average ?? this.weights).slice() };
      }
    }
    this.history.push(record);
    this.running = noRunning();
    this.save();
    return record;
  }

  private stoppedEarly(): boolean {
    const last = this.history.at(-1);
    const { patience } = this.options;
    return (
      patience !== undefined &&
      last !== undefined &&
      this.best !== undefined &&
      last.epoch - this.best.epoch >= patience
    );
  }

  private writeModel(flat: Float32Array): void {
    unflatten(this.model.variables, flat);
  }

  /** What must be the same for a saved state to belong to this run. */
  private fingerprint(): Record<string, unknown> {
    const { train, validation, epochs, batchSize = 128, seed = 0, schedule, augment } = this.options;
    const { maxGradientNorm, averageDecay, patience } = this.options;
    const last = epochs * this.stepsPerEpoch - 1;
    return {
      data: train.name,
      images: train.labels.length,
      labels: createHash("sha256").update(train.labels).digest("hex").slice(0, 16),
      validation: validation?.labels.length,
      epochs,
      batchSize,
      seed,
      weights: this.weights.length,
      rates: [0, Math.floor(last / 3), Math.floor(last / 2), last].map(schedule),
      optimizer: this.optimizer.settings,
      augmented: augment !== undefined,
      ...{ maxGradientNorm, averageDecay, patience },
    };
  }

  private save(): void {
    if (this.options.checkpoint === undefined) return;
    const { updates, slots } = this.optimizer.state();
    const tensors: Record<string, Float32Array> = { weights: this.weights, losses: Float32Array.from(this.losses) };
    for (const [name, slot] of Object.entries(slots)) tensors[`optimizer/${name}`] = slot;
    if (this.average) tensors.average = this.average;
    if (this.best) tensors.best = this.best.weights;
    const stored = Object.entries(tensors).map(([name, data]) => [name, { shape: [data.length], data }]);
    saveCheckpoint(this.options.checkpoint.path, {
      tensors: Object.fromEntries(stored) as Record<string, StoredTensor>,
      metadata: {
        run: this.fingerprint(),
        step: this.step,
        updates,
        running: this.running,
        history: this.history,
        best: this.best && { epoch: this.best.epoch, loss: this.best.loss },
      },
    });
  }

  /** Takes up the state that a killed run of the same settings left behind. */
  private restore(): void {
    const path = this.options.checkpoint?.path;
    if (this.restored || path === undefined) return;
    if (existsSync(path)) this.adopt(path, loadCheckpoint(path));
    this.restored = true;
  }

  private adopt(path: string, { tensors, metadata }: Checkpoint): void {
    checkSameRun(path, metadata.run, this.fingerprint());
    const tensor = (name: string) => tensors[name]?.data as Float32Array;
    this.weights.set(tensor("weights"));
    this.average?.set(tensor("average"));
    const slots = Object.keys(this.optimizer.state().slots).map((name) => [name, tensor(`optimizer/${name}`)]);
    this.optimizer.restore({ updates: metadata.updates as number, slots: Object.fromEntries(slots) });
    const best = metadata.best as { epoch: number; loss: number } | undefined;
    if (best) this.best = { ...best, weights: tensor("best") };
    this.step = metadata.step as number;
    this.running = metadata.running as Running;
    this.history.splice(0, this.history.length, ...(metadata.history as EpochRecord[]));
    this.losses.length = 0;
    for (const loss of tensor("losses")) this.losses.push(loss);
  }
}

function checkOptions({
  train,
  validation,
  epochs,
  patience,
  maxGradientNorm,
  averageDecay,
  checkpoint,
}: TrainOptions): void {
  for (const [name, value] of Object.entries({ epochs, patience, everySteps: checkpoint?.everySteps })) {
    if (value !== undefined && !(Number.isInteger(value) && value > 0)) {
      throw new RangeError(`Expected \`${name}\` to be a whole number above 0, got ${value}.`);
    }
  }
  if (maxGradientNorm !== undefined && !(maxGradientNorm > 0))
    throw new RangeError(`Expected \`maxGradientNorm\` to be above 0, got ${maxGradientNorm}.`);
  if (averageDecay !== undefined && !(averageDecay >= 0 && averageDecay < 1))
    throw new RangeError(`Expected \`averageDecay\` in [0, 1), got ${averageDecay}.`);
  if (train.role !== "train")
    throw new Error(`Expected \`train\` to be a training set, got the ${train.role} set of ${train.name}.`);
  if (validation?.role === "test")
    throw new Error("Expected `validation` to be a validation set, got a test set: split the training set instead.");
  if (patience !== undefined && validation === undefined)
    throw new Error("Expected `validation` data with `patience`, got none.");
}

/** Refuses a saved state whose settings differ, and names those that do. */
function checkSameRun(path: string, saved: unknown, ours: Record<string, unknown>): void {
  const theirs = (saved ?? {}) as Record<string, unknown>;
  const text = (value: unknown) => JSON.stringify(value) ?? "none";
  const keys = Object.keys({ ...ours, ...theirs }).filter((key) => text(theirs[key]) !== text(ours[key]));
  if (keys.length === 0) return;
  const differences = keys.map((key) => `${key}: expected ${text(ours[key])}, got ${text(theirs[key])}`).join("; ");
  throw new Error(
    `${path} belongs to another run (${differences}): delete the file to start anew, or give this run another path.`,
  );
}

function moveTowards(average: Float32Array, weights: Float32Array, share: number): void {
  for (let i = 0; i < average.length; i++) {
    average[i] = (average[i] as number) + share * ((weights[i] as number) - (average[i] as number));
  }
}
