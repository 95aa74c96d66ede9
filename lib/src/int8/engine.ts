/**
 * Inference of a quantised network in integers: uint8 activations, int8 weights, int32 accumulators. Two engines give
 * the same bits: the readable reference (`int8/reference/reference.ts`), and WebAssembly with SIMD
 * (`int8/wasm/wasm.ts`, compiled from `lib/assembly`). Both run in any JavaScript engine, such as a browser; worker
 * threads help where there are any.
 */
import { checkWhole, typeName } from "../common/checks";
import { sizeOf } from "./activations";
import { checkQuantized } from "./check";
import type { QuantizedModel, RunImages } from "./model";
import { referenceEngine } from "./reference/reference";
import type { Requantization } from "./requantize";
import { countThreads, threadedEngine } from "./threads/threads";
import { int8Program } from "./wasm/program";
import { wasmEngine } from "./wasm/wasm";

/** Options of `int8Engine` and `inferInt8`. */
export interface Int8Options {
  /** `"float"` gives the bits of ONNX Runtime, `"fixed"` those of TensorFlow Lite's integer arithmetic */
  requantization?: Requantization;
  /** `"auto"` is WebAssembly where it can run the model, and the reference everywhere else: the same bits */
  engine?: "auto" | "wasm" | "reference";
  /**
   * how many threads share a large batch, the calling one included, 1 … 64; default: the
   * number of processors. The reference uses one
   */
  threads?: number;
}

/**
 * From raw pixels, uint8 [n × height × width × channels], to logits, float32 [n × classes]; with `count`, as many
 * images are expected and no others.
 */
export type Int8Engine = (pixels: Uint8Array, options?: { count?: number }) => Float32Array;

/**
 * Runs a quantised network on raw pixels.
 * @param pixels uint8 [n × height × width × channels], as they are stored: nothing is to be normalised
 * @param options.count how many images `pixels` must hold; default: as many as it holds, so that the four channels of a
 *   canvas would be taken for four images
 * @returns logits, float32 [n × classes]
 * @throws when the model's layers do not fit together, or when `pixels` is not a Uint8Array of whole images
 */
export function inferInt8(
  model: QuantizedModel,
  pixels: Uint8Array,
  { count, ...options }: Int8Options & { count?: number } = {},
): Float32Array {
  return int8Engine(model, options)(pixels, { count });
}

/**
 * Prepares a network once (checks, multipliers, buffers) for many runs. Later changes of `model` may have no effect.
 * @throws when the model's layers do not fit together, or when WebAssembly cannot run it and `engine` is `"wasm"`
 */
export function int8Engine(
  model: QuantizedModel,
  { requantization = "float", engine = "auto", threads = countThreads() }: Int8Options = {},
): Int8Engine {
  if (requantization !== "float" && requantization !== "fixed")
    throw new Error(`Expected \`requantization\` to be float or fixed, got ${requantization}.`);
  if (engine !== "auto" && engine !== "wasm" && engine !== "reference")
    throw new Error(`Expected \`engine\` to be auto, wasm or reference, got ${engine}.`);
  checkWhole("threads", threads, { from: 1, to: 64 });
  const flow = checkQuantized(model);
  const run = prepare();
  const size = sizeOf(model.inputShape);
  return (pixels, { count } = {}) => run(pixels, countImages(pixels, size, count));

  function prepare(): RunImages {
    if (engine === "reference") return referenceEngine(model, flow, requantization);
    try {
      const program = int8Program(model, flow, requantization);
      const alone = wasmEngine(program);
      return threads === 1 ? alone : threadedEngine(program, alone, threads);
    } catch (error) {
      // no SIMD, a page that forbids WebAssembly, no memory left, or a model that the kernel does not cover
      if (engine === "wasm") throw error;
      return referenceEngine(model, flow, requantization);
    }
  }
}

/**
 * How many images of `size` bytes `pixels` holds.
 * @param expected how many there must be, if given
 * @throws unless it is a Uint8Array of whole images, at least one, and as many as expected
 */
export function countImages(pixels: Uint8Array, size: number, expected?: number): number {
  if (expected !== undefined) checkWhole("count", expected, { above: 0 });
  const type = typeName(pixels);
  if (type !== "Uint8Array")
    throw new TypeError(
      `Expected \`pixels\` to be a Uint8Array of raw bytes in 0 … 255, got ${type}: ${insteadOf[type] ?? whole}.`,
    );
  if (pixels.length === 0 || pixels.length % size !== 0)
    throw new Error(
      `Expected \`pixels\` to hold a whole number of images of ${size} bytes (height × width × channels), got ${pixels.length} bytes.`,
    );
  const held = pixels.length / size;
  if (expected !== undefined && expected !== held)
    throw new Error(
      `Expected \`pixels\` to hold ${expected} image${expected === 1 ? "" : "s"}, as \`count\` says, got ${held}: ` +
        "take one channel of a canvas, which has four.",
    );
  return held;
}

const whole = "copy whole numbers in 0 … 255 with Uint8Array.from";
const canvas =
  "a canvas has four channels, take one: Uint8Array.from({ length: data.length / 4 }, (_, i) => data[4 * i])";
const float = "of numbers in 0 … 1 make bytes: Uint8Array.from(pixels, (value) => Math.round(255 * value))";

/** What to do with pixels of another type. */
const insteadOf: Record<string, string> = {
  Uint8ClampedArray: canvas,
  ImageData: canvas,
  Float32Array: float,
  Float64Array: float,
  Array: `${whole}; ${float}`,
};
