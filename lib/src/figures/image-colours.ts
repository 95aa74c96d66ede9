import { type Canvas, createCanvas } from "@napi-rs/canvas";
import type { NdArray } from "ndarray";
import { checkFinite } from "../common/checks";
import { checkWord } from "./arguments";
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

export const colourMaps = Object.keys(maps) as ColourMap[];

/** Values of the first and last colour: two numbers, or the finite extremes of `each` image or of `all`. */
export type RangeRule = readonly [number, number] | "each" | "all";

/** A 2-D image on a canvas of its own size, one colour a value; NaN in the colour of nothing, see `neutralOf`. */
export function colouredCanvas(image: NdArray, colours: ColourMap, [low, high]: readonly [number, number]): Canvas {
  const [rows = 0, columns = 0] = image.shape;
  const canvas = createCanvas(columns, rows);
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(columns, rows);
  // in a range without length its one value is neutral
  const place = (value: number) => (high === low ? neutralOf(colours) + value - low : (value - low) / (high - low));
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, at += 4) {
      const [red, green, blue] = colourFor(colours, place(Number(image.get(row, column))));
      pixels.data.set([red, green, blue, 255], at);
    }
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}

/**
 * The function that gives each image the values of its first and last colour.
 * @throws RangeError for limits that are not finite, Error for other words, and for other than two limits
 */
export function rangeRule(
  list: NdArray[],
  range: RangeRule | undefined,
  colours: ColourMap,
): (image: NdArray) => readonly [number, number] {
  if (Array.isArray(range)) {
    const limits = range as readonly [number, number];
    if (limits.length !== 2) throw new Error(`Expected \`range\` to hold two limits, got ${limits.length}.`);
    for (const limit of limits) checkFinite("the limits of the colours", limit);
    return () => limits;
  }
  if (range !== undefined) checkWord("range", range, ["each", "all"]);
  if (range === "each") return (image) => rangeOf([image], colours);
  const areBytes = range === undefined && list.every((image) => image.dtype === "uint8");
  const all = areBytes ? around([0, 255], colours) : rangeOf(list, colours);
  return () => all;
}

/** Lowest and highest finite value, and 0 where they are equal, so that a constant is told from nothing. */
function rangeOf(list: NdArray[], colours: ColourMap): readonly [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const image of list) {
    const [rows = 0, columns = 0] = image.shape;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const value = Number(image.get(row, column));
        if (!Number.isFinite(value)) continue;
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
  }
  if (low >= high) [low, high] = low === high ? [Math.min(0, low), Math.max(0, high)] : [0, 0];
  return around([low, high], colours);
}

/** Equally far from zero for diverging colours, so that zero alone is white. */
function around([low, high]: readonly [number, number], colours: ColourMap): readonly [number, number] {
  const reach = Math.max(Math.abs(low), Math.abs(high));
  return colours === "diverging" ? [-reach, reach] : [low, high];
}

/** Where the colour of nothing stands in 0 … 1: white among diverging colours, else the first. */
function neutralOf(colours: ColourMap): number {
  return colours === "diverging" ? 0.5 : 0;
}

/** The colour of `t` in 0 … 1; beyond, that of the nearest end; for NaN the neutral one. */
function colourFor(map: ColourMap, t: number): Rgb {
  const stops = maps[map];
  const clamped = Math.min(1, Math.max(0, Number.isNaN(t) ? neutralOf(map) : t));
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
const inkShare = 0.45;

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
