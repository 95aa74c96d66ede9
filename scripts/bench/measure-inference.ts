/** Microseconds a call, of every engine in turn. */
import { join } from "node:path";
import { type InferenceEngine, mnistFolder, projectDataFolder } from "lenet-lab";
import { checkLogits, type Expected } from "./check-logits";
import { EngineProcess, root } from "./engine-process";
import type { Inferring } from "./engines";
import { alternate } from "./rounds";
import type { Settings } from "./settings";
import { quantile, type Summary, summary } from "./statistics";
import { type Chosen, choose, type Variant } from "./variants";

/** What an inference engine came to: microseconds a call. */
export interface InferenceMeasurement {
  microseconds: Summary;
  chosen: Chosen;
  versions: Record<string, string>;
}

/** Where files that engines need are written. */
export const workFolder = join(root, ".runs", "bench");

/** An engine that is ready for its rounds. */
export interface Started {
  child: EngineProcess;
  chosen: Chosen;
  versions: Record<string, string>;
  calls: number;
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
      oneRound(started.get(name) as Started, settings.blocks),
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
  const trial = async (variant: Variant) => {
    await ask(variant);
    await warmUp(child, settings.warmUpMilliseconds / 3);
    return (
      (await oneRound({ child, calls: await callsOf(child, settings) }, settings.blocks)).sort((a, b) => a - b)[0] ?? 0
    );
  };
  const variants = batch === 1 ? engine.variants : engine.batchVariants;
  const { variant, chosen } = await choose(variants, settings.tryVariants ? trial : undefined, engine);
  const { versions } = await ask(variant);
  const { logits } = await child.ask<{ logits: number[] }>("logits", { count: expected.labels.length });
  checkLogits(engine.name, logits, expected, { float: engine.float });
  await warmUp(child, settings.warmUpMilliseconds);
  return { chosen, versions, calls: await callsOf(child, settings) };
}

/** What every engine is told. */
export function task({ batch, threads }: { batch: number; threads: number }): Record<string, unknown> {
  const checkpoints = join(projectDataFolder(), "checkpoints");
  const weights = join(checkpoints, "lenet5.safetensors");
  const quantized = join(checkpoints, "lenet5-int8.bin");
  return { mnist: mnistFolder(), weights, quantized, folder: workFolder, batch, threads };
}

/** Microseconds a call of each block; the first block, which finds cold caches, does not count. */
export async function oneRound({ child, calls }: Pick<Started, "child" | "calls">, blocks: number): Promise<number[]> {
  const { microseconds } = await child.ask<{ microseconds: number[] }>("run", { blocks: blocks + 1, calls });
  return microseconds.slice(1);
}

export async function warmUp(child: EngineProcess, milliseconds: number): Promise<void> {
  const until = performance.now() + milliseconds;
  do await child.ask("run", { blocks: 1, calls: await callsOf(child, { blockMilliseconds: 10 }) });
  while (performance.now() < until);
}

/** How many calls last about as long as a block is to. */
export async function callsOf(
  child: EngineProcess,
  { blockMilliseconds }: Pick<Settings["inference"], "blockMilliseconds">,
): Promise<number> {
  const { microseconds } = await child.ask<{ microseconds: number[] }>("run", { blocks: 3, calls: 1 });
  return Math.max(1, Math.min(200, Math.round((1000 * blockMilliseconds) / quantile(microseconds, 0.5))));
}

function list(tried: Record<string, number>): string {
  const entries = Object.entries(tried).map(([label, time]) => `${label} ${time.toFixed(1)} µs`);
  return entries.length === 0 ? "" : ` (tried: ${entries.join("; ")})`;
}
