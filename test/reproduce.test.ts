import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Experiment, experiments } from "../scripts/reproduce/experiments";
import { writeReport } from "../scripts/reproduce/report";
import { dataFor, type RunResult, type RunSettings } from "../scripts/reproduce/run";
import { temporaryFolder } from "./helpers/data";

const crossValidation = experiments["cross-validation"] as Experiment;
const [someRun] = crossValidation.runs as [RunSettings];

test("dataFor(settings) of a fold learns from the other four, and refuses a fold that does not exist", () => {
  const { train, measured, places } = dataFor({ ...someRun, seed: 4 });
  assert.deepEqual([train.labels.length, measured.labels.length, places?.length], [48_000, 12_000, 12_000]);
  assert.throws(() => dataFor({ ...someRun, seed: 5 }), {
    name: "RangeError",
    message: "Expected a fold in 0 … 4, got 5.",
  });
});

test("writeReport(root, name, experiment, results) refuses runs that were measured on different things", (t) => {
  const root = temporaryFolder(t);
  const results = (["fold", "fold", "test"] as const).map((measure, seed) => {
    const result: RunResult = { settings: { ...someRun, seed, measure }, accuracy: 1, correct: 1, history: [] };
    return result;
  });
  const message = "Expected runs with the same `measure`, got fold, test.";
  assert.throws(() => writeReport(root, "mixed", crossValidation, results), { name: "Error", message });
  assert.ok(!existsSync(join(root, "data")));
});
