/** Who is measured, and in which ways each is tried. */
import type { InferenceEngine, TrainingEngine } from "lenet-lab";
import type { Part } from "./arguments";
import type { Variant } from "./variants";

/** An engine: a program in `engines` and what it is told besides the task. */
export interface Engine<Name extends string> {
  name: Name;
  title: string;
  program: string;
  /** needs the Python of the peers */
  peer?: boolean;
  options?: Record<string, unknown>;
  /** environment for so many threads */
  env?: (threads: number) => Record<string, string>;
  /** how the engine is told its threads */
  told: string;
  /** the first variant is measured though another be faster: our own defaults are not chosen after the fact */
  fixed?: boolean;
  variants: Variant[];
}

/** An engine that infers; for a large batch it has variants of its own. */
export interface Inferring extends Engine<InferenceEngine> {
  /** gives the logits of the float weights */
  float?: boolean;
  batchVariants: Variant[];
}

const one = { TF_NUM_INTRAOP_THREADS: "1" };
const tensorflow = (threads: number) => ({ TF_NUM_INTRAOP_THREADS: String(threads) });
const openMp = (threads: number) => ({ OMP_NUM_THREADS: String(threads) });

export const trainingEngines: Engine<TrainingEngine>[] = [
  {
    name: "ours",
    title: "lenet-lab `Trainer`",
    program: "ours-training.ts",
    env: (threads) => ({ TF_NUM_INTEROP_THREADS: String(threads) }),
    told: "one an operation (the library's own setting), TF_NUM_INTEROP_THREADS",
    fixed: true,
    variants: [
      { label: "the library's own threads" },
      { label: "two threads an operation", env: { TF_NUM_INTRAOP_THREADS: "2" } },
      { label: "kernel by kernel", options: { compiled: false } },
      {
        label: "kernel by kernel, two threads an operation",
        options: { compiled: false },
        env: { TF_NUM_INTRAOP_THREADS: "2" },
      },
    ],
  },
  {
    name: "stock",
    title: "tfjs-node `fit`",
    program: "stock-training.ts",
    env: tensorflow,
    told: "TF_NUM_INTRAOP_THREADS",
    variants: [
      { label: "softmax layer, two threads" },
      { label: "softmax layer, one thread", env: one },
      { label: "loss of logits, two threads", options: { softmax: false } },
      { label: "loss of logits, one thread", options: { softmax: false }, env: one },
    ],
  },
  {
    name: "pytorch",
    title: "PyTorch eager",
    program: "pytorch_training.py",
    peer: true,
    env: openMp,
    told: "torch.set_num_threads and OMP_NUM_THREADS",
    variants: [
      { label: "channels first" },
      { label: "channels last", options: { channelsLast: true } },
      { label: "channels first, fused SGD", options: { fused: true } },
      { label: "channels last, fused SGD", options: { channelsLast: true, fused: true } },
      { label: "channels first, fused SGD, bytes in memory", options: { fused: true, bytes: true } },
      {
        label: "channels last, fused SGD, one thread",
        options: { channelsLast: true, fused: true, threads: 1 },
        env: { OMP_NUM_THREADS: "1" },
      },
    ],
  },
  {
    name: "keras",
    title: "Keras compiled `fit`",
    program: "keras_training.py",
    peer: true,
    env: tensorflow,
    told: "tf.config.threading, intra-op and inter-op",
    variants: [
      { label: "tf.data, jit_compile auto", options: { dataset: true } },
      { label: "tf.data, jit_compile False", options: { dataset: true, jit: false } },
      { label: "tf.data, jit_compile True", options: { dataset: true, jit: true } },
      { label: "arrays, jit_compile auto" },
      { label: "arrays, jit_compile False", options: { jit: false } },
      { label: "tf.data, 32 steps a call", options: { dataset: true, jit: false, stepsPerExecution: 32 } },
      { label: "tf.data, one thread", options: { dataset: true, jit: false, threads: 1 }, env: one },
    ],
  },
];

/** A large batch at once, or in parts that fit into the caches. */
const inParts: Variant[] = [1000, 100, 20].map((chunk) => ({ label: `${chunk} at once`, options: { chunk } }));
const onnx = { program: "onnx.ts", told: "intraOpNumThreads" };
const int8Inputs: Variant[] = [
  { label: "bytes in", options: { file: "int8-bytes.onnx", bytes: true } },
  { label: "floats in", options: { file: "int8-floats.onnx" } },
];
const tflite = {
  program: "tflite.py",
  peer: true,
  env: tensorflow,
  told: "num_threads of the interpreter",
  variants: [{ label: "set_tensor and get_tensor" }, { label: "views of the tensors", options: { views: true } }],
  batchVariants: inParts,
};

export const inferenceEngines: Inferring[] = [
  {
    name: "ours",
    title: "lenet-lab int8",
    program: "ours-inference.ts",
    options: { engine: "auto" },
    told: "`threads` of `int8Engine`",
    variants: [{ label: "engine auto" }],
    batchVariants: [{ label: "engine auto" }],
  },
  {
    name: "reference",
    title: "lenet-lab int8, readable",
    program: "ours-inference.ts",
    options: { engine: "reference" },
    told: "always one",
    variants: [{ label: "engine reference" }],
    batchVariants: [{ label: "engine reference" }],
  },
  {
    name: "stock",
    title: "tfjs-node `predict`",
    program: "stock-inference.ts",
    env: tensorflow,
    told: "TF_NUM_INTRAOP_THREADS",
    float: true,
    variants: [{ label: "floats in, dataSync" }],
    batchVariants: inParts,
  },
  { ...tflite, name: "tfliteInt8", title: "TensorFlow Lite int8", options: { type: "int8" } },
  { ...tflite, name: "tfliteFloat", title: "TensorFlow Lite float", options: { type: "float" }, float: true },
  {
    ...onnx,
    name: "onnxFloat",
    title: "ONNX Runtime float",
    options: { file: "float.onnx" },
    float: true,
    variants: [{ label: "floats in" }],
    batchVariants: inParts,
  },
  {
    ...onnx,
    name: "onnxInt8",
    title: "ONNX Runtime int8",
    variants: int8Inputs,
    batchVariants: inParts.map(({ label, options }) => ({
      label: `${label}, bytes in`,
      options: { ...options, ...int8Inputs[0]?.options },
    })),
  },
  {
    name: "pytorch",
    title: "PyTorch eager",
    program: "pytorch_inference.py",
    peer: true,
    env: openMp,
    told: "torch.set_num_threads and OMP_NUM_THREADS",
    float: true,
    variants: [{ label: "channels first" }, { label: "channels last", options: { channelsLast: true } }],
    batchVariants: [...inParts, { label: "100 at once, channels last", options: { chunk: 100, channelsLast: true } }],
  },
];

/** Those of a list that can run: the peers only when they are asked for. */
export function available<E extends Engine<string>>(engines: readonly E[], { peers }: { peers: boolean }): E[] {
  return engines.filter(({ peer }) => peers || !peer);
}

/** How each engine of a part is told its threads, by name. */
export function toldThreads(part: Part): Record<string, string> {
  const engines = part === "training" ? trainingEngines : inferenceEngines;
  return Object.fromEntries(engines.map(({ name, told }) => [name, told]));
}
