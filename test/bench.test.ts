import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseArguments } from "../bench/arguments";
import { checkLogits, expectedLogits } from "../bench/check-logits";
import { EngineProcess } from "../bench/engine-process";
import { available, inferenceEngines, trainingEngines } from "../bench/engines";
import { watchKernels } from "../bench/engines/kernels";
import type { KernelRow } from "../bench/engines/ours-step";
import { measureInference, workFolder } from "../bench/measure-inference";
import { checkLoss, measureTraining } from "../bench/measure-training";
import { report } from "../bench/report";
import { toResults, writeResults } from "../bench/results";
import { alternate } from "../bench/rounds";
import { quick, type Settings } from "../bench/settings";
import { powerLaw, quantile, summary } from "../bench/statistics";
import { choose } from "../bench/variants";
import { writeOnnx } from "../bench/write-onnx";
import { type Bench, type BenchSpread, loadBench } from "../lib/src/data/results";
import { assertClose } from "./helpers/assertions";
import { temporaryFolder } from "./helpers/data";
import { sample } from "./helpers/full";
import { root } from "./helpers/notebook";

const tiny: Settings = {
  ...quick,
  training: { ...quick.training, images: 640, rounds: sample(2, 1), lossBelow: 2.5 },
  inference: { ...quick.inference, rounds: sample(2, 1) },
};
const silent = () => {};

test("summary(values) gives the median and the range of the middle half, and refuses what is no number", () => {
  assert.deepEqual(summary([5, 1, 4, 2, 3]), { median: 3, low: 2, high: 4, count: 5 });
  assert.deepEqual(summary([1, 2]), { median: 1.5, low: 1.25, high: 1.75, count: 2 });
  assert.equal(quantile([7], 0.9), 7);
  for (const values of [[], [1, Number.NaN]])
    assert.throws(() => summary(values), /^Error: Expected finite measurements/);
});

test("powerLaw(xs, ys) finds the exponent of a power, and how much of the scatter it explains", () => {
  const xs = [1, 10, 100, 1000];
  const exact = powerLaw(
    xs,
    xs.map((x) => 3 * x ** 0.7),
  );
  assertClose([exact.slope, exact.r2], [0.7, 1], 1e-12);
  // by hand: log2 gives (0, 0), (1, 2), (2, 1), a slope of 1/2 that explains a quarter
  const scattered = powerLaw([1, 2, 4], [1, 4, 2]);
  assertClose([scattered.slope, scattered.r2], [0.5, 0.25], 1e-12);
  for (const [x, y] of [
    [[1], [1]],
    [
      [1, 2],
      [1, 0],
    ],
    [[1, 2], [1]],
  ] as const)
    assert.throws(() => powerLaw(x, y), /^Error: Expected two or more pairs of positive numbers/);
  assert.throws(() => powerLaw([2, 2], [1, 3]), /Expected points at different x, got 2 only/);
});

test("alternate(names, rounds, work) lets everyone work once a round, one at a time, in changing order", async () => {
  const calls: string[] = [];
  let working = 0;
  const results = await alternate(["a", "b", "c"], 6, async (name) => {
    assert.equal(++working, 1);
    calls.push(name);
    await new Promise(setImmediate);
    working--;
    return calls.length;
  });
  const rounds = Array.from({ length: 6 }, (_, i) => calls.slice(3 * i, 3 * i + 3).join(""));
  for (const round of rounds) assert.equal([...round].sort().join(""), "abc");
  assert.ok(new Set(rounds).size > 2, rounds.join());
  assert.deepEqual(
    Object.values(results).map((each) => each.length),
    [6, 6, 6],
  );
});

test("choose(variants, measure) takes the fastest, unless the first is fixed or nothing is to be tried", async () => {
  const variants = [{ label: "slow" }, { label: "fast" }];
  const measure = async () => [2, 1];
  const tried = { slow: 2, fast: 1 };
  assert.deepEqual((await choose(variants, measure)).chosen, { variant: "fast", tried });
  assert.deepEqual((await choose(variants, measure, { fixed: true })).chosen, { variant: "slow", tried });
  assert.deepEqual((await choose(variants, undefined)).chosen, { variant: "slow", tried: {} });
});

