import { type Graph, type GraphAttribute, type GraphNode, savedModelTypes, type TensorInfo } from "./saved-model";
import { type KernelAttribute, type NamedTensors, type NativeBackend, nativeBackend, tf } from "./tensorflow";

/** The result of tracing a function. */
export interface Trace<T extends NamedTensors> {
  /** the function's outputs; the caller disposes */
  outputs: T;
  /** every kernel that ran, from inputs to outputs; undefined when there is a problem */
  graph?: Graph;
  /** variables whose numbers from before the function became constants of the graph, and where those numbers were */
  frozen: ReadonlyMap<tf.Variable, object>;
  /** why the graph could give other results than the function */
  problem?: string;
}

/**
 * Runs a function once and records every TensorFlow kernel that runs meanwhile, whether tfjs, a layer, a gradient or
 * `runKernel` calls it. Numbers made in JavaScript, and tensors that are no inputs, become constants of the graph.
 * @param inputs tensors that the function reads, whose values may differ in later runs of the graph
 * @param f leaves no tensor behind but what it returns and the new values of `variables`
 */
export function trace<T extends NamedTensors>(
  inputs: NamedTensors,
  f: () => T,
  variables: tf.Variable[] = [],
): Trace<T> {
  const recorder = new Recorder();
  for (const [name, tensor] of Object.entries(inputs)) recorder.input(name, tensor);
  const outputs = recorder.during(f);
  // a tensor kept after the call is state, such as batch normalisation's moving averages: a graph would not update it
  const known = new Set([...Object.values(outputs), ...variables].map(({ dataId }) => dataId));
  const outlives = recorder.made.some((dataId) => !known.has(dataId) && nativeBackend().refCount(dataId) > 0);
  if (outlives || recorder.moved().some((variable) => !variables.includes(variable)))
    recorder.problem ??= "it keeps a tensor from one call to the next";
  // a graph cannot return one of its inputs as an output
  const given = new Set(Object.values(inputs).map(({ dataId }) => dataId));
  for (const [name, { dataId }] of Object.entries(outputs))
    if (given.has(dataId)) recorder.problem ??= `its \`${name}\` is one of its inputs`;
  const graph = recorder.graph(inputs, outputs);
  const { frozen, problem } = recorder;
  return problem === undefined ? { outputs, graph, frozen } : { outputs, frozen, problem };
}

/** @internal */
export const notTheSame = "it does not do the same each time: it draws random numbers or counts its calls";

/** Kernels whose outputs are as long as the values of their inputs say: sizes read off them would become constants. */
const shapedByValues =
  /^(Where|ListDiff|DecodeRaw|(Parallel)?Dynamic(Partition|Stitch)|\w*SetOperation|Unique(WithCounts)?(V2)?|NonMaxSuppression\w*|Segment\w+|Sparse(Concat|Cross|Fill|Reshape|Segment|Slice|Split)\w*|Ragged\w+)$/;

class Recorder {
  private readonly nodes: GraphNode[] = [];
  /** the data id of every tensor that a kernel made */
  readonly made: object[] = [];
  problem?: string;
  readonly frozen = new Map<tf.Variable, object>();
  /** by data id, the variables as they are before the function runs */
  private readonly variables = new Map<object, tf.Variable>(
    Object.values(tf.engine().state.registeredVariables).map((variable) => [variable.dataId, variable]),
  );
  /** by data id, the node (and output number) that made the tensor */
  private readonly places = new Map<object, string>();

  input(name: string, { dataId, dtype, shape }: tf.Tensor): void {
    this.attempt(name, () => {
      const attr = { dtype: { type: typeNumber(dtype) }, shape: { shape: toShape(shape) } };
      if (this.places.has(dataId))
        throw new Error("a graph cannot tell it from another input, which is the same tensor");
      // not the input's own name, which may hold a blank or be that of a kernel's node
      const node = `Placeholder_${this.nodes.length}`;
      this.nodes.push({ name: node, op: "Placeholder", input: [], attr });
      this.places.set(dataId, node);
    });
  }

  /** Notes that the numbers of a variable, if these are any, have become a constant. */
  private freeze(dataId: object): void {
    const variable = this.variables.get(dataId);
    if (variable) this.frozen.set(variable, dataId);
  }

  /** The variables that have other data than before the function ran. */
  moved(): tf.Variable[] {
    return Array.from(this.variables).flatMap(([dataId, variable]) => (variable.dataId === dataId ? [] : [variable]));
  }

  /** Calls `f` while the backend's public methods, through which every kernel runs, record their calls. */
  during<T>(f: () => T): T {
    const backend = nativeBackend();
    const { executeSingleOutput, executeMultipleOutputs, readSync } = backend;
    const watched: Pick<NativeBackend, "executeSingleOutput" | "executeMultipleOutputs" | "readSync"> = {
      executeSingleOutput: (kernel, attributes, inputs) => {
        const output = executeSingleOutput.call(backend, kernel, attributes, inputs);
        this.kernel(kernel, attributes, inputs, [output]);
        return output;
      },
      executeMultipleOutputs: (kernel, attributes, inputs, count) => {
        const outputs = executeMultipleOutputs.call(backend, kernel, attributes, inputs, count);
        this.kernel(kernel, attributes, inputs, outputs);
        return outputs;
      },
      readSync: (dataId) => {
        if (this.places.has(dataId)) this.problem ??= "it reads numbers of a tensor that depend on the batch";
        this.freeze(dataId);
        return readSync.call(backend, dataId);
      },
    };
    Object.assign(backend, watched);
    // a function that draws only sometimes may do the same in both compared calls: any use of Math.random is a problem
    const { random } = Math;
    Math.random = () => {
      this.problem ??= notTheSame;
      return random();
    };
    try {
      return f();
    } finally {
      Math.random = random;
      // deletes the recording methods, which hid those of the backend's class
      for (const name of Object.keys(watched) as (keyof typeof watched)[])
        delete (backend as Partial<NativeBackend>)[name];
    }
  }

