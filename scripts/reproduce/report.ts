/** Turns runs into a results file in `data/results/`. */
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join, relative } from "node:path";
import { buildLeNet5, meanAndDeviation, writeAtomically } from "lenet-lab";
import type { Experiment } from "./experiments";
import type { RunResult } from "./run";

/** Writes `data/results/<name>.json` and returns its path below `root`. */
export function writeReport(root: string, name: string, { protocol }: Experiment, results: RunResult[]): string {
  const path = join(root, "data", "results", `${name}.json`);
  const body = { test: testReport, validation: comparison, fold: crossValidation }[measureOf(results)](results);
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

/** Runs by name. */
function armsOf(results: RunResult[]): [string, RunResult[]][] {
  const names = [...new Set(results.map(({ settings }) => settings.name))];
  return names.map((name) => [name, results.filter(({ settings }) => settings.name === name)]);
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}

/** Six significant digits say all that these measurements can. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
}

function versions(root: string): Record<string, string> {
  const version = (name: string) =>
    JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8")).version;
  return { node: process.versions.node, tfjsNode: version("@tensorflow/tfjs-node") };
}

function machine(): string {
  return `${cpus().length} × ${cpus()[0]?.model.trim()}, ${process.platform} ${process.arch}`;
}
