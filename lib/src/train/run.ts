import { existsSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import type { EpochRecord, StepRecord, StopReason } from "../common/records";
import { stepsPerEpoch } from "../data/batch-plan";
import { take } from "../data/dataset";
import { type Batch, Loader } from "../data/loader";
import { type TrainingDisplay, trainingDisplay } from "../figures/progress";
import { type Evaluation, evaluate } from "../network/evaluate";
import { checkFiniteImages, checkFiniteStep } from "./finite";
import { watchInterrupt } from "./interrupt";
import {
  constrain,
  type NetworkNumbers,
  placesOf,
  readNetwork,
  saveState,
  withoutHiddenState,
  writeNetwork,
} from "./network-state";
import { clipNorm, sgd } from "./optimizer";
import type { TrainOptions } from "./options";
import { fingerprint, noRunning, type RunState, restoreRun, saveRun } from "./run-state";
import { checkRate } from "./schedule";
import { TrainingStep } from "./step";
import type { Trainable } from "./trainable";

/** A training run: a network, how far its training has come, and the loop that goes on from there. */
export class TrainingRun {
  readonly state: RunState;
  private readonly network: Trainable;
  private readonly options: TrainOptions;
  private readonly stepsPerEpoch: number;
  private readonly trainingStep: TrainingStep;
  /** the network as it is now: layers may have been frozen since the run began */
  private readonly current: () => Trainable;
  /** the learning rate of each step, where they are saved */
  private readonly rates?: Float64Array;
  /** where the network's numbers were when the run last stopped */
  private left?: object[];

  /** Begins with the network as it is, or with what a killed run of the same settings has left in its file. */
  constructor(current: () => Trainable, options: TrainOptions) {
    const { train, epochs, batchSize = 128, schedule, optimizer = sgd(), averageDecay, checkpoint, patience } = options;
    const saves = checkpoint ?? patience ?? averageDecay;
    const network = current();
    this.current = current;
    this.network = saves === undefined ? network : withoutHiddenState(network);
    this.options = options;
    this.stepsPerEpoch = stepsPerEpoch(train, batchSize);
    this.trainingStep = new TrainingStep(this.network, { ...options, classes: train.classes });
    const { numbers, kept } = readNetwork(network);
    const weights = numbers.subarray(0, sizeOf(network.variables));
    const begun = { numbers, kept, weights, optimizer: optimizer(weights.length) };
    const steps = epochs * this.stepsPerEpoch;
    if (checkpoint) this.rates = Float64Array.from({ length: steps }, (_, step) => schedule(step));
    this.state = {
      ...begun,
      fingerprint: this.rates ? fingerprint(begun, network, this.rates, options) : {},
      step: 0,
      average: averageDecay === undefined ? undefined : numbers.slice(),
      running: noRunning(),
      history: [],
      losses: [],
    };
    if (checkpoint && existsSync(checkpoint.path)) restoreRun(checkpoint.path, this.state);
  }

  get notCompiled(): string | undefined {
    return this.trainingStep.problem;
  }

  /** Refuses to go on after layers were frozen or set free: the optimiser has a number for each weight. */
  private checkSameVariables(): void {
    const [ours, theirs] = [this.network, this.current()].map(({ variables }) => variables.map(({ id }) => id));
    if (!isDeepStrictEqual(ours, theirs))
      throw new Error(
        "Expected the weights to learn that the run began with, got others: make a new Trainer for them.",
      );
  }

  /** Trains to the end from wherever it stands; then the network holds what the run has learned. */
  async go(): Promise<StopReason> {
    const { epochs, batchSize = 128, display = true } = this.options;
    // a run that was over before leaves the network as it is now
    const nothingToDo = this.left !== undefined && this.isOver();
    if (!nothingToDo) {
      this.checkSameVariables();
      if (this.left) this.takeUp(this.left);
      writeNetwork(this.network, this.state);
      // now rather than after an epoch: a file that cannot be written ends the run before it has cost anything
      if (!this.isOver()) this.save();
    }
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
      if (!nothingToDo) writeNetwork(this.network, this.result());
      this.left = placesOf(this.network);
    }
  }

  private async steps(shown: TrainingDisplay | undefined, interrupted: () => boolean): Promise<StopReason> {
    const { train, epochs, batchSize, augment, seed, checkpoint, onStep, onEpoch } = this.options;
    const { state } = this;
    let began = performance.now();
    let validated = false;
    // an epoch whose validation has failed is recorded now
    if (state.running.images > 0 && state.step % this.stepsPerEpoch === 0) this.endEpoch();
    const loader = new Loader(train, { batchSize, epochs, shuffle: true, map: augment, seed, fromStep: state.step });
    try {
      while (loader.batch) {
        if (this.stoppedEarly()) return "stopped early";
        const record = await this.learn(loader);
        shown?.step(record);
        state.running.seconds += (performance.now() - began) / 1000;
        // the epoch is recorded before callbacks, which may throw
        const epoch = state.step % this.stepsPerEpoch === 0 ? this.endEpoch() : undefined;
        // what validation refuses is said after a step, not after an epoch
        if (!epoch && !validated) this.validate(1);
        validated = true;
        const saves = epoch !== undefined || (checkpoint?.everySteps && state.step % checkpoint.everySteps === 0);
        if (saves && !epoch) this.save();
        if (epoch) shown?.epochEnd(epoch);
        const changed = await this.callBack(async () => {
          await onStep?.(record);
          if (epoch) await onEpoch?.(epoch);
        });
        if (changed && saves) this.save();
        if (epoch && onEpoch) {
          this.checkSameVariables();
          this.trainingStep.doubt();
        }
        // signals and display messages are handled between two turns of the event loop
        await new Promise((resolve) => setImmediate(resolve));
        if (interrupted() && state.step < epochs * this.stepsPerEpoch) {
          this.save();
          return "interrupted";
        }
        began = performance.now();
        // an image map that throws here, or reads the model, finds the last step completed
        if (augment && !augment.parts) writeNetwork(this.network, state);
        loader.advance();
      }
    } finally {
      loader.dispose();
    }
    return this.stoppedEarly() ? "stopped early" : "finished";
  }

  /** One step of gradient descent on the loader's batch. */
  private async learn(loader: Loader): Promise<StepRecord> {
    const { schedule, maxGradientNorm, averageDecay, onStep } = this.options;
    const { network, state } = this;
    const { numbers, weights, optimizer, average, running, losses, step } = state;
    const learningRate = schedule(step);
    checkRate(learningRate, step);
    if (this.rates && this.rates[step] !== learningRate)
      throw new Error(
        `Expected \`schedule\` to give ${this.rates[step]} at step ${step}, as when the run began, got ${learningRate}: a run ` +
          "with a `checkpoint` needs a function of the step alone.",
      );
    const { epoch, labels } = loader.batch as Batch;
    const count = labels.size;
    const { loss, correct, gradient, kept, upcoming } = await this.trainingStep.run(loader, numbers);
    loader.keep(upcoming);
    if (!Number.isFinite(loss)) checkFiniteImages(loader.batch as Batch);
    checkFiniteStep({ loss, gradient }, { step, learningRate });
    const gradientNorm = maxGradientNorm === undefined ? Number.NaN : clipNorm(gradient, maxGradientNorm);
    optimizer.update(weights, gradient, learningRate);
    constrain(network, weights);
    numbers.set(kept, weights.length);
    state.kept = saveState(network);
    // a step reads its numbers from the state: the network is set only where a callback may read it
    if (onStep) writeNetwork(this.network, state);
    if (average && averageDecay !== undefined) moveTowards(average, numbers, 1 - averageDecay);
    running.loss += loss * count;
    running.correct += correct;
    running.images += count;
    losses.push(loss);
    state.step += 1;
    return { step, epoch, loss, accuracy: correct / count, learningRate, gradientNorm };
  }

  /** Records the epoch whose last step has been made, and saves the run. */
  private endEpoch(): EpochRecord {
    const { state } = this;
    const { loss, correct, images, seconds } = state.running;
    const epoch = state.step / this.stepsPerEpoch - 1;
    const record: EpochRecord = {
      epoch,
      learningRate: this.options.schedule(state.step - 1),
      trainLoss: loss / images,
      trainAccuracy: correct / images,
      seconds,
    };
    const measured = this.validate();
    if (measured) {
      record.validationLoss = measured.loss;
      record.validationAccuracy = measured.accuracy;
      const { numbers, kept } = this.latest();
      if (measured.loss < (state.best?.loss ?? Number.POSITIVE_INFINITY))
        state.best = { epoch, loss: measured.loss, numbers: numbers.slice(), kept };
    }
    state.history.push(record);
    state.running = noRunning();
    this.save();
    return record;
  }

  /** Evaluates the latest network on the first `count` validation images, if there are any; then it is as before. */
  private validate(count?: number): Evaluation | undefined {
    const { network, state } = this;
    const { validation } = this.options;
    if (validation) writeNetwork(network, this.latest());
    const images = validation && count !== undefined ? take(validation, count) : validation;
    const measured = images && evaluate(network, images);
    writeNetwork(this.network, state);
    return measured;
  }

  private stoppedEarly(): boolean {
    const last = this.state.history.at(-1);
    const { patience } = this.options;
    return (
      patience !== undefined &&
      last !== undefined &&
      // a validation loss that was never a number has no best epoch
      last.epoch - (this.state.best?.epoch ?? -1) >= patience
    );
  }

  private isOver(): boolean {
    return this.stoppedEarly() || this.state.step === this.options.epochs * this.stepsPerEpoch;
  }

  /** What the run has learned: the latest network, or the best where it stopped early. */
  private result(): NetworkNumbers {
    return (this.stoppedEarly() && this.state.best) || this.latest();
  }

  private latest(): NetworkNumbers {
    const { average, numbers, kept } = this.state;
    return { numbers: average ?? numbers, kept };
  }

  /** Calls back, and goes on from what the callback has written into the network; returns whether it has. */
  private async callBack(call: () => Promise<void>): Promise<boolean> {
    const before = placesOf(this.network);
    let changed = false;
    try {
      await call();
    } finally {
      changed = this.takeUp(before);
    }
    return changed;
  }

  /** Reads the network if it was written to since its numbers were at `places`; returns whether it was. */
  private takeUp(places: object[]): boolean {
    if (isSame(places, placesOf(this.network))) return false;
    const { numbers, kept } = readNetwork(this.network);
    this.state.numbers.set(numbers);
    this.state.kept = kept;
    return true;
  }

  private save(): void {
    if (this.options.checkpoint) saveRun(this.options.checkpoint.path, this.state);
  }
}

const isSame = (a: object[], b: object[]): boolean => a.every((place, i) => place === b[i]);

const sizeOf = (variables: readonly { size: number }[]): number => variables.reduce((sum, { size }) => sum + size, 0);

function moveTowards(average: Float32Array, weights: Float32Array, share: number): void {
  for (let i = 0; i < average.length; i++) {
    average[i] = (average[i] as number) + share * ((weights[i] as number) - (average[i] as number));
  }
}
