import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeSavedModel } from "./saved-model";
import { type NamedTensors, tf } from "./tensorflow";
import { notTheSame, type Trace, trace } from "./trace";

/** A function of tensors that runs as one TensorFlow graph. */
export interface Compiled<T extends NamedTensors = NamedTensors> {
  /**
   * Runs the graph; the caller disposes the outputs.
   * @throws for inputs of other names, dtypes or shapes than those it was compiled for, when an output has another
   *   shape than then, and after a variable that became a constant of the graph has been set
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
 * @param inputs tensors that `f` reads, by the names that `run` takes; all other tensors are constants of the graph
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
  if (second.problem !== undefined) return { problem: second.problem, outputs: first.outputs };
  const bytes = encodeSavedModel(first.graph);
  if (!second.graph || Buffer.compare(bytes, encodeSavedModel(second.graph)) !== 0)
    return { problem: notTheSame, outputs: first.outputs };
  let compiled: Compiled<T> | undefined;
  let problem: string | undefined;
  try {
    compiled = await load<T>(bytes, inputs, first);
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

async function load<T extends NamedTensors>(
  bytes: Uint8Array,
  inputs: NamedTensors,
  { outputs, frozen }: Trace<T>,
): Promise<Compiled<T>> {
  const [takes, gives] = [kindsOf(inputs), kindsOf(outputs)];
  const constants = frozenOf(frozen);
  const folder = mkdtempSync(join(tmpdir(), "lenet-graph-"));
  try {
    writeFileSync(join(folder, "saved_model.pb"), bytes);
    const model = await tf.node.loadSavedModel(folder);
    return {
      run(values) {
        checkInputs(values, takes);
        checkFrozen(constants);
        const results = model.predict(values) as unknown as T;
        const other = Object.entries(results).find(
          ([name, { shape }]) => shape.join() !== gives.get(name)?.shape.join(),
        );
        if (!other) return results;
        tf.dispose(results);
        const [name, { shape }] = other;
        throw new Error(
          `Expected \`${name}\` of shape [${gives.get(name)?.shape}], as compiled, got [${shape}]: its shape depends on ` +
            "the inputs' values, so call the function itself.",
        );
      },
      dispose: () => model.dispose(),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a graph fixes of a tensor. */
type Kind = Pick<tf.Tensor, "shape" | "dtype">;

const kindsOf = (tensors: NamedTensors): Map<string, Kind> =>
  new Map(Object.entries(tensors).map(([name, { shape, dtype }]) => [name, { shape: [...shape], dtype }]));

/** TensorFlow does not check shapes: kernels would fail, or compute with constants of another shape. */
function checkInputs(given: NamedTensors, expected: Map<string, Kind>): void {
  const names = Object.keys(given);
  if (names.length !== expected.size || !names.every((name) => expected.has(name)))
    throw new Error(
      `Expected inputs named ${listed([...expected.keys()])}, got ${listed(names)}: give each by its name.`,
    );
  for (const [name, { shape, dtype }] of expected) {
    const tensor = given[name];
    if (!(tensor instanceof tf.Tensor))
      throw new TypeError(`Expected \`${name}\` to be a tensor, got ${typeof tensor}.`);
    if (tensor.isDisposed)
      throw new Error(`Expected \`${name}\` to be a tensor that holds numbers, got a disposed one.`);
    if (tensor.dtype !== dtype)
      throw new Error(`Expected \`${name}\` of dtype ${dtype}, got ${tensor.dtype}: cast it, or compile again.`);
    if (tensor.shape.join() !== shape.join())
      throw new Error(
        `Expected \`${name}\` of shape [${shape}], got [${tensor.shape}]: compile again for other shapes.`,
      );
  }
}

/** A variable whose numbers are constants of a graph. */
interface Frozen {
  variable: tf.Variable;
  /** where its numbers were last seen */
  place: object;
  /** none where the function itself has set it since it read it */
  numbers: number[];
}

const frozenOf = (frozen: Trace<NamedTensors>["frozen"]): Frozen[] =>
  Array.from(frozen, ([variable, place]) => ({
    variable,
    place,
    numbers: variable.dataId === place ? numbersOf(variable) : [],
  }));

function checkFrozen(frozen: Frozen[]): void {
  for (const each of frozen) {
    const { variable, place, numbers } = each;
    if (variable.dataId === place) continue;
    const now = numbersOf(variable);
    if (now.length !== numbers.length || !now.every((value, i) => Object.is(value, numbers[i])))
      throw new Error(
        `Expected the variable \`${variable.name}\` as it was when it became a constant of the graph, but it has been set ` +
          "since: compile again, or make it one of the inputs; in training, name it in `state.variables` of the network, " +
          "or train with `compiled: false`.",
      );
    // set to what it was, as a trainer does with weights that it leaves alone
    each.place = variable.dataId;
  }
}

const listed = (names: string[]): string => names.map((name) => `\`${name}\``).join(", ") || "none";

/** The name of an output that is not as `expected`, if any; rounding may differ by 1e-4 of the largest number. */
export function difference(outputs: NamedTensors, expected: NamedTensors): string | undefined {
  return Object.keys(expected).find((name) => {
    const [ours, theirs] = [numbersOf(outputs[name]), numbersOf(expected[name])];
    const largest = theirs.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return !theirs.every((value, i) => Math.abs(value - (ours[i] as number)) <= 1e-4 * largest);
  });
}

const numbersOf = (tensor: tf.Tensor | undefined): number[] => Array.from(tensor?.dataSync() ?? []);
