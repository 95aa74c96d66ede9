import type { EpochRecord, StopReason } from "../common/records";
import type { tf } from "../tensors/tensorflow";
import { checkNetwork } from "./check-network";
import { checkOptions } from "./check-options";
import type { TrainOptions } from "./options";
import { TrainingRun } from "./run";
import { type Trainable, trainable } from "./trainable";

/** Variables that a run is changing right now. */
const inTraining = new WeakSet<tf.Variable>();

/**
 * The training loop. `await trainer.run()` trains until the last epoch, until validation stops improving, or until Stop
 * (SIGINT) is pressed; after Stop the model keeps what it has learned, and another `run()` goes on from there. The same
 * seed gives the same weights on the same machine with the same number of threads, interrupted or not. While it runs,
 * the model's weights are updated at the end of each epoch, and after every step only if `onStep` is set.
 * Weights that are written into the model before or between runs, or by `onStep` and `onEpoch`, are where it goes on.
 */
export class Trainer {
  private readonly model: tf.LayersModel | Trainable;
  private readonly options: TrainOptions;
  private begun?: TrainingRun;

  /** @throws when the options cannot be meant, or network, data and options do not fit each other */
  constructor(model: tf.LayersModel | Trainable, options: TrainOptions) {
    checkOptions(options);
    checkNetwork(networkOf(model), options);
    this.model = model;
    this.options = options;
  }

  /** One record for each epoch that has ended. */
  get history(): readonly EpochRecord[] {
    return this.begun?.state.history ?? [];
  }

  /** The training loss of every step so far. */
  get losses(): readonly number[] {
    return this.begun?.state.losses ?? [];
  }

  /** Why the network does not train as a compiled graph; known after the first full batch that another one follows. */
  get notCompiled(): string | undefined {
    return this.begun?.notCompiled;
  }

  /** How many steps have been made. */
  get step(): number {
    return this.begun?.state.step ?? 0;
  }

  /**
   * Trains to the run's end from wherever it stands; returns why it ended.
   * @throws while the network is in training already
   */
  async run(): Promise<StopReason> {
    const network = networkOf(this.model);
    // those that are learned: a frozen base may be shared
    const { variables } = network;
    if (variables.some((variable) => inTraining.has(variable)))
      throw new Error("Expected a network at rest, but it is still training: `await` the run that is under way.");
    for (const variable of variables) inTraining.add(variable);
    try {
      this.begun ??= new TrainingRun(() => networkOf(this.model), this.options);
      return await this.begun.go();
    } finally {
      for (const variable of variables) inTraining.delete(variable);
    }
  }
}

function networkOf(model: tf.LayersModel | Trainable): Trainable {
  if (!("variables" in model)) return trainable(model);
  const { variables, state, constraints, settings, imageShape, classes, compilable } = model;
  return {
    // called as methods: the network may be of a class
    forward: (images) => model.forward(images),
    infer: model.infer && ((images) => (model.infer as Trainable["forward"])(images)),
    penalty: model.penalty && (() => (model.penalty as NonNullable<Trainable["penalty"]>)()),
    checkTraining: () => model.checkTraining?.(),
    ...{ variables, state, constraints, settings, imageShape, classes, compilable },
  };
}
