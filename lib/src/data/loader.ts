import { typeName } from "../common/checks";
import { drawingFrom } from "../common/random";
import { type NamedTensors, tf } from "../tensors/tensorflow";
import { type BatchOptions, type BatchPlan, batchPlans } from "./batch-plan";
import type { Dataset } from "./dataset";
import type { ImageMap } from "./image-map";
import { type PackedPixels, packPixels, selectImages } from "./pixel-store";

/** Some images and their labels, as tensors. */
export interface Batch {
  /** float32 [n, height, width, 1] in [0, 1] */
  images: tf.Tensor4D;
  /** int32 [n] */
  labels: tf.Tensor1D;
  /** counts batches from 0 through all epochs */
  step: number;
  /** counts epochs from 0 */
  epoch: number;
}

/** A batch that is drawn, but whose images are not made yet. */
interface Drawn {
  plan: BatchPlan;
  labels: tf.Tensor1D;
  indices: tf.Tensor1D;
  draws: tf.Tensor[];
}

/**
 * The batches of a run, one after the other. All pixels lie in one tensor. JavaScript draws a batch's indices and
 * random numbers as small tensors; kernels alone make its images from them, so a graph can do that during the step
 * before. The caller disposes the loader.
 */
export class Loader {
  /** the current batch, until the next `advance`; undefined after the last one */
  batch?: Batch;
  private readonly dataset: Dataset;
  private readonly map?: ImageMap;
  private readonly plans: Iterator<BatchPlan, void>;
  private readonly pixels: PackedPixels;
  private next?: Drawn;
  private made?: tf.Tensor4D;

  constructor(dataset: Dataset, options: BatchOptions = {}) {
    this.dataset = dataset;
    this.map = options.map;
    this.plans = batchPlans(dataset, options);
    const first = this.nextPlan();
    this.pixels = packPixels(dataset);
    try {
      this.next = this.draw(first);
      this.advance();
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** The tensors from which the next batch's images are made; undefined when there is no next batch. */
  get upcoming(): NamedTensors | undefined {
    if (!this.next) return undefined;
    const { indices, draws } = this.next;
    const named = draws.map((tensor, i) => [`draws${i}`, tensor] as const);
    return { ...this.pixels, indices, ...Object.fromEntries(named) };
  }

  /** Makes the next batch's images by kernels, with the map applied if it has parts; the caller disposes. */
  makeUpcoming(): tf.Tensor4D {
    const { indices, draws } = this.next as Drawn;
    const [, height, width] = this.dataset.images.shape as [number, number, number];
    const { map } = this;
    return tf.tidy(() => {
      const images = selectImages(this.pixels, indices, [height, width]);
      return map?.parts ? checkMapped(map.parts.apply(images, draws), map, indices.size) : images;
    });
  }

  /** Keeps images that `makeUpcoming` made in a compiled graph, for `advance` to use. */
  keep(images: tf.Tensor4D | undefined): void {
    this.made = images;
  }

  /**
   * Makes the next batch the current one, and disposes the one before.
   * @param images the images that `makeUpcoming` made; default: those that `keep` kept, else they are made now
   */
  advance(images = this.made): void {
    this.disposeBatch();
    if (!this.next) return;
    const { plan, labels, indices, draws } = this.next;
    const made = images ?? drawingFrom(plan.random, () => this.makeUpcoming());
    this.made = undefined;
    this.batch = { images: made, labels, step: plan.step, epoch: plan.epoch };
    tf.dispose([indices, draws]);
    this.next = undefined;
    if (this.map && !this.map.parts) this.batch.images = mapped(made, this.map, plan);
    this.next = this.draw(this.nextPlan());
  }

  dispose(): void {
    this.disposeBatch();
    const { labels, indices, draws } = this.next ?? {};
    const { packed, white } = this.pixels;
    const tensors = [packed, white, this.made, labels, indices, ...(draws ?? [])];
    tf.dispose(tensors.filter((tensor) => tensor !== undefined));
    this.made = undefined;
    this.next = undefined;
  }

  private nextPlan(): BatchPlan | undefined {
    const { value, done } = this.plans.next();
    return done ? undefined : value;
  }

  private draw(plan: BatchPlan | undefined): Drawn | undefined {
    if (!plan) return undefined;
    const { indices, random } = plan;
    const [, height, width] = this.dataset.images.shape as [number, number, number];
    // the map's draws first: they may throw, and must not leave other tensors behind
    const { parts } = this.map ?? {};
    const draws = parts ? drawingFrom(random, () => parts.draw([indices.length, height, width], random)) : [];
    const labels = tf.tensor1d(Int32Array.from(indices, (i) => this.dataset.labels[i] as number));
    return { plan, labels, indices: tf.tensor1d(indices, "int32"), draws };
  }

  private disposeBatch(): void {
    if (this.batch) tf.dispose([this.batch.images, this.batch.labels]);
    this.batch = undefined;
  }
}

/**
 * @throws unless a map has given float32 [n, height, width, channels] of `count` images: more or fewer lose their
 *   labels
 */
function checkMapped(result: tf.Tensor4D, map: ImageMap, count: number): tf.Tensor4D {
  const { shape, dtype } = result instanceof tf.Tensor ? result : { shape: [], dtype: typeName(result) };
  if (dtype === "float32" && shape.length === 4 && shape[0] === count) return result;
  // a function that was written in place is called by its key
  const name = map.name && map.name !== "map" ? `the map ${map.name}` : "`map`";
  throw new Error(
    `Expected ${name} to give float32 [${count}, height, width, channels], got ${dtype} [${shape.join(", ")}]: ` +
      "a map changes images, not how many there are.",
  );
}

function mapped(images: tf.Tensor4D, map: ImageMap, { random }: BatchPlan): tf.Tensor4D {
  // what tf.randomUniform draws in a map is fixed by the seed of the batch too
  const result = tf.tidy(() =>
    checkMapped(
      drawingFrom(random, () => map(images, random)),
      map,
      images.shape[0],
    ),
  );
  if (result !== images) images.dispose();
  return result;
}
