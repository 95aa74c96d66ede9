import { drawingFrom, random } from "../common/random";
import type { Batch, Loader } from "../data/loader";
import { type Loss, softmaxCrossEntropy } from "../network/loss";
import { type Compiled, compile, difference } from "../tensors/compile";
import { type NamedTensors, tf } from "../tensors/tensorflow";
import { trace } from "../tensors/trace";
import {
  type Differentiated,
  differentiateInParts,
  flatten,
  type GradientResult,
  type LabelledImages,
  type LossOptions,
  lossAndGradient,
  readGradient,
  unflatten,
} from "./gradient";
import { allVariables, keepingState, restoreState, saveState } from "./network-state";
import type { Trainable } from "./trainable";

/** The result of a step. */
export interface StepResult extends GradientResult {
  /** the numbers of the network's `state.variables` after the step, end to end */
  kept: Float32Array;
  /** the images of the loader's next batch, if the step made them; the caller disposes */
  upcoming?: tf.Tensor4D;
}

type Inputs = LabelledImages & { numbers: tf.Tensor1D } & NamedTensors;
type Outputs = Differentiated & { kept?: tf.Tensor1D; upcoming?: tf.Tensor4D };

/** Options of `TrainingStep`. */
export interface StepOptions {
  loss?: Loss;
  /** how many classes the labels name; a network of another number of logits is refused */
  classes?: number;
  /** fixes what the network draws, such as dropout; default 0 */
  seed?: number;
  /** whether to compile; default: the model's `compilable` */
  compiled?: boolean;
  /** into how many parts a compiled step divides the batch; default 2 */
  parts?: number;
}

/**
 * Loss and gradient of one batch after the other. A full batch runs as one TensorFlow graph, its parts side by side;
 * the same graph makes the next batch's images. Smaller batches at the end of an epoch run kernel by kernel, and so
 * does a network that cannot be a graph.
 */
export class TrainingStep {
  /** why nothing is compiled; known after the first full batch that another full batch follows */
  problem?: string;
  private readonly model: Trainable;
  private readonly loss: LossOptions;
  private readonly seed: number;
  private readonly parts: number;
  private graph?: Compiled<Outputs>;
  /** the shapes of the graph's inputs */
  private shapes?: string;
  /** steps that the graph has run */
  private steps = 0;
  /** whether the next step of the graph is compared with the kernels, whatever its number */
  private doubted = false;

  constructor(model: Trainable, options: StepOptions = {}) {
    const { loss = softmaxCrossEntropy, classes, seed = 0, compiled, parts = 2 } = options;
    this.model = model;
    this.loss = { loss, classes };
    this.seed = seed;
    this.parts = parts;
    if (compiled === false) this.problem = "the options say `compiled: false`";
    else if (!compiled && !model.compilable) this.problem = "the network does not say that it is `compilable`";
  }

  /**
   * Loss and gradient of the loader's batch. Afterwards the variables hold `numbers` if kernels ran one by one, or
   * those of an earlier step if the graph ran.
   * @param numbers of all variables end to end: those that are learned, then those of the network's state
   * @throws when a network, loss or image map that changes over time was compiled: some steps are checked
   */
  async run(loader: Loader, numbers: Float32Array): Promise<StepResult> {
    const { images, labels } = loader.batch as Batch;
    const next = loader.upcoming;
    // the graph has fixed shapes: a full batch, and a full batch after it
    if (this.problem !== undefined || !next || next.indices?.size !== labels.size)
      return this.byKernels(loader, numbers);
    const inputs = { images, labels, numbers: tf.tensor1d(numbers), ...next };
    try {
      if (this.graph && this.shapes !== shapesOf(inputs)) return this.byKernels(loader, numbers);
      const { upcoming, kept, ...outputs } = this.graph?.run(inputs) ?? (await this.compile(inputs, loader));
      const result = { ...readGradient(outputs), kept: flatten(kept ? [kept] : []), upcoming };
      tf.dispose([outputs.loss, outputs.correct, outputs.gradient]);
      kept?.dispose();
      if (this.graph && (isChecked(this.steps++) || this.doubted)) this.check(result, loader, numbers);
      return result;
    } finally {
      inputs.numbers.dispose();
    }
  }

  /** Has the next step compared with the kernels, as after a callback that may have changed a setting. */
  doubt(): void {
    this.doubted = true;
  }

  /** Frees the graph; the next run compiles again. */
  dispose(): void {
    this.graph?.dispose();
    this.graph = undefined;
  }

