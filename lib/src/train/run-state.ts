import { createHash } from "node:crypto";
import type { EpochRecord } from "../common/records";
import { loadCheckpoint, type StoredTensor, saveCheckpoint } from "../network/safetensors";
import type { NetworkNumbers } from "./network-state";
import type { Optimizer } from "./optimizer";
import type { TrainOptions } from "./options";
import type { Trainable } from "./trainable";

/** Sums over the batches of the epoch under way. */
export interface Running {
  loss: number;
  correct: number;
  images: number;
  seconds: number;
}

export const noRunning = (): Running => ({ loss: 0, correct: 0, images: 0, seconds: 0 });

/** The state of a training run besides its options: everything that must survive a crash. */
export interface RunState extends NetworkNumbers {
  /** the settings in which a saved state must agree with this run */
  readonly fingerprint: Record<string, unknown>;
  step: number;
  /** the numbers that are learned, the first of `numbers`, which the network's variables are set from: a view */
  readonly weights: Float32Array;
  readonly optimizer: Optimizer;
  /** the moving average of all numbers, with `averageDecay` */
  readonly average?: Float32Array;
  best?: NetworkNumbers & { epoch: number; loss: number };
  running: Running;
  readonly history: EpochRecord[];
  readonly losses: number[];
}

/** Writes the state of a run to a checkpoint file; a crash leaves the old file or the new one. */
export function saveRun(path: string, state: RunState): void {
  const { step, numbers, kept, optimizer, average, best, running, history, losses } = state;
  const { updates, slots } = optimizer.state();
  const tensors: Record<string, Float32Array> = { weights: numbers, losses: Float32Array.from(losses) };
  for (const [name, slot] of Object.entries(slots)) tensors[`optimizer/${name}`] = slot;
  if (average) tensors.average = average;
  if (best) tensors.best = best.numbers;
  const stored = Object.entries(tensors).map(([name, data]) => [name, { shape: [data.length], data }]);
  const metadata = { run: state.fingerprint, step, updates, running, history, kept };
  saveCheckpoint(path, {
    tensors: Object.fromEntries(stored) as Record<string, StoredTensor>,
    metadata: { ...metadata, best: best && { epoch: best.epoch, loss: best.loss, kept: best.kept } },
  });
}

/**
 * Takes up the state that `saveRun` wrote.
 * @throws when the file is damaged, or belongs to a run with other settings (which are named)
 */
export function restoreRun(path: string, state: RunState): void {
  const { tensors, metadata } = loadCheckpoint(path);
  checkSameRun(path, metadata.run, state.fingerprint);
  const tensor = (name: string) => tensors[name]?.data as Float32Array;
  state.numbers.set(tensor("weights"));
  state.kept = metadata.kept;
  state.average?.set(tensor("average"));
  // those of the file: an optimiser may make its own at its first update
  const slots = Object.entries(tensors).flatMap(([name, { data }]) =>
    name.startsWith("optimizer/") ? [[name.slice("optimizer/".length), data]] : [],
  );
  state.optimizer.restore({ updates: metadata.updates as number, slots: Object.fromEntries(slots) });
  const best = metadata.best as Omit<NonNullable<RunState["best"]>, "numbers"> | undefined;
  if (best) state.best = { ...best, numbers: tensor("best") };
  state.step = metadata.step as number;
  state.running = metadata.running as Running;
  // one by one: a long run has more records than a call may have arguments
  state.history.length = 0;
  for (const record of metadata.history as EpochRecord[]) state.history.push(record);
  state.losses.length = 0;
  for (const loss of tensor("losses")) state.losses.push(loss);
}

/**
 * The settings in which a saved state must agree with this run.
 * @param rates the learning rate of each step
 */
export function fingerprint(
  { numbers, weights, kept, optimizer }: Pick<RunState, "numbers" | "weights" | "kept" | "optimizer">,
  network: Trainable,
  rates: Float64Array,
  options: TrainOptions,
): Record<string, unknown> {
  const { train, validation, epochs, batchSize = 128, seed = 0, augment } = options;
  const { maxGradientNorm, averageDecay, patience, compiled = network.compilable ?? false, parts = 2 } = options;
  const digest = (data: Uint8Array) => createHash("sha256").update(data).digest("hex").slice(0, 16);
  return {
    // of this form; a file without has an older one
    settings: 1,
    data: train.name,
    images: train.labels.length,
    labels: digest(train.labels),
    validation: validation && digest(validation.labels),
    epochs,
    batchSize,
    seed,
    weights: weights.length,
    state: stateWords(numbers.length - weights.length, kept),
    rates: `from ${rates[0]} to ${rates.at(-1)}, all: ${digest(new Uint8Array(rates.buffer))}`,
    optimizer: optimizer.settings,
    augmented: augment !== undefined,
    maxGradientNorm,
    averageDecay,
    patience,
    compiled,
    parts,
    // an entry each, so that the error shows the one that differs
    ...Object.fromEntries(network.settings?.map((settings, i) => [`network[${i}]`, settings]) ?? []),
  };
}

/** What a network keeps besides its weights; undefined for nothing, as in files of before it was saved. */
function stateWords(count: number, kept: unknown): string | undefined {
  const words = [count > 0 && `${count} numbers`, kept !== undefined && "data"].filter(Boolean);
  return words.length > 0 ? words.join(" and ") : undefined;
}

/** What files of before these were saved leave out: settings of the network, and options that were not given. */
function withDefaults(theirs: Record<string, unknown>, ours: Record<string, unknown>): Record<string, unknown> {
  const isOld = !("settings" in theirs);
  const { compiled, parts } = ours;
  const network = Object.entries(ours).filter(([key]) => key.startsWith("network["));
  return isOld ? { compiled, parts, ...Object.fromEntries(network), settings: 1, ...theirs } : theirs;
}

/** Refuses a saved state whose settings differ, and names those that do. */
function checkSameRun(path: string, saved: unknown, ours: Record<string, unknown>): void {
  const theirs = withDefaults((saved ?? {}) as Record<string, unknown>, ours);
  const text = (value: unknown) => JSON.stringify(value) ?? "none";
  const keys = Object.keys({ ...ours, ...theirs }).filter((key) => text(theirs[key]) !== text(ours[key]));
  if (keys.length === 0) return;
  const differences = keys.map((key) => {
    const missing = key === "state" && theirs[key] === undefined;
    const why = missing ? ": the file lacks what the network keeps besides its weights" : "";
    return `${key}: expected ${text(ours[key])}, got ${text(theirs[key])}${why}`;
  });
  throw new Error(
    `${path} belongs to another run (${differences.join("; ")}): delete the file to start anew, or give this run another path.`,
  );
}