test("npm run bench -- --peer says what came and what is expected", () => {
  assert.deepEqual(parseArguments([]), { parts: ["training", "inference"], peers: false, json: false, quick: false });
  assert.deepEqual(parseArguments(["inference", "--json"]).parts, ["inference"]);
  for (const word of ["-p", "-pq", "--", "--json=1", "--no-json", "learning"])
    assert.throws(() => parseArguments(["--quick", word, "training"]), new RegExp(`or nothing, got ${word}: npm run`));
  const { status, stderr } = spawnSync(process.execPath, ["--import", "tsx", "bench/bench.ts", "--peer"], {
    cwd: root,
    encoding: "utf8",
  });
  assert.equal(status, 1);
  const expected = "Expected training, inference, --peers, --json, --quick or nothing, got --peer";
  assert.equal(stderr.trim(), `${expected}: npm run bench -- --peers measures all.`);
});

test("the peers' requirements are exact pins", () => {
  const lines = readFileSync(join(root, "bench", "requirements.txt"), "utf8").split("\n");
  const pins = lines.filter((line) => line !== "" && !line.startsWith("#"));
  for (const pin of pins) assert.match(pin, /^[a-z0-9-]+==\d+(\.\d+)+(; sys_platform [!=]= "linux")?$/);
  for (const name of ["torch", "tensorflow-cpu", "keras", "numpy"])
    assert.ok(
      pins.some((pin) => pin.startsWith(`${name}==`)),
      name,
    );
});

test("checkLogits and checkLoss refuse engines that compute something else", () => {
  const expected = expectedLogits(100);
  const logits = [...expected.logits];
  checkLogits("right", logits, expected, { float: true });
  assert.throws(
    () => checkLogits("short", logits.slice(10), expected),
    /Expected 1000 logits of 100 images, got 990 from short/,
  );
  assert.throws(
    () =>
      checkLogits(
        "inverted",
        logits.map((x) => -x),
        expected,
      ),
    /Expected inverted to read 98 % .* is broken/,
  );
  // JSON makes null of NaN
  for (const wrong of [Number.NaN, Infinity, null as unknown as number])
    assert.throws(
      () =>
        checkLogits(
          "diverged",
          logits.map((logit, i) => (i === 7 ? wrong : logit)),
          expected,
        ),
      /^RangeError: Expected finite logits from diverged, got (NaN|Infinity|null) at index 7: the engine is broken\.$/,
    );
  const off = logits.map((logit, i) => (i === 3 ? logit + 0.02 : logit));
  checkLogits("integers", off, expected);
  assert.throws(() => checkLogits("off", off, expected, { float: true }), /Expected logits within 0.01 .* from off/);
  checkLoss("right", 0.05, 0.1);
  for (const loss of [0.1, Number.NaN]) assert.throws(() => checkLoss("idle", loss, 0.1), /got (0.1|NaN) from idle/);
});

test("an engine that fails, or ends, is reported with what it said", async () => {
  const child = new EngineProcess({ program: "onnx.ts" });
  await assert.rejects(
    child.ask("prepare", { folder: root, file: "package.json" }),
    /`prepare` from onnx.ts, got an error/,
  );
  await assert.rejects(child.ask("run"), /ended with code 1/);
  const unknown = new EngineProcess({ program: "ours-step.ts" });
  await assert.rejects(unknown.ask("juggle"), /Expected a request of kernels, memory, got juggle/);
});

test("a step of training is timed by kernel and leaves no tensor behind", async () => {
  const child = new EngineProcess({ program: "ours-step.ts" });
  try {
    const rows = await child.ask<KernelRow[]>("kernels", { steps: 3 });
    assert.ok(rows.some(({ kernel }) => kernel === "outside of kernels"));
    for (const { kernel, calls, microseconds } of rows) assert.ok(calls > 0 && microseconds > 0, kernel);
    assert.deepEqual(await child.ask("memory", { steps: sample(20, 5) }), { tensors: 0 });
  } finally {
    child.stop();
  }
});

