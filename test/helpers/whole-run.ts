/**
 * A run of one of `runNetworks`. As a program it trains in a process of its own, which may kill itself at a step, and
 * writes all numbers that the run has come to into a file.
 */
import { writeFileSync } from "node:fs";
import { affine } from "../../lib/src/data/augment";
import { flatten } from "../../lib/src/train/gradient";
import { allVariables, saveState } from "../../lib/src/train/network-state";
import type { TrainOptions } from "../../lib/src/train/options";
import { cosine } from "../../lib/src/train/schedule";
import { trainable } from "../../lib/src/train/trainable";
import { Trainer } from "../../lib/src/train/trainer";
import { noise } from "./data";
import { type Network, runNetworks } from "./run-networks";
import { tiny } from "./small-runs";

/** Three epochs of three steps, validated after each. */
export const wholeRun = (more: Partial<TrainOptions> = {}): TrainOptions =>
  tiny({
    epochs: 3,
    schedule: cosine(0.05, { steps: 9 }),
    validation: noise("validation", { size: 4, count: 12 }),
    augment: affine(),
    compiled: undefined,
    ...more,
  });

/** All numbers of a network end to end: the variables, learned or not. */
export const allOf = ({ model }: Network): Float32Array =>
  flatten(allVariables("variables" in model ? model : trainable(model)));

/** What is trained, and what may happen meanwhile. */
interface Order {
  name: string;
  checkpoint?: string;
  /** the step after which the process kills itself */
  killAt?: number;
}

/** All that a run has come to, as bytes. */
export async function resultOf({ name, checkpoint, killAt }: Order): Promise<Buffer> {
  const network = (runNetworks[name] as () => Network)();
  const onStep = ({ step }: { step: number }) => {
    if (step === killAt) process.kill(process.pid, "SIGKILL");
  };
  const saving = checkpoint === undefined ? undefined : { path: checkpoint, everySteps: 1 };
  const trainer = new Trainer(network.model, wholeRun({ averageDecay: 0.8, checkpoint: saving, onStep }));
  await trainer.run();
  const kept = "variables" in network.model ? saveState(network.model) : undefined;
  const history = trainer.history.map(({ seconds: _, ...record }) => record);
  const result = Buffer.concat([Buffer.from(allOf(network).buffer), Buffer.from(JSON.stringify({ kept, history }))]);
  network.dispose();
  return result;
}

async function main({ result, ...order }: Order & { result: string }): Promise<void> {
  writeFileSync(result, await resultOf(order));
}

if (require.main === module) void main(JSON.parse(process.argv[2] as string));
