/**
 * Trains what `data/results/` reports: `npm run reproduce` for the headline, `npm run reproduce -- schedules` for one
 * of the comparisons, `-- all` for everything. Runs go in parallel, one a core, and every run keeps a checkpoint in
 * `.runs/`: stop it at any time, the same command goes on from there.
 */
import { spawn } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { experiments } from "./reproduce/experiments";
import type { RateSettings } from "./reproduce/qat-rate";
import type { QuantizeSettings } from "./reproduce/quantize";
import { type Result, writeReport } from "./reproduce/report";
import { checkpointOf, type RunSettings } from "./reproduce/run";

type Settings = RunSettings | QuantizeSettings | RateSettings;

const root = join(__dirname, "..");

async function main(): Promise<void> {
  const asked = process.argv.slice(2);
  const names = asked.length === 0 ? ["lenet5"] : asked.includes("all") ? Object.keys(experiments) : asked;
  const unknown = names.find((name) => !Object.hasOwn(experiments, name));
  if (unknown !== undefined) {
    console.error(`Expected one of ${Object.keys(experiments).join(", ")} or all, got ${unknown}.`);
    process.exit(1);
  }
  mkdirSync(join(root, ".runs"), { recursive: true });
  for (const name of names) {
    const experiment = experiments[name] as (typeof experiments)[string];
    console.log(`${name}: ${experiment.runs.length} runs, ${experiment.runs[0]?.epochs} epochs each`);
    const results = await inParallel(experiment.program ?? "run.ts", experiment.runs, cpus().length);
    console.log(`${name}: wrote ${writeReport(root, name, experiment, results)}`);
    // the checkpoints of finished runs are removed: the next call measures again
    for (const settings of experiment.runs)
      if ("measure" in settings) rmSync(join(root, checkpointOf(settings)), { force: true });
  }
}

/** Starts runs as processes, `workers` at a time; results come in the order of the runs. */
async function inParallel(program: string, runs: readonly Settings[], workers: number): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async () => {
    while (next < runs.length) {
      const index = next++;
      results[index] = await runInProcess(program, runs[index] as Settings);
    }
  };
  await Promise.all(Array.from({ length: Math.min(workers, runs.length) }, worker));
  return results;
}

function runInProcess(program: string, settings: Settings): Promise<Result> {
  const file = join(__dirname, "reproduce", program);
  const child = spawn(process.execPath, ["--import", "tsx", file, JSON.stringify(settings)], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  // one failed run ends the others with us
  const end = () => child.kill();
  process.once("exit", end);
  let result: Result | undefined;
  let problem = "";
  child.stderr.on("data", (text) => {
    problem += text;
  });
  createInterface(child.stdout).on("line", (line) => {
    // the last line is the result; the lines before it say how the run is going
    if (line.startsWith('{"settings"')) result = JSON.parse(line);
    else console.log(`  ${settings.name} seed ${settings.seed}: ${line}`);
  });
  return new Promise((resolve, reject) => {
    child.on("close", (code) => {
      process.off("exit", end);
      if (code === 0 && result) resolve(result);
      else reject(new Error(`${settings.name} seed ${settings.seed} ended with code ${code}: ${problem.slice(-2000)}`));
    });
  });
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
