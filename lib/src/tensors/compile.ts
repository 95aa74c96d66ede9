import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeSavedModel } from "./saved-model";
import { type NamedTensors, tf } from "./tensorflow";
import { notTheSame, trace } from "./trace";

/** A function of tensors that runs as one TensorFlow graph. */
export interface Compiled<T extends NamedTensors = NamedTensors> {
  /**
   * Runs the graph; the caller disposes the outputs.
   * @throws for inputs of other names or shapes than those it was compiled for
   */
  run(inputs: NamedTensors): T;
  /** Frees the graph. */
  dispose(): void;
}

/** A compiled function; or why there is none, and the outputs of the function itself. */
export type Compilation<T extends NamedTensors = NamedTensors> =
  | { compiled: Compiled<T>; problem?: undefined; outputs?: undefined }
  | { compiled?: undefined; problem: string; outputs: T };

/**
 * Turns a function of tensors into one graph that TensorFlow optimises and runs in a single call, its independent
 * kernels side by side: what `tf.function` does in Python. The graph is loaded from a SavedModel in a temporary folder.
 * The function is called twice: when the two calls differ, or do what a graph cannot, the result is a `problem` and the
 * first call's outputs. The graph's first run is compared with the function's outputs.
 * @param inputs tensors that `f` reads, by the names that `run` takes
 * @param f leaves no tensor behind but what it returns and the new values of `variables`
 */
export async function compile<T extends NamedTensors>(
  inputs: NamedTensors,
  f: () => T,
  variables: tf.Variable[] = [],
): Promise<Compilation<T>> {
  const first = trace(inputs, f, variables);
  if (!first.graph) return { problem: first.problem as string, outputs: first.outputs };
  const second = traceAgain(inputs, f, variables, first.outputs);
  const bytes = encodeSavedModel(first.graph);
  if (!second.graph || Buffer.compare(bytes, encodeSavedModel(second.graph)) !== 0)
    return { problem: notTheSame, outputs: first.outputs };
  let compiled: Compiled<T> | undefined;
  let problem: string | undefined;
  try {
    compiled = await load<T>(bytes, inputs);
    const own = compiled.run(inputs);
    const other = difference(own, first.outputs);
    tf.dispose(own);
    problem = other && `as a graph it gives another \`${other}\``;
  } catch (error) {
    // for example a full disk, or a kernel that is stricter in a graph than when called directly
    problem = `TensorFlow does not run it as a graph: ${(error as Error).message}`;
  }
  if (compiled && problem === undefined) {
    tf.dispose(first.outputs);
    return { compiled };
  }
  compiled?.dispose();
  return { problem: problem as string, outputs: first.outputs };
}

/** Traces the second call and disposes its outputs; when it throws, those of the first call too. */
function traceAgain<T extends NamedTensors>(inputs: NamedTensors, f: () => T, variables: tf.Variable[], first: T) {
  try {
    const second = trace(inputs, f, variables);
    tf.dispose(second.outputs);
    return second;
  } catch (error) {
    tf.dispose(first);
    throw error;
  }
}

async function load<T extends NamedTensors>(savedModel: Uint8Array, inputs: NamedTensors): Promise<Compiled<T>> {
  const shapes = Object.entries(inputs).map(([name, { shape }]) => [name, shape.join()] as const);
  const folder = mkdtempSync(join(tmpdir(), "lenet-graph-"));
  try {
    writeFileSync(join(folder, "saved_model.pb"), savedModel);
    const model = await tf.node.loadSavedModel(folder);
    return {
      run(values) {
        // TensorFlow does not check shapes: kernels would fail, or compute with constants of another shape
        for (const [name, shape] of shapes) {
          const given = values[name]?.shape.join() ?? shape;
          if (given !== shape)
            throw new Error(
              `Expected \`${name}\` of shape [${shape}], got [${given}]: compile again for other shapes.`,
            );
        }
        return model.predict(values) as unknown as T;
      },
      dispose: () => model.dispose(),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The name of an output that is not as `expected`, if any; rounding may differ by 1e-4 of the largest number. */
export function difference(outputs: NamedTensors, expected: NamedTensors): string | undefined {
  return Object.keys(expected).find((name) => {
    const [ours, theirs] = [numbersOf(outputs[name]), numbersOf(expected[name])];
    const largest = theirs.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return !theirs.every((value, i) => Math.abs(value - (ours[i] as number)) <= 1e-4 * largest);
  });
}

const numbersOf = (tensor: tf.Tensor | undefined): number[] => Array.from(tensor?.dataSync() ?? []);
