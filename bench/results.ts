/** From measurements to the object that `data/results/bench.json` holds. */
import { join } from "node:path";
import type { Bench, BenchSpread, InferenceEngine, TrainingEngine } from "lenet-lab";
import { writeAtomically } from "lenet-lab";
import { root } from "./engine-process";
import { toldThreads } from "./engines";
import { machine, versions } from "./machine";
import type { InferenceMeasurement } from "./measure-inference";
import type { TrainingMeasurement } from "./measure-training";
import { batchSize, largeBatch, type Settings, threads } from "./settings";
import type { Summary } from "./statistics";

/** What a run may have measured: all of a `Bench`, or the parts that were asked for, of the engines that were there. */
export type Measured = Omit<Bench, "training" | "inference" | "memory" | "scaling" | "kernels"> & {
  training?: ReturnType<typeof trainingResults>;
  inference?: ReturnType<typeof inferenceResults>;
  memory?: Bench["memory"];
  scaling?: Partial<Bench["scaling"]>;
  kernels?: Bench["kernels"];
};

/** The measurements of a run, before they are put in order. */
export interface Parts {
  training?: Partial<Record<TrainingEngine, TrainingMeasurement>>;
  one?: Partial<Record<InferenceEngine, InferenceMeasurement>>;
  batch?: Partial<Record<InferenceEngine, InferenceMeasurement>>;
  memory?: Bench["memory"];
  scaling?: Partial<Bench["scaling"]>;
  kernels?: Bench["kernels"];
}

export function toResults({ training, one, batch, memory, scaling, kernels }: Parts, settings: Settings): Measured {
  const measurements = [training, one, batch].flatMap((part) => Object.values(part ?? {}));
  return {
    protocol: protocol(settings),
    training: training && trainingResults(training, settings),
    inference: one && batch && inferenceResults(one, batch),
    memory,
    scaling,
    kernels,
    machine: machine(),
    versions: versions(Object.assign({}, ...measurements.map((each) => each.versions))),
    date: new Date().toISOString().slice(0, 10),
    command: "npm run bench -- --peers",
  };
}

/** Writes the results of a full run, whole or not at all, and returns their path below the project's folder. */
export function writeResults(results: Measured, folder = root): string {
  const path = join("data", "results", "bench.json");
  writeAtomically(join(folder, path), [Buffer.from(toJson(results))]);
  return path;
}

/** Six significant digits say all that these measurements can. */
export function toJson(results: Measured): string {
  const rounded = (_key: string, value: unknown) =>
    typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
  return `${JSON.stringify(results, rounded, 2)}\n`;
}

function trainingResults(parts: NonNullable<Parts["training"]>, { training }: Settings) {
  const of = <V>(value: (each: TrainingMeasurement) => V) => table(parts, value);
  return {
    images: training.images,
    batchSize,
    threads: threads.training,
    threadsToldBy: told("training", parts),
    secondsPerEpoch: of(({ seconds }) => seconds.median),
    spread: { secondsPerEpoch: of(({ seconds }) => spread(seconds)) },
    finalLoss: of(({ loss }) => loss),
    variants: of(({ chosen }) => chosen),
  };
}

function inferenceResults(one: NonNullable<Parts["one"]>, batch: NonNullable<Parts["batch"]>) {
  const perSecond = (microseconds: number) => (1e6 * largeBatch) / microseconds;
  const inverted = ({ low, high, count }: Summary) => ({ low: perSecond(high), high: perSecond(low), count });
  return {
    batch: largeBatch,
    threads: { image: threads.image, batch: threads.batch },
    threadsToldBy: told("inference", one),
    microseconds: table(one, ({ microseconds }) => microseconds.median),
    imagesPerSecond: table(batch, ({ microseconds }) => perSecond(microseconds.median)),
    spread: {
      microseconds: table(one, ({ microseconds }) => spread(microseconds)),
      imagesPerSecond: table(batch, ({ microseconds }) => inverted(microseconds)),
    },
    variants: { image: table(one, ({ chosen }) => chosen), batch: table(batch, ({ chosen }) => chosen) },
  };
}

const spread = ({ low, high, count }: Summary): BenchSpread => ({ low, high, count });

function told(part: "training" | "inference", engines: object): Record<string, string> {
  return Object.fromEntries(Object.entries(toldThreads(part)).filter(([name]) => name in engines));
}

/** One value for each engine. */
function table<Each, V>(parts: Partial<Record<string, Each>>, value: (each: Each) => V): Record<string, V> {
  return Object.fromEntries(Object.entries(parts).map(([name, each]) => [name, value(each as Each)]));
}

function protocol({ training, inference }: Settings): string {
  return [
    `LeNet-5 (61,706 parameters), each engine in a process of its own, one computing at a time, in turn, each round in another order`,
    `training: ${training.images.toLocaleString("en")} images an epoch in batches of ${batchSize}, shuffled anew each epoch, the gathering of batches included; SGD, Nesterov momentum 0.9, rate 0.05, no weight decay, He-uniform start; ${threads.training} threads allowed; one epoch warms up, ${training.rounds} count`,
    `inference: the shipped weights, every call another test image, pixels ready in the form that the engine takes (ours: raw bytes; float engines: floats in [0, 1]), logits out as an array that can be read; ${inference.rounds} rounds of ${inference.blocks} blocks after a warm-up; one image with ${threads.image} thread, ${largeBatch.toLocaleString("en")} images with ${threads.batch}`,
    "each engine but ours in the fastest of the variants tried; ours in training with its own settings",
    "medians; low and high hold the middle half",
  ].join(". ");
}
