import { existsSync } from "node:fs";
import { join } from "node:path";
import { readBytes } from "../common/files";
import { projectDataFolder } from "./mnist";

/** One recipe trained with several seeds and measured on the test set, once for each. */
export interface TestResults {
  protocol: string;
  parameters: number;
  /** mean of the seeds' test accuracies, fractions in 0 … 1 */
  mean: number;
  /** their sample standard deviation */
  sd: number;
  seeds: { seed: number; testAccuracy: number; testErrors: number; epochs: number; secondsPerEpoch: number }[];
  /** the command that measures it again */
  command: string;
}

/** Several ways to do a thing, each trained with several seeds and measured on validation images after every epoch. */
export interface Comparison {
  protocol: string;
  arms: {
    name: string;
    /** mean of the seeds' accuracies after the last epoch */
    mean: number;
    sd: number;
    seeds: { seed: number; validationAccuracy: number[]; validationLoss: number[]; trainLoss: number[] }[];
  }[];
  /** the command that measures it again */
  command: string;
}

/** An image that was predicted as a wrong class. */
export interface Mistake {
  /** position of the image in its data set */
  index: number;
  label: number;
  predicted: number;
  /** softmax cross-entropy of the label, nats */
  loss: number;
}

/** Several recipes, each predicting every training image with a network that was not trained on it. */
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
  /** the command that measures it again */
  command: string;
}

/**
 * The results file `data/results/<name>.json` of one recipe, such as `"lenet5"`.
 * @throws when there is no such file (the message names the command that makes it), or it holds something else (the
 *   message names the function that reads it, if one does)
 */
export function loadTestResults(name: string): TestResults {
  return readResults(name, "loadTestResults") as TestResults;
}

/**
 * The results file `data/results/<name>.json` of a comparison, such as `"schedules"`.
 * @throws as `loadTestResults`
 */
export function loadComparison(name: string): Comparison {
  return readResults(name, "loadComparison") as Comparison;
}

/**
 * The results file `data/results/cross-validation.json`: first the arm "affine", then "affine and elastic".
 * @throws when there is no such file (the message names the command that makes it), or it holds something else
 */
export function loadCrossValidation(): CrossValidation {
  return readResults("cross-validation", "loadCrossValidation") as CrossValidation;
}

/** The shipped networks, quantised: accuracies on the test set, of the integers where there are any. */
export interface QuantizationResults {
  protocol: string;
  /** means over the seeds, fractions in 0 … 1 */
  mean: Record<"float" | "ptq8" | "qat8" | "ptq4" | "qat4", number>;
  modelBytes: { float: number; int8: number };
  /** test images for which the shipped int8 model's logits are those of ONNX Runtime, bit for bit */
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
    /** p value of McNemar's test, float against qat8 */
    mcnemarP: number;
    onnxIdenticalImages: number;
    /** test images for which the fake-quantised network and its integers give the same class */
    fakeQuantizedAgrees: number;
  }[];
  /** the command that measures it again */
  command: string;
}

/**
 * The results file `data/results/qat.json`.
 * @throws when there is no such file (the message names the command that makes it), or it holds something else
 */
export function loadQuantization(): QuantizationResults {
  return readResults("qat", "loadQuantization") as QuantizationResults;
}

/** Learning rates tried for training on the grid, on validation images. */
export interface RateSearch {
  protocol: string;
  /** the rate with the highest mean accuracy */
  chosen: number;
  /** mean validation accuracy of the float networks, a fraction in 0 … 1 */
  float: number;
  /** accuracy of the integers: mean and sample standard deviation over the seeds, and each seed's */
  tried: { learningRate: number; weightBits: number; mean: number; sd: number; seeds: number[] }[];
  /** the command that measures it again */
  command: string;
}

/**
 * The results file `data/results/qat-rate.json`.
 * @throws when there is no such file (the message names the command that makes it), or it holds something else
 */
export function loadRateSearch(): RateSearch {
  return readResults("qat-rate", "loadRateSearch") as RateSearch;
}

