/** Seconds an epoch, of every engine in turn. */
import { type BenchVariant, mnistFolder, type TrainingEngine } from "lenet-lab";
import { EngineProcess } from "./engine-process";
import type { Engine } from "./engines";
import type { Epoch } from "./engines/training";
import { alternate } from "./rounds";
import { batchSize, type Settings, threads } from "./settings";
import { type Summary, summary } from "./statistics";
import { choose, type Variant } from "./variants";

/** What a training engine came to. */
export interface TrainingMeasurement {
  seconds: Summary;
  /** of the last epoch, as the engine reports it */
  loss: number;
  chosen: BenchVariant;
  versions: Record<string, string>;
}

/** An engine at work. */
interface Started {
  child: EngineProcess;
  chosen: BenchVariant;
  versions: Record<string, string>;
}

interface Ready {
  versions: Record<string, string>;
  parameters: number;
}

const parameters = 61_706;

export async function measureTraining(
  engines: readonly Engine<TrainingEngine>[],
  { images, rounds, trialImages, lossBelow }: Settings["training"],
  say: (line: string) => void,
): Promise<Partial<Record<TrainingEngine, TrainingMeasurement>>> {
  const started = new Map<string, Started>();
  try {
    for (const engine of engines) {
      const trial = (variants: readonly Variant[]) => tryVariants(engine, variants, trialImages);
      const { variant, chosen } = await choose(engine.variants, trialImages > 0 ? trial : undefined, engine);
      say(`training: ${engine.title}: ${chosen.variant}${list(chosen.tried)}`);
      const { child, ready } = await start(engine, variant, images);
      started.set(engine.name, { child, chosen, versions: ready.versions });
      if (ready.parameters !== parameters)
        throw new Error(
          `Expected ${parameters} parameters in every engine, got ${ready.parameters} in ${engine.name}.`,
        );
      await child.ask<Epoch>("epoch");
    }
    const epochs = await alternate([...started.keys()], rounds, async (name) => {
      const { child } = started.get(name) as Started;
      const epoch = await child.ask<Epoch>("epoch");
      say(`training: ${name}: ${epoch.seconds.toFixed(2)} s, loss ${epoch.loss.toFixed(4)}`);
      return epoch;
    });
    const entries = [...started].map(([name, { chosen, versions }]) => {
      const own = epochs[name] as Epoch[];
      const { loss } = own.at(-1) as Epoch;
      checkLoss(name, loss, lossBelow);
      return [name, { seconds: summary(own.map(({ seconds }) => seconds)), loss, chosen, versions }];
    });
    return Object.fromEntries(entries);
  } finally {
    for (const { child } of started.values()) child.stop();
  }
}

/** Starts an engine and prepares an epoch of so many images. */
export async function start(
  { program, env = () => ({}), options }: Engine<TrainingEngine>,
  variant: Variant,
  images: number,
): Promise<{ child: EngineProcess; ready: Ready }> {
  const child = new EngineProcess({ program, env: { ...env(threads.training), ...variant.env } });
  const task = { mnist: mnistFolder(), images, batchSize, threads: threads.training };
  return { child, ready: await child.ask<Ready>("prepare", { ...task, ...options, ...variant.options }) };
}

/** @throws when an engine has not learned: what it measures would be worth nothing */
export function checkLoss(name: string, loss: number, below: number): void {
  if (!(loss < below))
    throw new Error(
      `Expected a training loss below ${below} in the end, got ${loss} from ${name}: the engine is broken.`,
    );
}

/** Seconds an epoch of few images: of each variant the median of some epochs in turn, after one that warms up. */
async function tryVariants(
  engine: Engine<TrainingEngine>,
  variants: readonly Variant[],
  images: number,
): Promise<number[]> {
  const children = new Map<string, EngineProcess>();
  try {
    for (const variant of variants) {
      const { child } = await start(engine, variant, images);
      children.set(variant.label, child);
      await child.ask<Epoch>("epoch");
    }
    const epochs = await alternate([...children.keys()], trialRounds, (label) =>
      (children.get(label) as EngineProcess).ask<Epoch>("epoch"),
    );
    return variants.map(({ label }) => summary((epochs[label] as Epoch[]).map(({ seconds }) => seconds)).median);
  } finally {
    for (const child of children.values()) child.stop();
  }
}

const trialRounds = 4;

function list(tried: Record<string, number>): string {
  const entries = Object.entries(tried).map(([label, seconds]) => `${label} ${seconds.toFixed(2)} s`);
  return entries.length === 0 ? "" : ` (tried: ${entries.join("; ")})`;
}
