import type { NdArray } from "ndarray";
import { highest } from "./extremes";

export interface TextImageOptions {
  /** values above it are drawn; default: half of the highest finite value */
  threshold?: number;
}

// the bit of each of the 2 × 4 dots of a Braille character, row by row
const dots = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80];

/**
 * An image as lines of Braille characters, each two pixels wide and four high: small enough to go with every point of
 * a scatter plot, and legible when the mouse is over it.
 * @param image numbers [height, width]
 */
export function textImage(image: NdArray, { threshold }: TextImageOptions = {}): string {
  const [height, width] = image.shape;
  if (image.shape.length !== 2 || height === undefined || width === undefined) {
    throw new Error(`Expected an image of shape [height, width], got [${image.shape}].`);
  }
  const value = (row: number, column: number) => (row < height && column < width ? Number(image.get(row, column)) : 0);
  const limit = threshold ?? highest(pixels(value, height, width), 0) / 2;
  const lines: string[] = [];
  for (let top = 0; top < height; top += 4) {
    let line = "";
    for (let left = 0; left < width; left += 2) {
      const code = dots.reduce(
        (bits, dot, i) => (value(top + (i >> 1), left + (i & 1)) > limit ? bits | dot : bits),
        0x2800,
      );
      line += String.fromCharCode(code);
    }
    lines.push(line);
  }
  return lines.join("\n");
}

function* pixels(value: (row: number, column: number) => number, height: number, width: number): Generator<number> {
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) yield value(row, column);
  }
}
