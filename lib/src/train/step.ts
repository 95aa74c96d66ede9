import type { Loader } from "../data/loader";
import { type Loss, softmaxCrossEntropy } from "../network/loss";
import { type Compiled, compile, difference } from "../tensors/compile";
import { type NamedTensors, tf } from "../tensors/tensorflow";
import { trace } from "../tensors/trace";
import {
  type Differentiated,
  differentiateInParts,
  type GradientResult,
  type LabelledImages,
  lossAndGradient,
  readGradient,
  type Trainable,
  unflatten,
} from "./gradient";

/** The result of a step. */
export interface StepResult extends GradientResult {
  /** the images of the loader's next batch, if the step made them; the caller disposes */
  upcoming?: tf.Tensor4D;
}

type Inputs = LabelledImages & { weights: tf.Tensor1D } & NamedTensors;
type Outputs = Differentiated & { upcoming?: tf.Tensor4D };

/** Options of `TrainingStep`. */
export interface StepOptions {
  loss?: Loss;
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
  private readonly loss: Loss;
  private readonly parts: number;
  private graph?: Compiled<Outputs>;
  /** the shapes of the graph's inputs */
  private shapes?: string;
  /** steps that the graph has run */
  private steps = 0;

  constructor(model: Trainable, { loss = softmaxCrossEntropy, compiled, parts = 2 }: StepOptions = {}) {
    this.model = model;
    this.loss = loss;
    this.parts = parts;
    if (compiled === false) this.problem = "the options say `compiled: false`";
    else if (!compiled && !model.compilable) this.problem = "the network does not say that it is `compilable`";
  }

  /**
   * Loss and gradient of the loader's batch. Afterwards the variables hold `weights` if kernels ran one by one, or
   * those of an earlier step if the graph ran.
   * @param weights all weights end to end
   * @throws when a network, loss or image map that changes over time was compiled: some steps are checked
   */
  async run(loader: Loader, weights: Float32Array): Promise<StepResult> {
    const { images, labels } = loader.batch as LabelledImages;
    const next = loader.upcoming;
    // the graph has fixed shapes: a full batch, and a full batch after it
    if (this.problem !== undefined || !next || next.indices?.size !== labels.size)
      return this.byKernels({ images, labels }, weights);
    const inputs = { images, labels, weights: tf.tensor1d(weights), ...next };
    try {
      if (this.graph && this.shapes !== shapesOf(inputs)) return this.byKernels({ images, labels }, weights);
      const outputs = this.graph?.run(inputs) ?? (await this.compile(inputs, loader));
      const result = readGradient(outputs);
      tf.dispose([outputs.loss, outputs.correct, outputs.gradient]);
      if (this.graph && isChecked(this.steps++)) this.check({ ...result, upcoming: outputs.upcoming }, loader, weights);
      return { ...result, upcoming: outputs.upcoming };
    } finally {
      inputs.weights.dispose();
    }
  }

  /** Frees the graph; the next run compiles again. */
  dispose(): void {
    this.graph?.dispose();
    this.graph = undefined;
  }

  private byKernels(batch: LabelledImages, weights: Float32Array): StepResult {
    unflatten(this.model.variables, weights);
    return lossAndGradient(this.model, batch, { loss: this.loss });
  }

  /** Compiles the step, in parts if they give what the whole batch gives, or sets `problem`; returns the outputs. */
  private async compile(inputs: Inputs, loader: Loader): Promise<Outputs> {
    const { model, loss } = this;
    const step = (parts: number) => (): Outputs => {
      assign(model.variables, inputs.weights);
      return tf.tidy(() => ({
        ...differentiateInParts(model, inputs, loss, parts),
        upcoming: loader.makeUpcoming(),
      }));
    };
    // traced once on the whole batch first: a network with state must not see more steps, nor parts of a batch
    const whole = trace(inputs, step(1), model.variables);
    this.problem = whole.problem;
    const parts = Math.min(this.parts, inputs.labels.size);
    try {
      // what depends on the whole batch, such as a loss that is not a mean over images, differs in parts
      for (const count of whole.problem === undefined ? [parts, 1] : []) {
        const { compiled, problem, outputs } = await compile(inputs, step(count), model.variables);
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
    }
    return whole.outputs;
  }

  /** Compares the graph's loss and images with those of kernels run one by one. */
  private check({ loss, upcoming }: StepResult, loader: Loader, weights: Float32Array): void {
    // the trainer has its own error for a loss that is not finite
    if (!Number.isFinite(loss)) return;
    const made = loader.makeUpcoming();
    try {
      const now = this.byKernels(loader.batch as LabelledImages, weights).loss;
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
  return new Error(`Expected ${what} that does the same at every step, got ${got}: train it with \`compiled: false\`.`);
}

const shapesOf = (tensors: NamedTensors): string =>
  Object.entries(tensors)
    .map(([name, { shape }]) => `${name} ${shape}`)
    .join("; ");

/** Sets variables from one tensor that holds them end to end, by kernels. */
function assign(variables: tf.Variable[], weights: tf.Tensor1D): void {
  tf.tidy(() => {
    const sizes = variables.map(({ size }) => size);
    const parts = tf.split(weights, sizes);
    for (const [i, variable] of variables.entries()) variable.assign(tf.reshape(parts[i] as tf.Tensor, variable.shape));
  });
}
