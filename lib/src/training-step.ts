import { type Compiled, compile } from "./compile";
import {
  differentiate,
  type GradientResult,
  type LabelledImages,
  lossAndGradient,
  readGradient,
  type Trainable,
  unflatten,
} from "./gradient";
import type { Loader } from "./loader";
import { type Loss, softmaxCrossEntropy } from "./loss";
import { tf } from "./tensorflow";
import type { NamedTensors } from "./trace";

/** What a step gives. */
export interface StepResult extends GradientResult {
  /** the images of the loader's next batch, if the step made them; the caller disposes */
  upcoming?: tf.Tensor4D;
}

type Inputs = LabelledImages & { weights: tf.Tensor1D };
type Outputs = ReturnType<typeof differentiate> & { upcoming?: tf.Tensor4D };

/**
 * Loss and gradient of one batch after the other. Full batches run as one TensorFlow graph, which takes half the time of the same
 * kernels one by one and makes the images of the next batch meanwhile, on a core that the step leaves idle. The odd batches at
 * the end of an epoch run kernel by kernel, and so does a network that a graph cannot hold.
 */
export class TrainingStep {
  /** why nothing is compiled, if so; known after the first step */
  problem?: string;
  private readonly model: Trainable;
  private readonly loss: Loss;
  private graph?: Compiled<Outputs>;

  /** @param options.compiled whether to compile; as the model says unless told */
  constructor(model: Trainable, { loss = softmaxCrossEntropy, compiled = model.compilable ?? false } = {}) {
    this.model = model;
    this.loss = loss;
    if (!compiled) this.problem = "neither the network (`compilable`) nor the options (`compiled`) ask for it";
  }

  /**
   * Loss and gradient of the loader's batch. The variables are left with `weights` when kernels ran one by one, and with those of an
   * earlier step when the graph did.
   * @param weights all weights end to end
   */
  async run(loader: Loader, weights: Float32Array): Promise<StepResult> {
    const { images, labels } = loader.batch as LabelledImages;
    const next = loader.upcoming;
    // a graph is for one shape: that of a full batch before another full batch
    if (this.problem !== undefined || !next || next.indices?.size !== labels.size)
      return this.byKernels({ images, labels }, weights);
    const inputs = { images, labels, weights: tf.tensor1d(weights), ...next };
    try {
      const outputs = await this.asGraph(inputs, loader);
      const result = readGradient(outputs);
      tf.dispose([outputs.loss, outputs.correct, outputs.gradient]);
      return { ...result, upcoming: outputs.upcoming };
    } finally {
      inputs.weights.dispose();
    }
  }

  /**
   * Compares a result with what the kernels give one by one.
   * @throws when a network or loss that changes over time was compiled
   */
  verify({ images, labels }: LabelledImages, weights: Float32Array, { loss }: GradientResult): void {
    // a loss that is not finite has an error of its own
    if (!this.graph || !Number.isFinite(loss)) return;
    const now = this.byKernels({ images, labels }, weights).loss;
    if (Math.abs(now - loss) <= 1e-4 * Math.max(1, Math.abs(loss))) return;
    throw new Error(
      `Expected a network that does the same at every step, got a loss of ${now}, but ${loss} as it was compiled: train it with \`compiled: false\`.`,
    );
  }

  /** Frees the graph; the next run compiles anew. */
  dispose(): void {
    this.graph?.dispose();
    this.graph = undefined;
  }

  private byKernels(batch: LabelledImages, weights: Float32Array): StepResult {
    unflatten(this.model.variables, weights);
    return lossAndGradient(this.model, batch, { loss: this.loss });
  }

  private async asGraph(inputs: Inputs & NamedTensors, loader: Loader): Promise<Outputs> {
    if (this.graph) return this.graph.run(inputs);
    const { model, loss } = this;
    const step = (): Outputs => {
      assign(model.variables, inputs.weights);
      return tf.tidy(() => ({ ...differentiate(model, inputs, loss), upcoming: loader.makeUpcoming() }));
    };
    const { compiled, problem, outputs } = await compile(inputs, step, model.variables);
    this.problem = problem;
    if (!compiled) return outputs;
    this.graph = compiled;
    return compiled.run(inputs);
  }
}

/** Sets variables from one tensor that holds them end to end, by kernels. */
function assign(variables: tf.Variable[], weights: tf.Tensor1D): void {
  tf.tidy(() => {
    const sizes = variables.map(({ size }) => size);
    const parts = tf.split(weights, sizes);
    for (const [i, variable] of variables.entries()) variable.assign(tf.reshape(parts[i] as tf.Tensor, variable.shape));
  });
}
