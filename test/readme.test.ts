import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { loadBench, loadTestResults } from "../lib/src/data/results";
import { root } from "./helpers/notebook";

const pages = ["README.md", "CONTRIBUTING.md", "data/README.md"];
const read = (page: string) => readFileSync(join(root, page), "utf8");

it("README and its siblings link only to what exists", () => {
  for (const page of pages) {
    for (const [, target] of read(page).matchAll(/\]\(([^)#\s]+)\)/g)) {
      assert.ok(existsSync(join(root, page, "..", target as string)), `${page}: ${target} does not exist`);
    }
  }
});

it("README and its siblings name only commands that exist", () => {
  const { scripts } = JSON.parse(read("package.json"));
  for (const page of pages) {
    for (const [, name] of read(page).matchAll(/npm run ([a-z]+)/g)) {
      assert.ok((name as string) in scripts, `${page}: npm run ${name}`);
    }
  }
});

it("README's table of results holds the numbers of the results files", () => {
  for (const name of ["lenet5", "lenet5-short", "tutorial"]) {
    const { mean, sd, seeds } = loadTestResults(name);
    const accuracy = `${(100 * mean).toFixed(2)} ± ${(100 * sd).toFixed(2)} %`;
    const row = read("README.md")
      .split("\n")
      .find((line) => line.startsWith("|") && line.includes(accuracy));
    assert.ok(row, `${name}: no row with ${accuracy}`);
    assert.match(row, new RegExp(`\\| ${seeds[0]?.epochs} \\|`));
  }
});

it("the headline holds what the project promises", () => {
  const { parameters, mean, seeds } = loadTestResults("lenet5");
  assert.equal(parameters, 61_706);
  assert.equal(seeds.length, 5);
  assert.ok(mean >= 0.995, `mean ${mean}`);
});

it("README's table of speed holds the medians of bench.json, and its date", () => {
  const { date, training, inference } = loadBench();
  const lines = read("README.md").split("\n");
  const inRow = (row: string, text: string) =>
    assert.ok(lines.find((line) => line.startsWith(`| ${row}`))?.includes(text), `${row}: no ${text}`);
  inRow("medians on two cores", date);
  const engines = { ours: "**", keras: "Keras compiled ", pytorch: "PyTorch eager ", stock: "tfjs-node " } as const;
  for (const [name, title] of Object.entries(engines))
    inRow("training", `${title}${training.secondsPerEpoch[name as keyof typeof engines].toFixed(1)}`);
  const { microseconds, imagesPerSecond } = inference;
  const pairs = { tflite: "TensorFlow Lite", onnx: "ONNX Runtime" } as const;
  const text = (value: number) => (value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString("en"));
  const thousands = (value: number) => (1000 * Math.round(value / 1000)).toLocaleString("en");
  for (const [row, values, shown] of [
    ["one image", microseconds, text],
    ["1,000 images", imagesPerSecond, thousands],
  ] as const) {
    inRow(row, `**${shown(values.ours)}**`);
    for (const [name, title] of Object.entries(pairs)) {
      inRow(row, title);
      inRow(row, `int8 ${shown(values[`${name as keyof typeof pairs}Int8`])}`);
      inRow(row, `float ${shown(values[`${name as keyof typeof pairs}Float`])}`);
    }
    inRow(row, `PyTorch ${shown(values.pytorch)}`);
    inRow(row, `tfjs-node ${shown(values.stock)}`);
  }
});
