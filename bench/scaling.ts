/** How the library's times grow: with images and parameters in training, with the batch in inference. */
import type { BatchCurve, ScalingCurve } from "lenet-lab";
import { EngineProcess } from "./engine-process";
import { inferenceEngines, trainingEngines } from "./engines";
import type { Epoch } from "./engines/training";
import { oneRound, paceOf, task, warmUp } from "./measure-inference";
import { start } from "./measure-training";
import { alternate } from "./rounds";
import type { Settings } from "./settings";
import { powerLaw, summary } from "./statistics";

const [trainer] = trainingEngines as [(typeof trainingEngines)[number]];
const [engine] = inferenceEngines as [(typeof inferenceEngines)[number]];

/** Seconds an epoch against images an epoch. */
export async function scaleImages({ images, epochs }: Settings["scaling"]): Promise<ScalingCurve> {
  const seconds: number[] = [];
  for (const count of images) seconds.push((await epochOf({ images: count, width: 1, epochs })).seconds);
  return { of: "images", at: images, seconds, ...powerLaw(images, seconds) };
}

/** Seconds an epoch of so many images against parameters, of wider and wider networks. */
export async function scaleParameters({ widths, widthImages, epochs }: Settings["scaling"]): Promise<ScalingCurve> {
  const measured: { seconds: number; parameters: number }[] = [];
  for (const width of widths) measured.push(await epochOf({ images: widthImages, width, epochs }));
  const at = measured.map(({ parameters }) => parameters);
  const seconds = measured.map((each) => each.seconds);
  return { of: "parameters", at, seconds, ...powerLaw(at, seconds) };
}

/** The median of some epochs after one that warms up. */
async function epochOf({ images, width, epochs }: { images: number; width: number; epochs: number }) {
  const { child, ready } = await start(trainer, { label: "scaling", options: { width } }, images);
  try {
    const seconds: number[] = [];
    for (let i = 0; i <= epochs; i++) seconds.push((await child.ask<Epoch>("epoch")).seconds);
    return { seconds: summary(seconds.slice(1)).median, parameters: ready.parameters };
  } finally {
    child.stop();
  }
}

/** Images a second against the batch, with one thread and with two. */
export async function scaleBatches({ batches, rounds }: Settings["scaling"]): Promise<BatchCurve[]> {
  const children = new Map<number, EngineProcess>();
  try {
    for (const threads of [1, 2])
      children.set(threads, new EngineProcess({ program: engine.program, env: engine.env?.(threads) }));
    const points = [...children.keys()].flatMap((threads) => batches.map((batch) => `${threads} ${batch}`));
    const measured = await alternate(points, rounds, async (point) => {
      const [threads, batch] = point.split(" ").map(Number) as [number, number];
      const child = children.get(threads) as EngineProcess;
      await child.ask("prepare", { ...task({ batch, threads }), ...engine.options });
      await warmUp(child, 50);
      return oneRound({ child, pace: await paceOf(child, { blockMilliseconds: 3, blocks: 5 }) });
    });
    const speed = (threads: number, batch: number) =>
      (1e6 * batch) / summary((measured[`${threads} ${batch}`] as number[][]).flat()).median;
    return [...children.keys()].map((threads) => ({
      threads,
      batch: [...batches],
      imagesPerSecond: batches.map((batch) => speed(threads, batch)),
    }));
  } finally {
    for (const child of children.values()) child.stop();
  }
}
