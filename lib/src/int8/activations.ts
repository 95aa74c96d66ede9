/** What flows between the layers of a network in integers, and checks of its numbers. */

import { checkWhole, shown } from "../common/checks";
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

/** @throws TypeError unless `value` is an object, such as plain JavaScript may have left out */
export function checkObject(name: string, value: unknown, fields: string): void {
  if (typeof value !== "object" || value === null)
    throw new TypeError(`Expected ${name} to be an object with ${fields}, got ${shown(value)}.`);
}

export function checkQuantization(name: string, quantization: Quantization): void {
  checkObject(name, quantization, "`scale` and `zeroPoint`");
  const { scale, zeroPoint } = quantization;
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
