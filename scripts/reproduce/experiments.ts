/** What is trained for `data/results/`: the headline, and the comparisons that lessons 06, 07, 09 and 10 show. */
import type { RateSettings } from "./qat-rate";
import type { QuantizeSettings } from "./quantize";
import type { RunSettings } from "./run";

/** A question, and the runs that answer it. */
export interface Experiment {
  protocol: string;
  runs: RunSettings[] | QuantizeSettings[] | RateSettings[];
  /** the file that makes a run, beside this one; default `run.ts` */
  program?: "run.ts" | "quantize.ts" | "qat-rate.ts";
}

const recipe: Omit<RunSettings, "experiment" | "name" | "seed" | "measure"> = {
  epochs: 20,
  batchSize: 128,
  optimizer: { name: "sgd", weightDecay: 5e-3 },
  schedule: { name: "cosine", rate: 0.05, warmUpEpochs: 1 },
  augmentation: "affine",
};

const short = { ...recipe, epochs: 10, measure: "validation" as const };

const validationProtocol =
  "55,000 training images, batch 128, 10 epochs; accuracy of the last epoch's weights on 5,000 held-out training images; the test set stays closed";

export const experiments: Record<string, Experiment> = {
  lenet5: {
    protocol: headlineProtocol(60),
    runs: repeat("lenet5", 5, (seed) => [
      {
        ...recipe,
        name: "headline",
        seed,
        epochs: 60,
        measure: "test",
        save: `data/checkpoints/lenet5${seed === 0 ? "" : `-seed${seed}`}.safetensors`,
      },
    ]),
  },
  "lenet5-short": {
    protocol: headlineProtocol(20),
    runs: repeat("lenet5-short", 5, (seed) => [{ ...recipe, name: "short", seed, measure: "test" }]),
  },
  tutorial: {
    protocol:
      "60,000 training images, Adam (0.9, 0.999), batch 128, cosine from 1e-3 to 1e-4 over 10 epochs, no augmentation; " +
      "last epoch's weights; the test set opened once for each seed",
    runs: repeat("tutorial", 5, (seed) => [
      {
        ...short,
        name: "tutorial",
        seed,
        measure: "test",
        optimizer: { name: "adam", weightDecay: 0 },
        schedule: { name: "cosine", rate: 1e-3, floor: 1e-4 },
        augmentation: "none",
      },
    ]),
  },
  schedules: {
    protocol: `${validationProtocol}; SGD with Nesterov momentum 0.9, weight decay 5e-3, affine augmentation; step: a tenth after each third`,
    runs: repeat("schedules", 5, (seed) => [
      { ...short, name: "constant 0.05", seed, schedule: { name: "constant", rate: 0.05 } },
      { ...short, name: "constant 0.01", seed, schedule: { name: "constant", rate: 0.01 } },
      { ...short, name: "step from 0.05", seed, schedule: { name: "step", rate: 0.05 } },
      { ...short, name: "cosine from 0.05", seed, schedule: { name: "cosine", rate: 0.05 } },
    ]),
  },
  augmentation: {
    protocol: `${validationProtocol}; SGD with Nesterov momentum 0.9, weight decay 5e-3, one epoch of warm-up, cosine from 0.05 to 0`,
    runs: repeat("augmentation", 3, (seed) =>
      (["none", "rotation 15°, shift 2 px", "affine", "affine and horizontal flip"] as const).map((augmentation) => ({
        ...short,
        name: augmentation,
        seed,
        augmentation,
      })),
    ),
  },
  knobs: {
    protocol:
      `${validationProtocol}; the recipe: SGD with Nesterov momentum 0.9, decoupled weight decay 5e-3, one epoch of warm-up to ` +
      "rate 0.05, then cosine to 0, affine augmentation; each other arm changes what its name says; weight decay is given " +
      "anew where the rate changes, so that a step shrinks a weight by as much",
    runs: repeat("knobs", 3, (seed) => [
      { ...short, name: "the recipe", seed },
      { ...short, name: "no momentum", seed, optimizer: { name: "sgd", weightDecay: 5e-3, momentum: 0 } },
      {
        ...short,
        name: "no momentum, rate 0.5",
        seed,
        optimizer: { name: "sgd", weightDecay: 5e-4, momentum: 0 },
        schedule: { ...recipe.schedule, rate: 0.5 },
      },
      { ...short, name: "no weight decay", seed, optimizer: { name: "sgd", weightDecay: 0 } },
      { ...short, name: "no warm-up", seed, schedule: { name: "cosine", rate: 0.05 } },
      { ...short, name: "no augmentation", seed, augmentation: "none" },
      { ...short, name: "constant rate", seed, schedule: { ...recipe.schedule, name: "constant" } },
      {
        ...short,
        name: "Adam, rate 0.001",
        seed,
        optimizer: { name: "adam", weightDecay: 0.25 },
        schedule: { ...recipe.schedule, rate: 1e-3 },
      },
      {
        ...short,
        name: "Adam, rate 0.003",
        seed,
        optimizer: { name: "adam", weightDecay: 0.25 / 3 },
        schedule: { ...recipe.schedule, rate: 3e-3 },
      },
    ]),
  },
  elastic: {
    protocol:
      `${validationProtocol}; SGD with Nesterov momentum 0.9, weight decay 5e-3, one epoch of warm-up, cosine from 0.05 to 0; ` +
      "elastic: strength 34 (weak: 10), smoothness 4; “and” resamples an image twice, “at once” only once",
    runs: repeat("elastic", 3, (seed) =>
      (["affine", "affine and elastic", "affine and elastic at once", "affine and weak elastic at once"] as const).map(
        (augmentation) => ({ ...short, name: augmentation, seed, augmentation }),
      ),
    ),
  },
  "cross-validation": {
    protocol:
      "the 60,000 training images in 5 parts; each part predicted by a LeNet-5 that learned from the other four, the part's " +
      "number its seed; SGD with Nesterov momentum 0.9, batch 128, 20 epochs, one of warm-up to rate 0.05, then cosine to 0; " +
      "decoupled weight decay 5e-3; last epoch's weights; elastic: strength 34, smoothness 4 (after the affine map); the " +
      "test set stays closed",
    runs: repeat("cross-validation", 5, (seed) =>
      (["affine", "affine and elastic"] as const).map((augmentation) => ({
        ...recipe,
        name: augmentation,
        seed,
        measure: "fold",
        augmentation,
      })),
    ),
  },
  "qat-rate": {
    protocol:
      "LeNet-5 trained in float for 20 epochs on 55,000 training images (the recipe of lenet5-short.json), then for 3 more on the " +
      "grid with each learning rate, everything else as in qat.json; accuracy of the integers on 5,000 held-out training images; " +
      "the test set stays closed; chosen: the rate with the highest mean over both numbers of bits and all seeds",
    program: "qat-rate.ts",
    runs: Array.from({ length: 5 }, (_, seed) => ({
      ...recipe,
      experiment: "qat-rate",
      name: "qat-rate",
      seed,
      measure: "validation" as const,
      grid: { epochs: 3, weightDecay: 5e-3, rates: [0.002, 0.005, 0.01, 0.02, 0.05], weightBits: [8, 4] },
      calibrationImages: 10_000,
    })),
  },
  qat: {
    protocol:
      "the five networks of lenet5.json, quantised: weights to 8 or 4 bits by output channel, activations to 8 bits; ptq: no " +
      "training, the largest weight of a channel sets its scale, ranges of activations from 10,000 training images; qat: 3 more " +
      "epochs on the 60,000 training images with affine augmentation, SGD with Nesterov momentum 0.9, batch 128, cosine from " +
      "0.02 to 0, decoupled weight decay 5e-3, ranges frozen for the last third, step sizes learned (LSQ) at 4 bits; " +
      "accuracy of the integers on the test set; mcnemarP: float against qat8; the learning rate was chosen on validation images, by " +
      "networks that had not learned from them (qat-rate.json)",
    program: "quantize.ts",
    runs: Array.from({ length: 5 }, (_, seed) => ({
      experiment: "qat",
      name: "qat",
      seed,
      epochs: 3,
      learningRate: 0.02,
      weightDecay: 5e-3,
      calibrationImages: 10_000,
      save: seed === 0 ? "data/checkpoints/lenet5-int8.bin" : undefined,
    })),
  },
};

/** The runs of every seed from 0 on. */
function repeat(
  experiment: string,
  seeds: number,
  runsOf: (seed: number) => Omit<RunSettings, "experiment">[],
): RunSettings[] {
  return Array.from({ length: seeds }, (_, seed) => runsOf(seed).map((run) => ({ ...run, experiment }))).flat();
}

function headlineProtocol(epochs: number): string {
  return (
    `LeNet-5 with 61,706 parameters on 60,000 training images; SGD with Nesterov momentum 0.9, batch 128, ${epochs} epochs, ` +
    "one of warm-up to rate 0.05, then cosine to 0; decoupled weight decay 5e-3; affine augmentation (rotation ±12°, " +
    "shift ±2 px, scale ±10 %, shear ±10°); last epoch's weights; the test set opened once for each seed"
  );
}
