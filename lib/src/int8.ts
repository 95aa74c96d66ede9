/**
 * Inference of a quantised network in integers: uint8 activations, int8 weights, int32 accumulators. This is the readable
 * reference; it runs in any JavaScript engine and needs nothing but typed arrays.
 */
import { checkQuantized, sizeOf, typeName } from "./check-quantized";
import { prepareLayer, prepareLogits } from "./int8-layers";
import type { QuantizedActivations } from "./int8-pooling";
import type { QuantizedDense, QuantizedModel } from "./quantized-model";
import type { Requantization } from "./requantize";

/** Knobs of `int8Engine` and `inferInt8`. */
export interface Int8Options {
  /** `"float"` gives the bits of ONNX Runtime, `"fixed"` those of TensorFlow Lite's integer arithmetic */
  requantization?: Requantization;
}

/** From raw pixels, uint8 [n × height × width × channels], to logits, float32 [n × classes]. */
export type Int8Engine = (pixels: Uint8Array) => Float32Array;

/**
 * Runs a quantised network on raw pixels.
 * @param pixels uint8 [n × height × width × channels], as they are stored: nothing is to be normalised
 * @param options.count how many images there should be; as many as `pixels` holds unless given
 * @returns logits, float32 [n × classes]
 * @throws when the model's layers do not fit together, or when `pixels` is not a Uint8Array of whole images
 */
export function inferInt8(
  model: QuantizedModel,
  pixels: Uint8Array,
  { count, requantization }: Int8Options & { count?: number } = {},
): Float32Array {
  const engine = int8Engine(model, { requantization });
  const held = countImages(pixels, sizeOf(model.inputShape));
  if (count !== undefined && count !== held)
    throw new Error(`Expected \`pixels\` to hold ${count} images, as \`count\` says, got ${held}.`);
  return engine(pixels);
}

/**
 * Prepares a network once, checks and multipliers and buffers, to be run many times. Later changes of `model` may go unnoticed.
 * @throws when the model's layers do not fit together
 */
export function int8Engine(model: QuantizedModel, { requantization = "float" }: Int8Options = {}): Int8Engine {
  const flow = checkQuantized(model);
  if (requantization !== "float" && requantization !== "fixed")
    throw new Error(`Expected \`requantization\` to be float or fixed, got ${requantization}.`);
  const steps = model.layers
    .slice(0, -1)
    .map((layer, i) =>
      prepareLayer(layer, flow[i] as QuantizedActivations, flow[i + 1] as QuantizedActivations, requantization),
    );
  const last = prepareLogits(model.layers.at(-1) as QuantizedDense, flow.at(-2) as QuantizedActivations);
  const size = sizeOf(model.inputShape);
  return (pixels) => {
    const count = countImages(pixels, size);
    const logits: Float32Array[] = [];
    for (let i = 0; i < count; i++) {
      let activations = pixels.subarray(i * size, (i + 1) * size);
      for (const step of steps) activations = step(activations);
      logits.push(last(activations));
    }
    return joined(logits);
  };
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

function joined(rows: Float32Array[]): Float32Array {
  const width = rows[0]?.length ?? 0;
  const all = new Float32Array(rows.length * width);
  for (const [i, row] of rows.entries()) all.set(row, i * width);
  return all;
}
