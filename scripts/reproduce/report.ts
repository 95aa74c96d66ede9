/** Turns runs into a results file in `data/results/`. */
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join, relative } from "node:path";
import { buildLeNet5, meanAndDeviation, writeAtomically } from "lenet-lab";
import type { Experiment } from "./experiments";
import type { RateResult } from "./qat-rate";
import type { QuantizeResult } from "./quantize";
import type { RunResult } from "./run";

/** The result of one process of an experiment. */
export type Result = RunResult | QuantizeResult | RateResult;

/** Writes `data/results/<name>.json` and returns its path below `root`. */
export function writeReport(root: string, name: string, { protocol }: Experiment, results: Result[]): string {
  const path = join(root, "data", "results", `${name}.json`);
  const body = bodyOf(results);
  const report = {
    protocol,
    ...body,
    versions: versions(root),
    machine: machine(),
    command: `npm run reproduce -- ${name}`,
  };
  writeAtomically(path, [Buffer.from(`${JSON.stringify(report, rounded, 2)}\n`)]);
  return relative(root, path);
}

function bodyOf(results: Result[]): Record<string, unknown> {
  if (results.every((result): result is QuantizeResult => "qat8" in result)) return quantization(results);
  if (results.every((result): result is RateResult => "tried" in result)) return rates(results);
  const runs = results as RunResult[];
  return { test: testReport, validation: comparison, fold: crossValidation }[measureOf(runs)](runs);
}

/** What all runs of an experiment are measured on. */
function measureOf(results: RunResult[]): RunResult["settings"]["measure"] {
  const [measure, ...others] = new Set(results.map(({ settings }) => settings.measure));
  if (measure && others.length === 0) return measure;
  throw new Error(`Expected runs with the same \`measure\`, got ${[measure, ...others].join(", ")}.`);
}

/** One recipe, several seeds, measured on the test set. */
function testReport(results: RunResult[]): Record<string, unknown> {
  const { mean, deviation } = meanAndDeviation(results.map(({ accuracy }) => accuracy));
  const model = buildLeNet5();
  const seeds = results.map(({ settings, accuracy, correct, history }) => ({
    seed: settings.seed,
    testAccuracy: accuracy,
    testErrors: 10_000 - correct,
    epochs: history.length,
    secondsPerEpoch: median(history.map(({ seconds }) => seconds)),
  }));
  return { parameters: model.countParams(), mean, sd: deviation, seeds };
}

/** Several arms, each over seeds, measured on validation images. */
function comparison(results: RunResult[]): Record<string, unknown> {
  const arms = armsOf(results).map(([name, runs]) => {
    const { mean, deviation } = meanAndDeviation(runs.map(({ accuracy }) => accuracy));
    const seeds = runs.map(({ settings, history }) => ({
      seed: settings.seed,
      validationAccuracy: history.map((record) => record.validationAccuracy),
      validationLoss: history.map((record) => record.validationLoss),
      trainLoss: history.map((record) => record.trainLoss),
    }));
    return { name, mean, sd: deviation, seeds };
  });
  return { arms };
}

/** Several arms, each predicting the whole training set, part by part. */
function crossValidation(results: RunResult[]): Record<string, unknown> {
  const arms = armsOf(results).map(([name, runs]) => ({
    name,
    images: runs.reduce((sum, { correct, mistakes = [] }) => sum + correct + mistakes.length, 0),
    folds: runs.map(({ accuracy }) => accuracy),
    mistakes: runs.flatMap(({ mistakes = [] }) => mistakes).sort((a, b) => a.index - b.index),
  }));
  return { arms };
}

/** Networks before and after quantisation, by seed; the bytes are those of the first, which is the one that ships. */
function quantization(results: QuantizeResult[]): Record<string, unknown> {
  const kinds = ["float", "ptq8", "qat8", "ptq4", "qat4"] as const;
  const seeds = results.map(({ settings, modelBytes, ...measured }) => ({ seed: settings.seed, ...measured }));
  const mean = kinds.map((kind) => [kind, meanAndDeviation(results.map((result) => result[kind])).mean]);
  const { modelBytes, onnxIdenticalImages } = results[0] as QuantizeResult;
  return { mean: Object.fromEntries(mean), modelBytes, onnxIdenticalImages, seeds };
}

/** Learning rates tried on the grid, by rate and bits, over seeds; and the one chosen. */
function rates(results: RateResult[]): Record<string, unknown> {
  const { rates, weightBits } = (results[0] as RateResult).settings.grid;
  const tried = rates.flatMap((learningRate) =>
    weightBits.map((bits) => {
      const seeds = results.map((result) => {
        const run = result.tried.find((run) => run.learningRate === learningRate && run.weightBits === bits);
        return (run as RateResult["tried"][number]).accuracy;
      });
      const { mean, deviation } = meanAndDeviation(seeds);
      return { learningRate, weightBits: bits, mean, sd: deviation, seeds };
    }),
  );
  const meanOf = (rate: number) =>
    meanAndDeviation(tried.filter(({ learningRate }) => learningRate === rate).map(({ mean }) => mean)).mean;
  const chosen = rates.reduce((best, rate) => (meanOf(rate) > meanOf(best) ? rate : best));
  return { chosen, float: meanAndDeviation(results.map(({ float }) => float)).mean, tried };
}

/** Runs by name. */
function armsOf(results: RunResult[]): [string, RunResult[]][] {
  const names = [...new Set(results.map(({ settings }) => settings.name))];
  return names.map((name) => [name, results.filter(({ settings }) => settings.name === name)]);
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}

/** Rounds to six significant digits: these measurements are not more precise. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
}

function versions(root: string): Record<string, string> {
  const version = (name: string) =>
    JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8")).version;
  return {
    node: process.versions.node,
    tfjsNode: version("@tensorflow/tfjs-node"),
    onnxruntimeNode: version("onnxruntime-node"),
  };
}

function machine(): string {
  return `${cpus().length} × ${cpus()[0]?.model.trim()}, ${process.platform} ${process.arch}`;
}
