/**
 * Inference of a quantised network in integers: uint8 activations, int8 weights, int32 accumulators. Two engines give
 * the same bits: the readable reference (`int8/reference/reference.ts`), and WebAssembly with SIMD
 * (`int8/wasm/wasm.ts`, compiled from `lib/assembly`). Both run in any JavaScript engine, such as a browser; worker
 * threads help where there are any.
 */
import { checkWhole } from "../common/checks";
import { sizeOf, typeName } from "./activations";
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

/** From raw pixels, uint8 [n × height × width × channels], to logits, float32 [n × classes]. */
export type Int8Engine = (pixels: Uint8Array) => Float32Array;

/**
 * Runs a quantised network on raw pixels.
 * @param pixels uint8 [n × height × width × channels], as they are stored: nothing is to be normalised
 * @param options.count how many images `pixels` must hold; default: as many as it holds
 * @returns logits, float32 [n × classes]
 * @throws when the model's layers do not fit together, or when `pixels` is not a Uint8Array of whole images
 */
export function inferInt8(
  model: QuantizedModel,
  pixels: Uint8Array,
  { count, ...options }: Int8Options & { count?: number } = {},
): Float32Array {
  const engine = int8Engine(model, options);
  const held = countImages(pixels, sizeOf(model.inputShape));
  if (count !== undefined && count !== held)
    throw new Error(`Expected \`pixels\` to hold ${count} images, as \`count\` says, got ${held}.`);
  return engine(pixels);
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
  return (pixels) => run(pixels, countImages(pixels, size));

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
 * @throws unless it is a Uint8Array of whole images, and at least one
 */
export function countImages(pixels: Uint8Array, size: number): number {
  if (typeName(pixels) !== "Uint8Array")
    throw new TypeError(
      `Expected \`pixels\` to be a Uint8Array of raw bytes in 0 … 255, got ${typeName(pixels)}: do not normalise, copy with Uint8Array.from.`,
    );
  if (pixels.length === 0 || pixels.length % size !== 0)
    throw new Error(
      `Expected \`pixels\` to hold a whole number of images of ${size} bytes (height × width × channels), got ${pixels.length} bytes.`,
    );
  return pixels.length / size;
}
