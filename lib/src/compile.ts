import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeSavedModel } from "./saved-model";
import { tf } from "./tensorflow";
import { type NamedTensors, trace } from "./trace";

/** A function of tensors that runs as one TensorFlow graph. */
export interface Compiled<T extends NamedTensors> {
  /** Runs the graph; shapes must be those it was compiled for. The caller disposes the outputs. */
  run(inputs: NamedTensors): T;
  /** Frees the graph. */
  dispose(): void;
}

/** What came of compiling a function: the graph, or why there is none. */
export interface Compilation<T extends NamedTensors> {
  compiled?: Compiled<T>;
  problem?: string;
  /** what the function returned when it was first called; the caller disposes */
  outputs: T;
}

/**
 * Turns a function of tensors into one graph that TensorFlow optimises and runs in a single call, its independent kernels side
 * by side: what `tf.function` does in Python. The graph travels as a SavedModel through a folder that is gone afterwards.
 * The function is called twice; when both calls did not do the same, or do what a graph cannot, there is a `problem`. The first run
 * of the graph is compared with the function's own outputs.
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
  const second = trace(inputs, f, variables);
  tf.dispose(second.outputs);
  const bytes = encodeSavedModel(first.graph);
  if (!second.graph || Buffer.compare(bytes, encodeSavedModel(second.graph)) !== 0) {
    const problem = "it does not do the same each time: it draws random numbers or counts its calls";
    return { problem, outputs: first.outputs };
  }
  const model = await load(bytes);
  const compiled: Compiled<T> = {
    run: (values) => model.predict(values) as unknown as T,
    dispose: () => model.dispose(),
  };
  const own = compiled.run(inputs);
  const other = difference(own, first.outputs);
  tf.dispose(own);
  if (other === undefined) return { compiled, outputs: first.outputs };
  compiled.dispose();
  return { problem: `as a graph it gives another \`${other}\``, outputs: first.outputs };
}

async function load(savedModel: Uint8Array) {
  const folder = mkdtempSync(join(tmpdir(), "lenet-graph-"));
  try {
    writeFileSync(join(folder, "saved_model.pb"), savedModel);
    return await tf.node.loadSavedModel(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The name of an output that is not as `expected`; rounding may differ by 1e-4 of the largest number. */
export function difference(outputs: NamedTensors, expected: NamedTensors): string | undefined {
  return Object.keys(expected).find((name) => {
    const [ours, theirs] = [numbersOf(outputs[name]), numbersOf(expected[name])];
    const largest = theirs.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return !theirs.every((value, i) => Math.abs(value - (ours[i] as number)) <= 1e-4 * largest);
  });
}

const numbersOf = (tensor: tf.Tensor | undefined): number[] => Array.from(tensor?.dataSync() ?? []);
