import type { Canvas } from "@napi-rs/canvas";
import type { NdArray } from "ndarray";
import type { Rgb } from "./image-colours";

// orange and blue stay apart for colour-blind readers, on white paper and on black ink
const forIt: Rgb = [240, 110, 0];
const againstIt: Rgb = [0, 95, 215];
// full values still let the digit through, and grey ink lets the colours through
const opacity = 0.8;
const inkShare = 0.55;

/**
 * Paints a map over an image: orange where it is above 0, blue where it is below, stronger towards 1 and −1.
 * @param canvas one pixel a number of the map; changed
 * @param map [height, width], in −1 … 1; what lies beyond counts as 1 or −1
 */
export function paintOver(canvas: Canvas, map: NdArray): void {
  const { width, height } = canvas;
  if (map.shape.join() !== `${height},${width}`)
    throw new Error(`Expected \`overlay\` [${height}, ${width}] as its image, got [${map.shape.join(", ")}].`);
  const context = canvas.getContext("2d");
  const pixels = context.getImageData(0, 0, width, height);
  for (let row = 0, at = 0; row < height; row++) {
    for (let column = 0; column < width; column++, at += 4) {
      const value = Number(map.get(row, column)) || 0;
      const share = opacity * Math.min(1, Math.abs(value));
      const colour = value > 0 ? forIt : againstIt;
      for (let channel = 0; channel < 3; channel++) {
        const under = 255 - inkShare * (255 - (pixels.data[at + channel] as number));
        pixels.data[at + channel] = Math.round(under + share * ((colour[channel] as number) - under));
      }
    }
  }
  context.putImageData(pixels, 0, 0);
}
