import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectDataFolder } from "./mnist";

/** One recipe trained with several seeds and measured on the test set, once for each. */
export interface TestResults {
  protocol: string;
  parameters: number;
  /** of the seeds' test accuracies, fractions in 0 … 1 */
  mean: number;
  /** sample standard deviation of the same */
  sd: number;
  seeds: { seed: number; testAccuracy: number; testErrors: number; epochs: number; secondsPerEpoch: number }[];
  /** what measures it anew */
  command: string;
}

/** Several ways to do a thing, each trained with several seeds and measured on validation images after every epoch. */
export interface Comparison {
  protocol: string;
  arms: {
    name: string;
    /** of the seeds' accuracies after the last epoch */
    mean: number;
    sd: number;
    seeds: { seed: number; validationAccuracy: number[]; validationLoss: number[]; trainLoss: number[] }[];
  }[];
  /** what measures it anew */
  command: string;
}

/** An image that was taken for something else. */
export interface Mistake {
  /** of the image in its data set */
  index: number;
  label: number;
  predicted: number;
  /** softmax cross-entropy of the label, nats */
  loss: number;
}

/** Several ways to learn, each predicting every training image with a network that did not learn from it. */
export interface CrossValidation {
  protocol: string;
  arms: {
    name: string;
    /** how many images were predicted */
    images: number;
    mistakes: Mistake[];
    /** accuracy on each part */
    folds: number[];
  }[];
  /** what measures it anew */
  command: string;
}

/** The results file `data/results/<name>.json` of one recipe, such as `"lenet5"`. */
export function loadTestResults(name: string): TestResults {
  return readResults(name, "seeds") as TestResults;
}

/** The results file `data/results/<name>.json` of a comparison, such as `"schedules"`. */
export function loadComparison(name: string): Comparison {
  return readResults(name, "arms") as Comparison;
}

/**
 * The results file `data/results/cross-validation.json`: first the arm "affine", then "affine and elastic".
 * @throws when there is no such file (the message names the command that makes it), or it holds no arms
 */
export function loadCrossValidation(): CrossValidation {
  return readResults("cross-validation", "arms") as CrossValidation;
}

/** The shipped networks, quantised: accuracies on the test set, of the integers where there are any. */
export interface QuantizationResults {
  protocol: string;
  /** over the seeds: fractions in 0 … 1 */
  mean: Record<"float" | "ptq8" | "qat8" | "ptq4" | "qat4", number>;
  modelBytes: { float: number; int8: number };
  /** of the shipped int8 model: test images whose logits are those of ONNX Runtime, bit for bit */
  onnxIdenticalImages: number;
  seeds: {
    seed: number;
    float: number;
    /** 8 bits, without and with training */
    ptq8: number;
    qat8: number;
    /** 4-bit weights, without and with training */
    ptq4: number;
    qat4: number;
    /** float against qat8 */
    mcnemarP: number;
    onnxIdenticalImages: number;
    /** test images for which the fake-quantised network and its integers give the same class */
    fakeQuantizedAgrees: number;
  }[];
  /** what measures it anew */
  command: string;
}

/**
 * The results file `data/results/qat.json`.
 * @throws when there is no such file (the message names the command that makes it), or it holds no seeds
 */
export function loadQuantization(): QuantizationResults {
  return readResults("qat", "seeds") as QuantizationResults;
}

/** Who trains in the benchmark. */
export type TrainingEngine = "ours" | "stock" | "pytorch" | "keras";

/** Who infers in the benchmark; `reference` is ours without WebAssembly. */
export type InferenceEngine =
  | "ours"
  | "reference"
  | "stock"
  | "tfliteInt8"
  | "tfliteFloat"
  | "onnxFloat"
  | "onnxInt8"
  | "pytorch";

/** The range that holds the middle half of `count` measurements. */
export interface BenchSpread {
  low: number;
  high: number;
  count: number;
}

/** How an engine was used: the fastest of the variants that were tried on few images. */
export interface BenchVariant {
  variant: string;
  /** by variant: seconds an epoch of few images, or microseconds a call; empty when there was no choice */
  tried: Record<string, number>;
}

/** Seconds an epoch against something, and the straight line through it in log-log: seconds ∝ at^slope. */
export interface ScalingCurve {
  of: "images" | "parameters";
  at: number[];
  seconds: number[];
  slope: number;
  /** share of the variance of log seconds that the line explains */
  r2: number;
}

/** Images a second against the batch, with so many threads. */
export interface BatchCurve {
  threads: number;
  batch: number[];
  imagesPerSecond: number[];
}

/** The library beside its peers on one machine, all in one run; numbers are medians. */
export interface Bench {
  protocol: string;
  training: {
    images: number;
    batchSize: number;
    /** how many each engine may use, and what tells it so */
    threads: number;
    threadsToldBy: Record<TrainingEngine, string>;
    secondsPerEpoch: Record<TrainingEngine, number>;
    spread: { secondsPerEpoch: Record<TrainingEngine, BenchSpread> };
    /** training loss of the last epoch, nats */
    finalLoss: Record<TrainingEngine, number>;
    variants: Record<TrainingEngine, BenchVariant>;
  };
  inference: {
    /** images in the large batch */
    batch: number;
    threads: { image: number; batch: number };
    threadsToldBy: Record<InferenceEngine, string>;
    /** of one image */
    microseconds: Record<InferenceEngine, number>;
    /** in large batches */
    imagesPerSecond: Record<InferenceEngine, number>;
    spread: {
      microseconds: Record<InferenceEngine, BenchSpread>;
      imagesPerSecond: Record<InferenceEngine, BenchSpread>;
    };
    variants: { image: Record<InferenceEngine, BenchVariant>; batch: Record<InferenceEngine, BenchVariant> };
  };
  /** tensors that so many training steps add */
  memory: { steps: number; tensors: number };
  /** of the library */
  scaling: { images: ScalingCurve; parameters: ScalingCurve; imagesPerSecond: BatchCurve[] };
  /** the mean training step by kernel, the slowest first; calls and microseconds a step */
  kernels: { steps: number; rows: { kernel: string; calls: number; microseconds: number }[] };
  machine: string;
  versions: Record<string, string>;
  /** when it was measured, such as `"2026-01-31"` */
  date: string;
  /** what measures it anew */
  command: string;
}

/**
 * The results file `data/results/bench.json`.
 * @throws when there is no such file (the message names the command that makes it), or it holds no kernels
 */
export function loadBench(): Bench {
  return readResults("bench", "kernels", "npm run bench -- --peers") as Bench;
}

function readResults(name: string, key: string, command = `npm run reproduce -- ${name}`): unknown {
  const path = join(projectDataFolder(), "results", `${name}.json`);
  if (!existsSync(path)) throw new Error(`Expected ${path}, found no such file: ${command} measures it.`);
  const results = JSON.parse(readFileSync(path, "utf8"));
  if (!(key in results)) throw new Error(`${path}: expected \`${key}\`, got ${Object.keys(results).join(", ")}.`);
  return results;
}
