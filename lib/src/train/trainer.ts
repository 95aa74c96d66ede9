import { existsSync } from "node:fs";
import type { EpochRecord, StepRecord, StopReason } from "../common/records";
import { stepsPerEpoch } from "../data/batch-plan";
import { type Batch, Loader } from "../data/loader";
import { type TrainingDisplay, trainingDisplay } from "../figures/progress";
import { evaluate } from "../network/evaluate";
import type { tf } from "../tensors/tensorflow";
import { flatten, type GradientResult, type Trainable, trainable, unflatten } from "./gradient";
import { watchInterrupt } from "./interrupt";
import { clipNorm, sgd } from "./optimizer";
import { checkOptions, type TrainOptions } from "./options";
import { noRunning, type RunState, restoreRun, saveRun } from "./run-state";
import { TrainingStep } from "./step";

/**
 * The training loop. `await trainer.run()` trains until the last epoch, until validation stops improving, or until Stop
 * (SIGINT) is pressed; after Stop the model keeps what it has learned, and another `run()` goes on from there. The same
 * seed gives the same weights on the same machine with the same number of threads, interrupted or not. While it runs,
 * the model's weights are updated at the end of each epoch, and after every step only if `onStep` is set.
 */
export class Trainer {
  private readonly model: Trainable;
  private readonly options: TrainOptions;
  private readonly stepsPerEpoch: number;
  private readonly state: RunState;
  private readonly trainingStep: TrainingStep;
  private restored = false;

  constructor(model: tf.LayersModel | Trainable, options: TrainOptions) {
    const { train, batchSize = 128, optimizer = sgd(), averageDecay } = options;
    checkOptions(options);
    this.model = "variables" in model ? model : trainable(model);
    this.options = options;
    this.stepsPerEpoch = stepsPerEpoch(train, batchSize);
    this.trainingStep = new TrainingStep(this.model, options);
    const weights = flatten(this.model.variables);
    this.state = {
      step: 0,
      weights,
      optimizer: optimizer(weights.length),
      average: averageDecay === undefined ? undefined : weights.slice(),
      running: noRunning(),
      history: [],
      losses: [],
    };
  }

  /** One record for each epoch that has ended. */
  get history(): readonly EpochRecord[] {
    return this.state.history;
  }

  /** The training loss of every step so far. */
  get losses(): readonly number[] {
    return this.state.losses;
  }

  /** Why the network does not train as a compiled graph; known after the first full batch that another one follows. */
  get notCompiled(): string | undefined {
    return this.trainingStep.problem;
  }

  /** How many steps have been made. */
  get step(): number {
    return this.state.step;
  }

  /** Trains to the run's end from wherever it stands; returns why it ended. */
  async run(): Promise<StopReason> {
    this.restore();
    this.writeModel(this.state.weights);
    const { epochs, batchSize = 128, display = true } = this.options;
    const shown = display
      ? trainingDisplay({ epochs, stepsPerEpoch: this.stepsPerEpoch, imagesPerStep: batchSize })
      : undefined;
    const interrupt = watchInterrupt();
    try {
      const reason = await this.steps(shown, interrupt.happened);
      shown?.end(reason);
      return reason;
    } finally {
      interrupt.release();
      this.trainingStep.dispose();
      const { best, average, weights } = this.state;
      this.writeModel(this.stoppedEarly() && best ? best.weights : (average ?? weights));
    }
  }

  private async steps(shown: TrainingDisplay | undefined, interrupted: () => boolean): Promise<StopReason> {
    const { train, epochs, batchSize, augment, seed, checkpoint, onStep, onEpoch } = this.options;
    const { state } = this;
    let began = performance.now();
    const loader = new Loader(train, { batchSize, epochs, shuffle: true, map: augment, seed, fromStep: state.step });
    try {
      while (loader.batch) {
        if (this.stoppedEarly()) return "stopped early";
        const record = await this.learn(loader);
        shown?.step(record);
        state.running.seconds += (performance.now() - began) / 1000;
        // the epoch is recorded before callbacks, which may throw
        const epoch = state.step % this.stepsPerEpoch === 0 ? this.endEpoch(record) : undefined;
        if (!epoch && checkpoint?.everySteps && state.step % checkpoint.everySteps === 0) this.save();
        onStep?.(record);
        if (epoch) {
          shown?.epochEnd(epoch);
          onEpoch?.(epoch);
        }
        // signals and display messages are handled between two turns of the event loop
        await new Promise((resolve) => setImmediate(resolve));
        if (interrupted() && state.step < epochs * this.stepsPerEpoch) {
          this.save();
          return "interrupted";
        }
        began = performance.now();
        // an image map that throws here, or reads the model, finds the last step completed
        if (augment && !augment.parts) this.writeModel(state.weights);
        loader.advance();
      }
    } finally {
      loader.dispose();
    }
    return this.stoppedEarly() ? "stopped early" : "finished";
  }