  private byKernels(loader: Loader, numbers: Float32Array): StepResult {
    const { model, loss } = this;
    unflatten(allVariables(model), numbers);
    const result = this.drawing(loader, () => lossAndGradient(model, loader.batch as Batch, loss));
    return { ...result, kept: flatten(model.state?.variables ?? []) };
  }

  /** Calls `f`, in which the network's draws depend on nothing but the seed and the step. */
  private drawing<T>(loader: Loader, f: () => T): T {
    // no epoch is −1: the batch itself is drawn by seed, epoch and step
    return drawingFrom(random(this.seed, -1, (loader.batch as Batch).step), f);
  }

  /** Compiles the step, in parts if they give what the whole batch gives, or sets `problem`; returns the outputs. */
  private async compile(inputs: Inputs, loader: Loader): Promise<Outputs> {
    const { model, loss } = this;
    const variables = allVariables(model);
    const keeps = model.state?.variables ?? [];
    const step = (parts: number) => (): Outputs => {
      assign(variables, inputs.numbers);
      return tf.tidy(() => {
        const outputs = differentiateInParts(model, inputs, loss, parts);
        const kept =
          keeps.length > 0 ? tf.concat(keeps.map((each) => tf.cast(tf.reshape(each, [-1]), "float32"))) : undefined;
        return { ...outputs, ...(kept && { kept: kept as tf.Tensor1D }), upcoming: loader.makeUpcoming() };
      });
    };
    // traced once on the whole batch first: a network with state must not see more steps, nor parts of a batch
    const whole = this.drawing(loader, () => trace(inputs, step(1), variables));
    this.problem = whole.problem;
    if (whole.problem !== undefined) return whole.outputs;
    const afterwards = saveState(model);
    const parts = Math.min(this.parts, inputs.labels.size);
    try {
      // what depends on the whole batch, such as a loss that is not a mean over images, differs in parts
      for (const count of [parts, 1]) {
        const { compiled, problem, outputs } = await compile(inputs, step(count), variables);
        const own = (compiled?.run(inputs) ?? outputs) as Outputs;
        const other = difference(own, whole.outputs);
        this.problem = problem ?? (other && `in ${count} part(s) it gives another \`${other}\``);
        if (compiled && other === undefined) {
          tf.dispose(whole.outputs);
          this.graph = compiled;
          this.shapes = shapesOf(inputs);
          this.steps = 0;
          return own;
        }
        tf.dispose(own);
        compiled?.dispose();
      }
    } catch (error) {
      tf.dispose(whole.outputs);
      throw error;
    } finally {
      restoreState(model, afterwards);
    }
    return whole.outputs;
  }

  /** Compares the graph's loss and images with those of kernels run one by one. */
  private check({ loss, upcoming }: StepResult, loader: Loader, numbers: Float32Array): void {
    this.doubted = false;
    // the trainer has its own error for a loss that is not finite
    if (!Number.isFinite(loss)) return;
    const made = loader.makeUpcoming();
    try {
      const now = keepingState(this.model, () => this.byKernels(loader, numbers)).loss;
      if (Math.abs(now - loss) > 1e-4 * Math.max(1, Math.abs(loss)))
        throw changed("a network", `a loss of ${now}, but ${loss} as it was compiled`);
      if (upcoming && difference({ upcoming }, { upcoming: made }))
        throw changed("an image map", "other images than when it was compiled");
    } catch (error) {
      upcoming?.dispose();
      throw error;
    } finally {
      made.dispose();
    }
  }
}

/** Whether a graph's step is compared with the kernels: often at first, then one in 512, which costs half a percent. */
function isChecked(step: number): boolean {
  return step > 0 && (step % 512 === 0 || (step < 512 && Number.isInteger(Math.log2(step))));
}

function changed(what: string, got: string): Error {
  return new Error(
    `Expected ${what} that does the same at every step, got ${got}: train it with \`compiled: false\`, or with ` +
      "`parts: 1` where the loss is not a mean over images.",
  );
}

const shapesOf = (tensors: NamedTensors): string =>
  Object.entries(tensors)
    .map(([name, { shape }]) => `${name} ${shape}`)
    .join("; ");

/** Sets variables from one tensor that holds them end to end, by kernels. */
function assign(variables: tf.Variable[], numbers: tf.Tensor1D): void {
  tf.tidy(() => {
    const sizes = variables.map(({ size }) => size);
    const parts = tf.split(numbers, sizes);
    for (const [i, variable] of variables.entries())
      variable.assign(tf.cast(tf.reshape(parts[i] as tf.Tensor, variable.shape), variable.dtype));
  });
}