  /** The recorded graph; undefined when there is a problem. */
  graph(inputs: NamedTensors, outputs: NamedTensors): Graph | undefined {
    if (this.problem !== undefined) return undefined;
    return this.attempt("its results", () => ({
      nodes: this.nodes,
      inputs: this.infos(inputs),
      outputs: this.infos(outputs),
    }));
  }

  private infos(tensors: NamedTensors): Record<string, TensorInfo> {
    const info = (tensor: tf.Tensor): TensorInfo => {
      const place = this.placeOf(tensor);
      const name = place.includes(":") ? place : `${place}:0`;
      return { name, dtype: typeNumber(tensor.dtype), tensorShape: toShape(tensor.shape) };
    };
    return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, info(tensor)]));
  }

  private kernel(op: string, attributes: KernelAttribute[], inputs: tf.Tensor[], outputs: tf.Tensor[]): void {
    this.attempt(op, () => {
      const padded = attributes.some(({ name, value }) => name === "pad_to_max_output_size" && value === true);
      if (shapedByValues.test(op) && !padded) throw new Error("the shape of its output depends on values");
      const name = `${op}_${this.nodes.length}`;
      const given = attributes.filter(({ value }) => value !== undefined && value !== null);
      const attr = Object.fromEntries(given.map((attribute) => [attribute.name, toGraphAttribute(attribute)]));
      const input = inputs.map((tensor) => this.placeOf(tensor));
      this.nodes.push({ name, op, input, attr });
      for (const [i, { dataId }] of outputs.entries()) {
        this.places.set(dataId, i === 0 ? name : `${name}:${i}`);
        this.made.push(dataId);
      }
    });
  }

  /** Records something; an error becomes the `problem`, and the function can still run kernel by kernel. */
  private attempt<T>(what: string, write: () => T): T | undefined {
    try {
      return write();
    } catch (error) {
      this.problem ??= `${what}: ${(error as Error).message}`;
      return undefined;
    }
  }

  private placeOf(tensor: tf.Tensor): string {
    return this.places.get(tensor.dataId) ?? this.constant(tensor);
  }

  /** Records the current numbers of a tensor that no recorded kernel made, as a constant. */
  private constant({ dataId, dtype, shape }: tf.Tensor): string {
    this.freeze(dataId);
    const name = `Const_${this.nodes.length}`;
    const type = typeNumber(dtype);
    const tensor = { dtype: type, tensorShape: toShape(shape), tensorContent: bytesOf(dataId, dtype) };
    this.nodes.push({ name, op: "Const", input: [], attr: { dtype: { type }, value: { tensor } } });
    // not added to `places`, whose numbers must not be read: a constant does not depend on the inputs
    return name;
  }
}

const toShape = (shape: number[]) => ({ dim: shape.map((size) => ({ size })) });

function typeNumber(dtype: string): number {
  const type = savedModelTypes[dtype as keyof typeof savedModelTypes];
  if (type === undefined)
    throw new Error(`expected a tensor of ${Object.keys(savedModelTypes).join(", ")}, got ${dtype}`);
  return type;
}

/** The numbers of a tensor as little-endian bytes of its dtype; JavaScript may hold them in a wider type. */
function bytesOf(dataId: object, dtype: string): Uint8Array {
  const types = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };
  const { readSync } = Object.getPrototypeOf(nativeBackend()) as NativeBackend;
  const numbers = types[dtype as keyof typeof types].from(readSync.call(nativeBackend(), dataId));
  return new Uint8Array(numbers.buffer);
}

/** An attribute in the graph's format, from the backend's: a type number and a value or a list of values. */
function toGraphAttribute({ type, value }: KernelAttribute): GraphAttribute {
  const { TF_ATTR_INT, TF_ATTR_FLOAT, TF_ATTR_BOOL, TF_ATTR_STRING, TF_ATTR_TYPE } = nativeBackend().binding;
  const kinds = { i: TF_ATTR_INT, f: TF_ATTR_FLOAT, b: TF_ATTR_BOOL, s: TF_ATTR_STRING, type: TF_ATTR_TYPE };
  const kind = Object.entries(kinds).find(([, number]) => number === type)?.[0];
  if (kind === undefined) throw new Error(`expected an attribute of a known kind, got ${type}`);
  const plain = (item: unknown) => (kind === "s" ? new TextEncoder().encode(item as string) : item);
  return Array.isArray(value) ? { list: { [kind]: value.map(plain) } } : { [kind]: plain(value) };
}
