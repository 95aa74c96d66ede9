import "../tensors/environment";
import type { InferenceSession } from "onnxruntime-node";
import { checkList, checkWhole, typeName } from "../common/checks";
import { sizeOf } from "../int8/activations";
import { countImages } from "../int8/engine";

/** How ONNX Runtime is to run a file. */
export interface OnnxRunOptions {
  /** shape of an image: [channels, height, width] */
  shape?: readonly number[];
  batchSize?: number;
  threads?: number;
  /** how far the graph is optimised: a quantised one runs in integers from `"extended"` on, below that in float32 */
  optimization?: "disabled" | "basic" | "extended" | "all";
}

const optimizations = ["disabled", "basic", "extended", "all"];

/**
 * Runs an ONNX file in ONNX Runtime's CPU engine.
 * @param file as `floatToOnnx` and `int8ToOnnx` write it: input `images`, output `logits`; where it fixes the number of
 *   images that go in at once, every batch must hold as many
 * @param pixels raw pixels in ONNX's order, uint8 [n × channels × height × width]; divided by 255 for float input
 * @returns logits, float32 [n × classes]
 * @throws when `pixels` is not a Uint8Array of whole images, for options out of range, when ONNX Runtime has no binary
 *   for this machine, when the bytes are no ONNX file that the engine can run, and before anything is computed when the
 *   file takes other images or batches
 */
export async function runOnnx(
  file: Uint8Array,
  pixels: Uint8Array,
  { shape = [1, 28, 28], batchSize = 500, threads = 1, optimization = "all" }: OnnxRunOptions = {},
): Promise<Float32Array> {
  for (const [name, number] of Object.entries({ batchSize, threads })) checkWhole(name, number, { above: 0 });
  checkFile(file);
  checkList("shape", shape);
  for (const length of shape) checkWhole("shape", length, { above: 0 });
  if (!optimizations.includes(optimization))
    throw new Error(`Expected \`optimization\` to be ${optimizations.join(", ")}, got ${optimization}.`);
  const size = sizeOf(shape);
  const count = countImages(pixels, size);
  const { Tensor } = loadRuntime();
  const session = await open(file, {
    intraOpNumThreads: threads,
    graphOptimizationLevel: optimization,
    // x86 processors without VNNI would add products of uint8 × int8 in pairs that saturate at 16 bits
    extra: { session: { x64quantprecision: "1" } },
  });
  try {
    const takesFloat = checkInput(session, shape, { count, batchSize }) === "float32";
    let logits: Float32Array | undefined;
    for (let start = 0; start < count; start += batchSize) {
      const batch = pixels.slice(start * size, (start + batchSize) * size);
      const dims = [batch.length / size, ...shape];
      const normalised = () => Float32Array.from(batch, (pixel) => pixel / 255);
      const images = takesFloat ? new Tensor("float32", normalised(), dims) : new Tensor("uint8", batch, dims);
      const computed = (await session.run({ images })).logits?.data as Float32Array;
      const classes = computed.length / (dims[0] as number);
      logits ??= new Float32Array(count * classes);
      logits.set(computed, start * classes);
    }
    return logits as Float32Array;
  } finally {
    await session.release();
  }
}

function checkFile(file: Uint8Array): void {
  if (typeName(file) !== "Uint8Array")
    throw new TypeError(`Expected \`file\` to be a Uint8Array, got ${typeName(file)}: pass the file's bytes.`);
  if (file.length === 0) throw new RangeError("Expected `file` to hold the bytes of an ONNX file, got none.");
}

async function open(file: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession> {
  const { InferenceSession } = loadRuntime();
  try {
    return await InferenceSession.create(file, options);
  } catch (error) {
    throw new Error(
      `Expected \`file\` to hold an ONNX file that ONNX Runtime can run, got ${file.length} bytes that it refuses ` +
        `(${(error as Error).message}): write it again with \`floatToOnnx\` or \`int8ToOnnx\`.`,
      { cause: error },
    );
  }
}

/**
 * Holds what is to be run to what the file takes: an input `images` of one of two types, of this shape, in such
 * batches.
 * @returns the type of its pixels
 */
function checkInput(
  { inputMetadata, outputMetadata }: InferenceSession,
  shape: readonly number[],
  { count, batchSize }: { count: number; batchSize: number },
): "float32" | "uint8" {
  const named = (values: readonly InferenceSession.ValueMetadata[]) => values.map(({ name }) => name).join(", ");
  const [input] = inputMetadata;
  if (named(inputMetadata) !== "images" || !outputMetadata.some(({ name }) => name === "logits") || !input?.isTensor)
    throw new Error(
      `Expected a file with one input \`images\` and an output \`logits\`, got ${named(inputMetadata)} and ` +
        `${named(outputMetadata)}: write it with \`floatToOnnx\` or \`int8ToOnnx\`.`,
    );
  const { type } = input;
  if (type !== "float32" && type !== "uint8")
    throw new Error(`Expected a file that takes pixels of float32 or uint8, got one of ${type}.`);
  const [batch, ...size] = input.shape;
  // a name stands for any number, and a shape that is not known is empty
  const takes = (length: number | string | undefined, i: number) => typeof length !== "number" || length === shape[i];
  if (input.shape.length > 0 && !(size.length === shape.length && size.every(takes)))
    throw new Error(
      `Expected \`shape\` [${size.join(", ")}] as the file takes images, got [${shape.join(", ")}]: ` +
        "in ONNX it is [channels, height, width].",
    );
  if (typeof batch === "number" && (count % batch !== 0 || Math.min(count, batchSize) !== batch))
    throw new Error(
      `Expected images in batches of ${batch} as the file takes them, got ${count} in batches of ${batchSize}: ` +
        `pass \`batchSize: ${batch}\` and a multiple of ${batch} images, or write the file without \`batch\`.`,
    );
  return type;
}

/** Loads ONNX Runtime at the first run: the library must also load on machines for which ONNX Runtime has no binary. */
function loadRuntime(): typeof import("onnxruntime-node") {
  try {
    return require("onnxruntime-node");
  } catch (error) {
    const [problem] = (error as Error).message.split("\n");
    throw new Error(
      `Expected onnxruntime-node to load on ${process.platform} ${process.arch}, got "${problem}": it has no binary for every ` +
        "machine, such as Macs with an Intel processor; everything else works without it, and `inferInt8` gives its bits.",
      { cause: error },
    );
  }
}