/** The engines whose training the benchmark measures. */
export type TrainingEngine = "ours" | "stock" | "pytorch" | "keras";

/** The engines whose inference the benchmark measures; `reference` is ours without WebAssembly. */
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

/** The way in which an engine was used: the fastest of the variants that were tried on few images. */
export interface BenchVariant {
  variant: string;
  /** for each variant, seconds an epoch of few images, or microseconds a call; empty when there was one variant */
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

/** Images a second against the size of the batch, for one number of threads. */
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
    /** how many threads each engine may use, and the setting that limits it */
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
    /** microseconds for one image */
    microseconds: Record<InferenceEngine, number>;
    /** images a second in large batches */
    imagesPerSecond: Record<InferenceEngine, number>;
    spread: {
      microseconds: Record<InferenceEngine, BenchSpread>;
      imagesPerSecond: Record<InferenceEngine, BenchSpread>;
    };
    variants: { image: Record<InferenceEngine, BenchVariant>; batch: Record<InferenceEngine, BenchVariant> };
  };
  /** how many tensors `steps` training steps leave behind */
  memory: { steps: number; tensors: number };
  /** how the library's time grows with its work */
  scaling: { images: ScalingCurve; parameters: ScalingCurve; imagesPerSecond: BatchCurve[] };
  /** the mean training step by kernel, the slowest first; calls and microseconds a step */
  kernels: { steps: number; rows: { kernel: string; calls: number; microseconds: number }[] };
  machine: string;
  versions: Record<string, string>;
  /** when it was measured, such as `"2026-01-31"` */
  date: string;
  /** the command that measures it again */
  command: string;
}

/**
 * The results file `data/results/bench.json`.
 * @throws when there is no such file (the message names the command that makes it), or it holds something else
 */
export function loadBench(): Bench {
  return readResults("bench", "loadBench", "npm run bench -- --peers") as Bench;
}

/** What a results file holds, by the function that reads it: keys, each with what tells its form from the others'. */
const forms = {
  loadTestResults: { seeds: isList, mean: isNumber },
  loadComparison: { arms: listOf("seeds") },
  loadCrossValidation: { arms: listOf("mistakes") },
  loadQuantization: { seeds: isList, mean: isObject, modelBytes: isObject },
  loadRateSearch: { tried: listOf("seeds"), chosen: isNumber },
  loadBench: { training: isObject, inference: isObject, kernels: isObject },
} satisfies Record<string, Record<string, (value: unknown) => boolean>>;

function isList(value: unknown): value is unknown[] {
  return Array.isArray(value);
}

function isNumber(value: unknown): boolean {
  return typeof value === "number";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !isList(value);
}

function listOf(key: string): (value: unknown) => boolean {
  return (value) => isList(value) && value.every((item) => isObject(item) && isList(item[key]));
}

function fits(results: unknown, form: Record<string, (value: unknown) => boolean>): boolean {
  return isObject(results) && Object.entries(form).every(([key, isRight]) => isRight(results[key]));
}

function readResults(name: string, reader: keyof typeof forms, command = `npm run reproduce -- ${name}`): unknown {
  const path = join(projectDataFolder(), "results", `${name}.json`);
  if (!existsSync(path)) throw new Error(`Expected ${path}, found no such file: ${command} measures it.`);
  const results = parsed(path, command);
  if (fits(results, forms[reader])) return results;
  const keys = Object.keys(forms[reader]).map((key) => `\`${key}\``);
  const other = Object.entries(forms).find(([, form]) => fits(results, form))?.[0];
  const got = other ? `what \`${other}\` reads: call that` : Object.keys(Object(results)).join(", ") || "none";
  throw new Error(`${path}: expected ${keys.join(", ")} as \`${reader}\` reads them, got ${got}.`);
}

function parsed(path: string, command: string): unknown {
  const text = readBytes(path).toString("utf8");
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(
      `${path}: expected JSON, got other text (${(error as Error).message}): ${command} measures it again.`,
    );
  }
}
