import { type Canvas, createCanvas } from "@napi-rs/canvas";
import type { NdArray } from "ndarray";
import { divergingScale } from "./theme";

/** Red, green, blue in 0 … 255. */
export type Rgb = readonly [number, number, number];

/** How values become colours: ink on paper, light on black, black body heat, or blue-white-red. */
export type ColourMap = "ink" | "light" | "heat" | "diverging";

type Stops = readonly (readonly [number, Rgb])[];

const maps: Record<ColourMap, Stops> = {
  ink: [
    [0, [255, 255, 255]],
    [1, [17, 17, 17]],
  ],
  light: [
    [0, [0, 0, 0]],
    [1, [255, 255, 255]],
  ],
  heat: [
    [0, [0, 0, 0]],
    [0.35, [120, 28, 109]],
    [0.65, [229, 92, 48]],
    [0.85, [251, 180, 26]],
    [1, [252, 255, 200]],
  ],
  diverging: divergingScale.map(([at, colour]) => [at, fromHex(colour)] as const),
};

/** Values of the first and last colour: two numbers, or the extremes of `each` image or of `all`. */
export type RangeRule = readonly [number, number] | "each" | "all";

/** A 2-D image on a canvas of its own size, one colour a value. */
export function colouredCanvas(image: NdArray, colours: ColourMap, [low, high]: readonly [number, number]): Canvas {
  const [rows = 0, columns = 0] = image.shape;
  const canvas = createCanvas(columns, rows);
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(columns, rows);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, at += 4) {
      const [red, green, blue] = colourFor(colours, (Number(image.get(row, column)) - low) / (high - low || 1));
      pixels.data.set([red, green, blue, 255], at);
    }
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}

/** The function that gives each image the values of its first and last colour. */
export function rangeRule(
  list: NdArray[],
  range: RangeRule | undefined,
  colours: ColourMap,
): (image: NdArray) => readonly [number, number] {
  if (Array.isArray(range)) return () => range as readonly [number, number];
  if (range === "each") return (image) => extremes([image], colours);
  const all =
    range === undefined && list.every((image) => image.dtype === "uint8")
      ? ([0, 255] as const)
      : extremes(list, colours);
  return () => all;
}

/** Lowest and highest value; equally far from zero for diverging colours. */
function extremes(list: NdArray[], colours: ColourMap): readonly [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const image of list) {
    const [rows = 0, columns = 0] = image.shape;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const value = Number(image.get(row, column));
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
  }
  const reach = Math.max(Math.abs(low), Math.abs(high));
  return colours === "diverging" ? [-reach, reach] : [low, high];
}

/** The colour of `t` in 0 … 1; beyond, that of the nearest end. */
function colourFor(map: ColourMap, t: number): Rgb {
  const stops = maps[map];
  const clamped = Math.min(1, Math.max(0, Number.isNaN(t) ? 0 : t));
  const above = Math.max(
    1,
    stops.findIndex(([at]) => at >= clamped),
  );
  const [low, from] = stops[above - 1] as readonly [number, Rgb];
  const [high, to] = stops[above] as readonly [number, Rgb];
  const share = (clamped - low) / (high - low);
  const mix = (channel: 0 | 1 | 2) => Math.round(from[channel] + share * (to[channel] - from[channel]));
  return [mix(0), mix(1), mix(2)];
}

function fromHex(colour: string): Rgb {
  const value = Number.parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

// orange and blue stay apart for colour-blind readers, on white paper and on black ink
const forIt: Rgb = [240, 110, 0];
const againstIt: Rgb = [0, 95, 215];
// the digit stays visible under full colours, and colours stay visible over grey ink
const opacity = 0.8;
const inkShare = 0.55;

/**
 * Paints a map over an image: orange where it is above 0, blue where it is below, stronger towards 1 and −1.
 * @param canvas one pixel a number of the map; changed
 * @param map [height, width], in −1 … 1; numbers beyond count as 1 or −1
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
