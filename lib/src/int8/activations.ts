/** What flows between the layers of a network in integers, and checks of its numbers. */

import { checkWhole } from "../common/checks";
import type { Quantization } from "./model";

/** What flows into a layer, or out of the last one. */
export interface Activations {
  /** [height, width, channels], or [units] after flattening */
  shape: readonly number[];
  /** absent for the logits, which are float32 */
  quantization?: Quantization;
}

/** Activations in uint8: all but the logits. */
export type QuantizedActivations = Required<Activations>;

// no number of a model's shapes needs more than 16 bits, no layer more than 16 MB
export const lengths = { from: 1, to: 65_535 };
const largestSize = 2 ** 24;

/** How many numbers an array of this shape holds. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** `"Uint8Array"` and the like: by name, because a worker, a frame or a notebook's cell may have classes of its own. */
export function typeName(value: unknown): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}

export function checkQuantization(name: string, { scale, zeroPoint }: Quantization): void {
  checkScale(`scale of ${name}`, scale);
  checkWhole(`zero point of ${name}`, zeroPoint, { from: 0, to: 255 });
}

export function checkScale(name: string, scale: number): void {
  if (!(scale > 0 && Number.isFinite(scale) && Math.fround(scale) === scale))
    throw new RangeError(`Expected ${name} to be a float32 number above 0, got ${scale}: use Math.fround.`);
}

export function checkSize(name: string, shape: readonly number[]): void {
  if (sizeOf(shape) > largestSize)
    throw new RangeError(`Expected ${name} to have at most ${largestSize} numbers, got [${shape.join(", ")}].`);
}
