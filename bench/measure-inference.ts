/** Microseconds a call, of every engine in turn. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { type BenchVariant, type InferenceEngine, mnistFolder, projectDataFolder } from "lenet-lab";
import { checkLogits, type Expected } from "./check-logits";
import { EngineProcess, root } from "./engine-process";
import type { Inferring } from "./engines";
import { alternate } from "./rounds";
import type { Settings } from "./settings";
import { type Summary, summary } from "./statistics";
import { choose, type Variant } from "./variants";

/** What an inference engine came to: microseconds a call. */
export interface InferenceMeasurement {
  microseconds: Summary;
  chosen: BenchVariant;
  versions: Record<string, string>;
}

/** Where files that engines need are written; gone when the bench has ended. */
export const workFolder = join(root, ".runs", `bench-${process.pid}`);
process.once("exit", () => rmSync(workFolder, { recursive: true, force: true }));

/** An engine that is ready for its rounds. */
export interface Started {
  child: EngineProcess;
  chosen: BenchVariant;
  versions: Record<string, string>;
  pace: Pace;
}

/** How much an engine computes in a round. */
export interface Pace {
  /** a block */
  calls: number;
  blocks: number;
  /** blocks before them that do not count: they find cold caches */
  settle: number;
}

export async function measureInference(
  engines: readonly Inferring[],
  { batch, threads, expected }: { batch: number; threads: number; expected: Expected },
  settings: Settings["inference"],
  say: (line: string) => void,
): Promise<Partial<Record<InferenceEngine, InferenceMeasurement>>> {
  const started = new Map<string, Started>();
  const what = batch === 1 ? "one image" : `batch of ${batch}`;
  try {
    for (const engine of engines) {
      const child = new EngineProcess({ program: engine.program, env: engine.env?.(threads) });
      started.set(engine.name, { child, ...(await prepare(child, engine, { batch, threads, expected }, settings)) });
      const { chosen } = started.get(engine.name) as Started;
      say(`inference, ${what}: ${engine.title}: ${chosen.variant}${list(chosen.tried)}`);
    }
    const rounds = await alternate([...started.keys()], settings.rounds, (name) =>
      oneRound(started.get(name) as Started),
    );
    const entries = [...started].map(([name, { chosen, versions }]) => {
      const microseconds = summary((rounds[name] as number[][]).flat());
      return [name, { microseconds, chosen, versions }];
    });
    return Object.fromEntries(entries);
  } finally {
    for (const { child } of started.values()) child.stop();
  }
}

/** Takes the fastest variant, checks its logits, and says how many calls a block is to have. */
async function prepare(
  child: EngineProcess,
  engine: Inferring,
  { batch, threads, expected }: { batch: number; threads: number; expected: Expected },
  settings: Settings["inference"],
): Promise<Omit<Started, "child">> {
  const ask = (variant: Variant) =>
    child.ask<{ versions: Record<string, string> }>("prepare", {
      ...task({ batch, threads }),
      ...engine.options,
      ...variant.options,
    });
  const trial = async (variants: readonly Variant[]) => {
    const labels = variants.map(({ label }) => label);
    const times = await alternate(labels, trialRounds, async (label) => {
      await ask(variants[labels.indexOf(label)] as Variant);
      await warmUp(child, settings.warmUpMilliseconds / 5);
      return oneRound({ child, pace: await paceOf(child, settings) });
    });
    return labels.map((label) => summary((times[label] as number[][]).flat()).median);
  };
  const variants = batch === 1 ? engine.variants : engine.batchVariants;
  const { variant, chosen } = await choose(variants, settings.tryVariants ? trial : undefined, engine);
  const { versions } = await ask(variant);
  const { logits } = await child.ask<{ logits: number[] }>("logits", { count: expected.labels.length });
  checkLogits(engine.name, logits, expected, { float: engine.float });
  await warmUp(child, settings.warmUpMilliseconds);
  return { chosen, versions, pace: await paceOf(child, settings) };
}

const trialRounds = 3;

/** What every engine is told. */
export function task({ batch, threads }: { batch: number; threads: number }): Record<string, unknown> {
  const checkpoints = join(projectDataFolder(), "checkpoints");
  const weights = join(checkpoints, "lenet5.safetensors");
  const quantized = join(checkpoints, "lenet5-int8.bin");
  return { mnist: mnistFolder(), weights, quantized, folder: workFolder, batch, threads };
}

/** Microseconds a call of each block. */
export async function oneRound({ child, pace }: Pick<Started, "child" | "pace">): Promise<number[]> {
  const { calls, blocks, settle } = pace;
  return (await runBlocks(child, settle + blocks, calls)).slice(settle);
}

export async function warmUp(child: EngineProcess, milliseconds: number): Promise<void> {
  const until = performance.now() + milliseconds;
  for (let calls = 1; performance.now() < until; calls = Math.min(2 * calls, 100)) await runBlocks(child, 1, calls);
}

/** As many calls a block as last so long; of an engine that needs longer for one call, one call a round. */
export async function paceOf(
  child: EngineProcess,
  { blockMilliseconds, blocks }: Pick<Settings["inference"], "blockMilliseconds" | "blocks">,
): Promise<Pace> {
  const [first] = (await runBlocks(child, 1, 1)) as [number];
  if (first > slow) return { calls: 1, blocks: 1, settle: 0 };
  const call = summary(await runBlocks(child, 5, 1)).median;
  const calls = Math.max(1, Math.min(200, Math.round((1000 * blockMilliseconds) / call)));
  return { calls, blocks, settle: 1 };
}

/** Microseconds a call above which caches play no part. */
const slow = 100_000;

async function runBlocks(child: EngineProcess, blocks: number, calls: number): Promise<number[]> {
  return (await child.ask<{ microseconds: number[] }>("run", { blocks, calls })).microseconds;
}

function list(tried: Record<string, number>): string {
  const entries = Object.entries(tried).map(([label, time]) => `${label} ${time.toFixed(1)} µs`);
  return entries.length === 0 ? "" : ` (tried: ${entries.join("; ")})`;
}