  /** One step of gradient descent on the loader's batch. */
  private async learn(loader: Loader): Promise<StepRecord> {
    const { schedule, averageDecay, onStep } = this.options;
    const { weights, average, running, losses, step } = this.state;
    const learningRate = schedule(step);
    const { epoch, labels } = loader.batch as Batch;
    const count = labels.size;
    const { loss, correct, gradient, upcoming } = await this.trainingStep.run(loader, weights);
    loader.keep(upcoming);
    const gradientNorm = this.update({ loss, gradient, learningRate });
    // a step reads its weights from the state: the model is set only where a callback may read it
    if (onStep) this.writeModel(weights);
    if (average && averageDecay !== undefined) moveTowards(average, weights, 1 - averageDecay);
    running.loss += loss * count;
    running.correct += correct;
    running.images += count;
    losses.push(loss);
    this.state.step += 1;
    return { step, epoch, loss, accuracy: correct / count, learningRate, gradientNorm };
  }

  /** Moves the weights against the gradient; returns the gradient's norm, or NaN without `maxGradientNorm`. */
  private update({
    loss,
    gradient,
    learningRate,
  }: Pick<GradientResult, "loss" | "gradient"> & { learningRate: number }) {
    const { maxGradientNorm } = this.options;
    const { weights, optimizer, step } = this.state;
    if (!Number.isFinite(loss)) {
      throw new Error(
        `Expected a finite loss, got ${loss} at step ${step}: the learning rate (${learningRate}) is probably too high.`,
      );
    }
    if (!isFiniteSum(gradient)) {
      throw new Error(`Expected a finite gradient at step ${step}, got NaN or infinity: lower the learning rate.`);
    }
    const gradientNorm = maxGradientNorm === undefined ? Number.NaN : clipNorm(gradient, maxGradientNorm);
    optimizer.update(weights, gradient, learningRate);
    return gradientNorm;
  }

  private endEpoch({ epoch, learningRate }: StepRecord): EpochRecord {
    const { loss, correct, images, seconds } = this.state.running;
    const record: EpochRecord = {
      epoch,
      learningRate,
      trainLoss: loss / images,
      trainAccuracy: correct / images,
      seconds,
    };
    if (this.options.validation) {
      this.writeModel(this.state.average ?? this.state.weights);
      const measured = evaluate(this.model.infer ?? this.model.forward, this.options.validation);
      record.validationLoss = measured.loss;
      record.validationAccuracy = measured.accuracy;
      if (measured.loss < (this.state.best?.loss ?? Number.POSITIVE_INFINITY)) {
        this.state.best = { epoch, loss: measured.loss, weights: (this.state.average ?? this.state.weights).slice() };
      }
    }
    this.writeModel(this.state.weights);
    this.state.history.push(record);
    this.state.running = noRunning();
    this.save();
    return record;
  }

  private stoppedEarly(): boolean {
    const last = this.state.history.at(-1);
    const { patience } = this.options;
    return (
      patience !== undefined &&
      last !== undefined &&
      this.state.best !== undefined &&
      last.epoch - this.state.best.epoch >= patience
    );
  }

  private writeModel(flat: Float32Array): void {
    unflatten(this.model.variables, flat);
  }

  private save(): void {
    if (this.options.checkpoint) saveRun(this.options.checkpoint.path, this.state, this.options);
  }

  /** Takes up the state that a killed run of the same settings left behind, once. */
  private restore(): void {
    const path = this.options.checkpoint?.path;
    if (!this.restored && path !== undefined && existsSync(path)) restoreRun(path, this.state, this.options);
    this.restored = true;
  }
}

/** Whether all numbers are finite: otherwise their sum is not. */
function isFiniteSum(numbers: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < numbers.length; i++) sum += numbers[i] as number;
  return Number.isFinite(sum);
}

function moveTowards(average: Float32Array, weights: Float32Array, share: number): void {
  for (let i = 0; i < average.length; i++) {
    average[i] = (average[i] as number) + share * ((weights[i] as number) - (average[i] as number));
  }
}
