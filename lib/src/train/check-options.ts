import { checkFraction, checkPositive, checkWhole } from "../common/checks";
import { stepsPerEpoch } from "../data/batch-plan";
import { checkDataset } from "../data/check-dataset";
import type { Dataset } from "../data/dataset";
import type { TrainOptions } from "./options";
import { checkRate, type Schedule } from "./schedule";

/** Refuses options that cannot be meant, before any step is made. */
export function checkOptions(options: TrainOptions): void {
  const { train, validation, epochs, batchSize = 128, schedule, patience, maxGradientNorm, averageDecay } = options;
  const { checkpoint, parts } = options;
  checkKinds(options);
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
  const steps = epochs * stepsPerEpoch(train, batchSize);
  checkSchedule(schedule, steps);
  checkSets(train, validation);
}

function checkSchedule(schedule: Schedule, steps: number): void {
  // a schedule that cannot be asked yet, as one that reads the trainer, is looked at step by step, and so is the rest
  // of a very long run
  const rateAt = (step: number) => {
    try {
      return schedule(step);
    } catch {
      return 0;
    }
  };
  for (let step = 0; step < Math.min(steps, 1e5); step++) checkRate(rateAt(step), step);
  checkRate(rateAt(steps - 1), steps - 1);
  const [rate, again] = [rateAt(0), rateAt(0)];
  if (rate !== again)
    throw new Error(
      `Expected \`schedule\` to give the same rate for a step each time, got ${rate}, then ${again}: ` +
        "make it a function of the step alone.",
    );
}

/** Refuses what is called instead of given, and given instead of called. */
function checkKinds({ schedule, optimizer, loss, augment, checkpoint }: TrainOptions): void {
  const functions = { schedule, optimizer, loss, augment };
  const examples = { schedule: "constant(0.1)", optimizer: "adam()", loss: "softmaxCrossEntropy", augment: "affine()" };
  for (const name of Object.keys(functions) as (keyof typeof functions)[]) {
    const value: unknown = functions[name];
    if (value !== undefined && typeof value !== "function")
      throw new TypeError(`Expected \`${name}\` to be a function, such as ${examples[name]}, got ${String(value)}.`);
  }
  if (checkpoint !== undefined && (typeof checkpoint.path !== "string" || checkpoint.path === ""))
    throw new TypeError(`Expected \`checkpoint\` as { path: "a file" }, got ${JSON.stringify(checkpoint)}.`);
}

function checkSets(train: Dataset, validation: Dataset | undefined): void {
  checkDataset(train);
  if (!validation) return;
  checkDataset(validation);
  stepsPerEpoch(validation, 1);
  const [expected, got] = [train, validation].map(({ images, classes }) => {
    return `images of ${images.shape.slice(1).join(" × ")} in ${classes} classes`;
  });
  if (expected !== got) throw new Error(`Expected \`validation\` like \`train\`, ${expected}, got ${got}.`);
}
