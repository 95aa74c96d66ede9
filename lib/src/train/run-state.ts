import { createHash } from "node:crypto";
import type { EpochRecord } from "../common/records";
import { loadCheckpoint, type StoredTensor, saveCheckpoint } from "../network/safetensors";
import type { Optimizer } from "./optimizer";
import type { TrainOptions } from "./options";

/** Sums over the batches of the epoch under way. */
export interface Running {
  loss: number;
  correct: number;
  images: number;
  seconds: number;
}

export const noRunning = (): Running => ({ loss: 0, correct: 0, images: 0, seconds: 0 });

/** The state of a training run besides its options: everything that must survive a crash. */
export interface RunState {
  step: number;
  /** all weights end to end: the optimiser changes these, and the model's variables are set from them */
  readonly weights: Float32Array;
  readonly optimizer: Optimizer;
  /** the moving average of the weights, with `averageDecay` */
  readonly average?: Float32Array;
  best?: { epoch: number; loss: number; weights: Float32Array };
  running: Running;
  readonly history: EpochRecord[];
  readonly losses: number[];
}

/** Writes the state of a run to a checkpoint file; a crash leaves the old file or the new one. */
export function saveRun(path: string, state: RunState, options: TrainOptions): void {
  const { step, weights, optimizer, average, best, running, history, losses } = state;
  const { updates, slots } = optimizer.state();
  const tensors: Record<string, Float32Array> = { weights, losses: Float32Array.from(losses) };
  for (const [name, slot] of Object.entries(slots)) tensors[`optimizer/${name}`] = slot;
  if (average) tensors.average = average;
  if (best) tensors.best = best.weights;
  const stored = Object.entries(tensors).map(([name, data]) => [name, { shape: [data.length], data }]);
  const metadata = { run: fingerprint(state, options), step, updates, running, history };
  saveCheckpoint(path, {
    tensors: Object.fromEntries(stored) as Record<string, StoredTensor>,
    metadata: { ...metadata, best: best && { epoch: best.epoch, loss: best.loss } },
  });
}

/**
 * Takes up the state that `saveRun` wrote.
 * @throws when the file is damaged, or belongs to a run with other settings (which are named)
 */
export function restoreRun(path: string, state: RunState, options: TrainOptions): void {
  const { tensors, metadata } = loadCheckpoint(path);
  checkSameRun(path, metadata.run, fingerprint(state, options));
  const tensor = (name: string) => tensors[name]?.data as Float32Array;
  state.weights.set(tensor("weights"));
  state.average?.set(tensor("average"));
  const slots = Object.keys(state.optimizer.state().slots).map((name) => [name, tensor(`optimizer/${name}`)]);
  state.optimizer.restore({ updates: metadata.updates as number, slots: Object.fromEntries(slots) });
  const best = metadata.best as { epoch: number; loss: number } | undefined;
  if (best) state.best = { ...best, weights: tensor("best") };
  state.step = metadata.step as number;
  state.running = metadata.running as Running;
  state.history.splice(0, state.history.length, ...(metadata.history as EpochRecord[]));
  // not `push(...losses)`: a long run has more losses than a call may have arguments
  state.losses.length = 0;
  for (const loss of tensor("losses")) state.losses.push(loss);
}

/** The settings in which a saved state must agree with this run. */
function fingerprint({ weights, optimizer }: RunState, options: TrainOptions): Record<string, unknown> {
  const { train, validation, epochs, batchSize = 128, seed = 0, schedule, augment } = options;
  const { maxGradientNorm, averageDecay, patience, compiled, parts } = options;
  const steps = epochs * Math.ceil(train.labels.length / batchSize);
  const digest = (data: Uint8Array) => createHash("sha256").update(data).digest("hex").slice(0, 16);
  const rates = new Uint8Array(Float64Array.from({ length: steps }, (_, step) => schedule(step)).buffer);
  return {
    data: train.name,
    images: train.labels.length,
    labels: digest(train.labels),
    validation: validation && digest(validation.labels),
    epochs,
    batchSize,
    seed,
    weights: weights.length,
    rates: `from ${schedule(0)} to ${schedule(steps - 1)}, all: ${digest(rates)}`,
    optimizer: optimizer.settings,
    augmented: augment !== undefined,
    maxGradientNorm,
    averageDecay,
    patience,
    compiled,
    parts,
  };
}

/** Refuses a saved state whose settings differ, and names those that do. */
function checkSameRun(path: string, saved: unknown, ours: Record<string, unknown>): void {
  const theirs = (saved ?? {}) as Record<string, unknown>;
  const text = (value: unknown) => JSON.stringify(value) ?? "none";
  const keys = Object.keys({ ...ours, ...theirs }).filter((key) => text(theirs[key]) !== text(ours[key]));
  if (keys.length === 0) return;
  const differences = keys.map((key) => `${key}: expected ${text(ours[key])}, got ${text(theirs[key])}`).join("; ");
  throw new Error(
    `${path} belongs to another run (${differences}): delete the file to start anew, or give this run another path.`,
  );
}
