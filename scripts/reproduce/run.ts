/** A process for one training run: settings as JSON come in, a line an epoch and the result as JSON go out. */
import { join } from "node:path";
import {
  adam,
  affine,
  buildLeNet5,
  compose,
  constant,
  cosine,
  type Dataset,
  type EpochRecord,
  type Evaluation,
  elastic,
  evaluate,
  folds,
  horizontalFlip,
  type ImageMap,
  loadMnist,
  lossOfEach,
  type Mistake,
  type Schedule,
  saveLeNet5,
  sgd,
  split,
  stepDecay,
  stepsPerEpoch,
  subset,
  Trainer,
  warmUp,
} from "lenet-lab";

/** Everything that decides a run; plain data, so that a report can print it. */
export interface RunSettings {
  experiment: string;
  name: string;
  seed: number;
  epochs: number;
  batchSize: number;
  optimizer: { name: "sgd" | "adam"; weightDecay: number; momentum?: number };
  schedule: { name: "constant" | "step" | "cosine"; rate: number; floor?: number; warmUpEpochs?: number };
  augmentation: keyof typeof augmentations;
  /**
   * `validation`: learn from 55,000 training images, measure on the other 5,000; `fold`: learn from four fifths of
   * them, measure on the fifth that `seed` names; `test`: learn from all, open the test set once
   */
  measure: "validation" | "fold" | "test";
  /** where to save the model, if it is to be kept */
  save?: string;
}

/** The result of a run. */
export interface RunResult {
  settings: RunSettings;
  accuracy: number;
  correct: number;
  history: EpochRecord[];
  /** for a fold, the wrongly predicted images */
  mistakes?: Mistake[];
}

const augmentations = {
  none: undefined,
  "rotation 15°, shift 2 px": affine({ rotation: 15, shift: 2, scale: 0, shear: 0 }),
  affine: affine(),
  "affine and elastic": compose(affine(), elastic()),
  "affine and elastic at once": elastic({ affine: {} }),
  "affine and weak elastic at once": elastic({ affine: {}, strength: 10 }),
  "affine and horizontal flip": compose(affine(), horizontalFlip()),
} satisfies Record<string, ImageMap | undefined>;

/** Where a run keeps its state, below the project's folder. */
export function checkpointOf({ experiment, name, seed }: RunSettings): string {
  return join(".runs", `${experiment}-${name}-${seed}.safetensors`.replaceAll(" ", "_"));
}

function makeSchedule({ schedule, epochs }: RunSettings, stepsInEpoch: number): Schedule {
  const { name, rate, floor = 0, warmUpEpochs = 0 } = schedule;
  const steps = (epochs - warmUpEpochs) * stepsInEpoch;
  const shapes = {
    constant: () => constant(rate),
    step: () => stepDecay(rate, { every: Math.ceil(steps / 3), factor: 0.1 }),
    cosine: () => cosine(rate, { steps, floor }),
  };
  return warmUp(warmUpEpochs * stepsInEpoch, shapes[name]());
}

/** A run's training and validation images, the images it is measured on, and their places in the training set. */
export function dataFor({ measure, seed }: RunSettings): {
  train: Dataset<"train">;
  validation?: Dataset<"validation">;
  measured: Dataset;
  places?: number[];
} {
  const { train: all, test } = loadMnist();
  if (measure === "test") return { train: all, measured: test };
  if (measure === "fold") {
    const parts = folds(all, { count: 5, seed: 0 });
    const places = parts[seed];
    if (!places) throw new RangeError(`Expected a fold in 0 … ${parts.length - 1}, got ${seed}.`);
    const train = subset(all, parts.filter((part) => part !== places).flat());
    return { train, measured: { ...subset(all, places), role: "validation" }, places };
  }
  // the split is the same for every run, so that all are measured on the same images
  const { train, validation } = split(all, { validation: 5000, seed: 0 });
  return { train, validation, measured: validation };
}

/** The images of a fold that were predicted as a wrong class. */
function mistakesOf({ labels }: Dataset, { predictions, logits }: Evaluation, places: number[]): Mistake[] {
  const losses = lossOfEach(logits, labels);
  return places.flatMap((index, i) => {
    const [label, predicted] = [labels[i] as number, predictions[i] as number];
    return label === predicted ? [] : [{ index, label, predicted, loss: losses[i] as number }];
  });
}

/** LeNet-5, trained and measured as the settings say; ends the process with 130 when it is interrupted. */
export async function trainedLeNet5(settings: RunSettings) {
  const { seed, epochs, batchSize, optimizer, augmentation } = settings;
  const { train, validation, measured, places } = dataFor(settings);
  const model = buildLeNet5({ seed });
  const { name, ...constants } = optimizer;
  const trainer = new Trainer(model, {
    train,
    validation,
    epochs,
    batchSize,
    seed,
    schedule: makeSchedule(settings, stepsPerEpoch(train, batchSize)),
    optimizer: { sgd, adam }[name](constants),
    augment: augmentations[augmentation],
    // runs go side by side, one a core; whole batches give the very numbers of data/results
    parts: 1,
    checkpoint: { path: checkpointOf(settings) },
  });
  const ended = await trainer.run();
  if (ended === "interrupted") process.exit(130);
  return { model, trainer, evaluation: evaluate(model, measured), train, measured, places };
}

async function run(settings: RunSettings): Promise<RunResult> {
  const { name, seed, epochs, save } = settings;
  const { model, trainer, evaluation, measured, places } = await trainedLeNet5(settings);
  const { accuracy, correct } = evaluation;
  if (save)
    saveLeNet5(model, save, { options: { seed }, about: { recipe: name, seed, epochs, testAccuracy: accuracy } });
  const mistakes = places && mistakesOf(measured, evaluation, places);
  return { settings, accuracy, correct, history: [...trainer.history], mistakes };
}

if (require.main === module) {
  run(JSON.parse(process.argv[2] as string)).then((result) => console.log(JSON.stringify(result)));
}