test("watchKernels(backend) counts calls and gives the backend back as it was", () => {
  class Backend {
    executeSingleOutput(kernel: string) {
      return `${kernel}!`;
    }
    executeMultipleOutputs() {
      return [];
    }
  }
  const backend = new Backend();
  const { kernels, release } = watchKernels(backend);
  assert.equal(backend.executeSingleOutput("Relu"), "Relu!");
  backend.executeSingleOutput("Relu");
  release();
  backend.executeSingleOutput("Relu");
  assert.equal(kernels.get("Relu")?.calls, 2);
  assert.deepEqual(Object.keys(backend), []);
});

test("the engines in Node train and infer in turn, and their results hold together", async (t) => {
  // two that are much like others
  const left = sample<string[]>([], ["reference", "onnxFloat"]);
  const engines = {
    // tfjs shuffles as it likes: with five batches an epoch an unlucky order can end above any bound
    training: available(trainingEngines, { peers: false }).map((engine) =>
      engine.name === "stock" ? { ...engine, options: { ...engine.options, shuffle: false } } : engine,
    ),
    inference: available(inferenceEngines, { peers: false }).filter(({ name }) => !left.includes(name)),
  };
  const training = await measureTraining(engines.training, tiny.training, silent);
  assert.deepEqual(Object.keys(training), ["ours", "stock"]);
  writeOnnx(workFolder);
  const task = { batch: 1, threads: 1, expected: expectedLogits(100) };
  const one = await measureInference(engines.inference, task, tiny.inference, silent);
  assert.deepEqual(
    Object.keys(one),
    ["ours", "reference", "stock", "onnxFloat", "onnxInt8"].filter((name) => !left.includes(name)),
  );
  const results = toResults({ training, one, batch: one, memory: { steps: 20, tensors: 0 } }, tiny);
  const folder = temporaryFolder(t);
  assertConsistent(JSON.parse(readFileSync(join(folder, writeResults(results, folder)), "utf8")));
  const text = report(results);
  assert.match(text, /stock +× [\d.]+ +[\d.]+/);
  assert.match(text, /onnxInt8 +× [\d.]+ +[\d.]+ +[\d.]+ … [\d.]+ +bytes in/);
});

test("data/results/bench.json holds every engine, and slopes that follow from its curves", () => {
  const bench = loadBench();
  assertConsistent(bench);
  assert.deepEqual(
    Object.keys(bench.training.secondsPerEpoch),
    trainingEngines.map(({ name }) => name),
  );
  for (const table of [bench.inference.microseconds, bench.inference.imagesPerSecond])
    assert.deepEqual(
      Object.keys(table),
      inferenceEngines.map(({ name }) => name),
    );
  for (const curve of [bench.scaling.images, bench.scaling.parameters]) {
    const { slope, r2 } = powerLaw(curve.at, curve.seconds);
    assertClose([curve.slope, curve.r2], [slope, r2], 1e-4);
  }
  assert.deepEqual(
    bench.scaling.imagesPerSecond.map(({ threads }) => threads),
    [1, 2],
  );
  assert.ok(bench.kernels.rows.length > 1);
});

/** Medians lie within their spread, and nothing tells who owns the machine. */
function assertConsistent(bench: Bench): void {
  const { training, inference } = bench;
  assertWithin(training.secondsPerEpoch, training.spread.secondsPerEpoch);
  assertWithin(inference.microseconds, inference.spread.microseconds);
  assertWithin(inference.imagesPerSecond, inference.spread.imagesPerSecond);
  assert.match(bench.date, /^\d{4}-\d\d-\d\d$/);
  assert.doesNotMatch(JSON.stringify(bench), /\/home|\/tmp|\/work|\/Users/);
}

function assertWithin(medians: Record<string, number>, spread: Record<string, BenchSpread>): void {
  for (const [name, median] of Object.entries(medians)) {
    const { low, high, count } = spread[name] as BenchSpread;
    assert.ok(
      count > 0 && low <= median * 1.00001 && median <= high * 1.00001,
      `${name}: ${low} … ${median} … ${high}`,
    );
  }
}
