/**
 * Measures the library beside its peers: `npm run bench`, `npm run bench -- --peers` for those in Python too, which
 * alone writes `data/results/bench.json`; `-- training` or `-- inference` for a part, `-- --json` for JSON on stdout.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { type Arguments, parseArguments } from "./arguments";
import { expectedLogits } from "./check-logits";
import { EngineProcess, root } from "./engine-process";
import { available, inferenceEngines, trainingEngines } from "./engines";
import type { KernelRow } from "./engines/ours-step";
import { measureInference, workFolder } from "./measure-inference";
import { measureTraining } from "./measure-training";
import { report } from "./report";
import { type Parts, toJson, toResults, writeResults } from "./results";
import { scaleBatches, scaleImages, scaleParameters } from "./scaling";
import { full, largeBatch, quick, type Settings, threads } from "./settings";
import { writeOnnx } from "./write-onnx";

const say = (line: string) => console.error(`  ${line}`);

async function main(): Promise<void> {
  const asked = parseArguments(process.argv.slice(2));
  // an exit of our own ends the engines too
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(130));
  if (asked.peers) installPeers();
  const settings = asked.quick ? quick : full;
  const measured: Parts = {};
  if (asked.parts.includes("training")) Object.assign(measured, await trainingPart(asked, settings));
  if (asked.parts.includes("inference")) {
    const { scaling, ...inference } = await inferencePart(asked, settings);
    Object.assign(measured, inference, { scaling: { ...measured.scaling, ...scaling } });
  }
  const results = toResults(measured, settings);
  process.stdout.write(asked.json ? toJson(results) : `\n${report(results)}`);
  const isWhole = asked.peers && !asked.quick && asked.parts.length === 2;
  say(
    isWhole
      ? `wrote ${writeResults(results)}`
      : "data/results/bench.json stays as it is: npm run bench -- --peers measures it",
  );
  process.exit(0);
}

async function trainingPart(asked: Arguments, settings: Settings): Promise<Parts> {
  const training = await measureTraining(available(trainingEngines, asked), settings.training, say);
  say("training: kernels and memory");
  const step = new EngineProcess({ program: "ours-step.ts" });
  const { kernels: steps, memory } = settings.step;
  const rows = await step.ask<KernelRow[]>("kernels", { steps });
  const { tensors } = await step.ask<{ tensors: number }>("memory", { steps: memory });
  step.stop();
  say("training: epoch against images and parameters");
  const scaling = { images: await scaleImages(settings.scaling), parameters: await scaleParameters(settings.scaling) };
  return { training, kernels: { steps, rows }, memory: { steps: memory, tensors }, scaling };
}

async function inferencePart(asked: Arguments, settings: Settings): Promise<Parts> {
  writeOnnx(workFolder);
  const expected = expectedLogits(largeBatch);
  const engines = available(inferenceEngines, asked);
  const measure = (batch: number, count: number) =>
    measureInference(engines, { batch, threads: count, expected }, settings.inference, say);
  const one = await measure(1, threads.image);
  const batch = await measure(largeBatch, threads.batch);
  say("inference: images a second against the batch");
  return { one, batch, scaling: { imagesPerSecond: await scaleBatches(settings.scaling) } };
}

/** What it prints goes to stderr: stdout may be JSON. */
function installPeers(): void {
  const { status } = spawnSync(process.execPath, [join(root, "bench", "peers.mjs")], {
    stdio: ["ignore", 2, 2],
  });
  if (status !== 0) process.exit(status ?? 1);
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
