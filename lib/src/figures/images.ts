import { createCanvas, type SKRSContext2D } from "@napi-rs/canvas";
import type { NdArray } from "ndarray";
import { checkFinite, checkWhole } from "../common/checks";
import { checkLabels, checkList, checkWord, kindOf } from "./arguments";
import { highest } from "./extremes";
import { type ColourMap, colouredCanvas, colourMaps, paintOver, type RangeRule, rangeRule } from "./image-colours";
import { labelText } from "./labels";
import { registerFonts } from "./render/fonts";
import { indexedPng } from "./render/indexed-png";
import { checkPixels } from "./render/size";
import { colourOf, ink } from "./theme";

export type { ColourMap, RangeRule } from "./image-colours";

/** A picture ready to show: a PNG, the size to show it at in CSS pixels, and what it shows. */
export interface Picture {
  kind: "picture";
  png: Uint8Array;
  width: number;
  height: number;
  alt: string;
}

/** Grey images: `[n, height, width]`, `[n, height, width, 1]`, one `[height, width]`, or a list of those. */
export type GreyImages = NdArray | readonly NdArray[];

export interface ImageGridOptions {
  columns?: number;
  /** one a picture, under it; `\n` starts a new line */
  captions?: ArrayLike<string | number>;
  /** CSS pixels per image pixel; by default as large as fits the page, an image at most 84 wide */
  scale?: number;
  colours?: ColourMap;
  /** values of the end colours: two numbers, or the extremes of `each` image or of `all`; default for bytes: 0, 255 */
  range?: RangeRule;
  /**
   * a map over each image, of its size, as from `gradCam`: 1 is orange, −1 blue, 0 without colour; the image is drawn
   * in grey. `undefined` in a list: no map for that image
   */
  overlay?: NdArray | readonly (NdArray | undefined)[];
  /** CSS pixels between images */
  gap?: number;
  title?: string;
  /** puts a coloured frame around some images */
  highlight?: readonly boolean[];
  /** what the picture shows, for readers who do not see it */
  alt?: string;
}

interface Grid {
  columns: number;
  scale: number;
  gap: number;
  left: number;
  top: number;
  cellWidth: number;
  cellHeight: number;
}

// the picture is drawn at twice its CSS size
const density = 2;
const margin = 10;
const captionLine = 16;
const pageWidth = 780;
const captionFont = "12px Inter";
const titleFont = "bold 15px Inter";

/**
 * Images side by side, row by row, with sharp pixels and captions.
 * @throws RangeError for no images, images without pixels, and more than one picture can hold, Error for shapes, counts
 *   and words that do not fit, TypeError for what are no images or captions
 */
export function imageGrid(images: GreyImages, options: ImageGridOptions = {}): Picture {
  const list = listOf("images", images);
  const { captions, colours = "ink", title = "", highlight, overlay, alt } = options;
  checkWord("colours", colours, colourMaps);
  if (captions) checkLabels("`captions`", captions);
  if (highlight) checkList("`highlight`", highlight);
  const maps = overlay && (Array.isArray(overlay) ? overlay : listOf("overlay", overlay as NdArray));
  for (const map of maps ?? []) if (map !== undefined) checkImage("overlay", map);
  checkCount("overlay", maps, list.length);
  checkCount("captions", captions, list.length);
  checkCount("highlight", highlight, list.length);
  const texts = Array.from(captions ?? [], (caption) => labelText(caption).split("\n"));
  const grid = layOut(list, texts, options);
  const rows = Math.ceil(list.length / grid.columns);
  const width = Math.ceil(
    Math.max(
      2 * margin + grid.columns * (grid.cellWidth + grid.gap) - grid.gap,
      title ? textWidth(title, titleFont) + 2 * margin : 0,
    ),
  );
  const height = Math.ceil(grid.top + rows * (grid.cellHeight + grid.gap) - grid.gap + margin);
  const advice = `of ${list.length.toLocaleString("en-US")} images show some, or pass a smaller \`scale\``;
  checkPixels(width * density, height * density, advice);
  const canvas = createCanvas(width * density, height * density);
  const context = canvas.getContext("2d");
  context.scale(density, density);
  context.imageSmoothingEnabled = false;
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, width, height);
  context.fillStyle = ink.text;
  context.font = titleFont;
  context.fillText(title, margin, margin + 14);
  const rangeOf = rangeRule(list, options.range, colours);
  for (const [i, image] of list.entries()) {
    drawImage(context, image, i, grid, {
      colours,
      range: rangeOf(image),
      map: maps?.[i],
      lines: texts[i] ?? [],
      framed: highlight?.[i] ?? false,
    });
  }
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  const png = indexedPng({ data, width: canvas.width, height: canvas.height });
  return { kind: "picture", png, width, height, alt: alt ?? words(list, title, texts, maps) };
}

/** Images as a list of 2-D views. */
function listOf(name: string, images: GreyImages): NdArray[] {
  const parts: readonly NdArray[] = Array.isArray(images) ? images : [images as NdArray];
  const list = parts.flatMap((part) => {
    checkImage(name, part);
    const shape = part.shape;
    checkGrey(shape);
    if (shape.length === 2) return [part];
    const flat = shape.length === 4 && shape[3] === 1 ? part.pick(null, null, null, 0) : part;
    if (flat.shape.length !== 3)
      throw new Error(`Expected images of shape [n, height, width] or [height, width], got [${shape}].`);
    return Array.from({ length: flat.shape[0] as number }, (_, i) => flat.pick(i, null, null));
  });
  if (list.length === 0) throw new RangeError("Expected `images` to hold at least one image, got none.");
  for (const { shape } of list) {
    if (shape.includes(0)) throw new RangeError(`Expected images of at least one pixel, got [${shape.join(", ")}].`);
  }
  return list;
}

function checkImage(name: string, image: NdArray): void {
  const isImage = typeof image === "object" && image !== null && Array.isArray(image.shape) && "pick" in image;
  if (!isImage) throw new TypeError(`Expected \`${name}\` as an ndarray, or a list of them, got ${kindOf(image)}.`);
}

/** Refuses a colour picture, which would come as many that are three or four pixels wide. */
function checkGrey(shape: readonly number[]): void {
  const [rows = 0, height = 0, width = 0] = shape;
  // a stack of narrow images has fewer than a picture has rows
  if (shape.length === 3 && (width === 3 || width === 4) && Math.min(rows, height) >= 12)
    throw new Error(
      `Expected grey images, got [${shape.join(", ")}], as of one in colours: pick a channel, or pass [n, height, width, 1].`,
    );
}

function layOut(list: NdArray[], texts: string[][], { columns = 10, scale, gap = 6, title }: ImageGridOptions): Grid {
  checkWhole("columns", columns, { above: 0 });
  if (scale !== undefined) checkFinite("scale", scale, { above: 0 });
  checkFinite("gap", gap, { from: 0 });
  const across = Math.min(columns, list.length);
  const [imageWidth, imageHeight] = [1, 0].map((side) =>
    highest(
      list.map((image) => image.shape[side] as number),
      1,
    ),
  ) as [number, number];
  const room = Math.min(84, (pageWidth - 2 * margin - (across - 1) * gap) / across);
  // half steps keep image pixels on device pixels
  const pixel = scale ?? Math.max(1, Math.floor((room / imageWidth) * density) / density);
  const captionWidth = highest(
    texts.flatMap((lines) => lines.map((line) => textWidth(line, captionFont))),
    0,
  );
  const captionLines = highest(
    texts.map((lines) => lines.length),
    0,
  );
  return {
    columns: across,
    scale: pixel,
    gap,
    left: margin,
    top: margin + (title ? 28 : 0),
    cellWidth: Math.ceil(Math.max(imageWidth * pixel, captionWidth + 2)),
    cellHeight: Math.ceil(imageHeight * pixel + captionLines * captionLine + (captionLines > 0 ? 4 : 0)),
  };
}

interface CellStyle {
  colours: ColourMap;
  range: readonly [number, number];
  map?: NdArray;
  lines: string[];
  framed: boolean;
}

function drawImage(
  context: SKRSContext2D,
  image: NdArray,
  index: number,
  grid: Grid,
  { colours, range, map, lines, framed }: CellStyle,
): void {
  const [rows = 0, columns = 0] = image.shape;
  const [width, height] = [columns * grid.scale, rows * grid.scale];
  const centre = grid.left + (index % grid.columns) * (grid.cellWidth + grid.gap) + grid.cellWidth / 2;
  const x = Math.round((centre - width / 2) * density) / density;
  const y = grid.top + Math.floor(index / grid.columns) * (grid.cellHeight + grid.gap);
  const picture = colouredCanvas(image, colours, range);
  if (map) paintOver(picture, map);
  context.drawImage(picture, x, y, width, height);
  if (framed) strokeAround(context, x, y, width, height, colourOf(2), 3);
  else if (colours === "ink" || colours === "diverging") strokeAround(context, x, y, width, height, "#dddddd", 0.5);
  context.fillStyle = ink.text;
  context.font = captionFont;
  for (const [i, line] of lines.entries())
    context.fillText(line, centre - textWidth(line, captionFont) / 2, y + height + 14 + i * captionLine);
}

/** A frame just outside a rectangle. */
function strokeAround(
  context: SKRSContext2D,
  x: number,
  y: number,
  width: number,
  height: number,
  colour: string,
  line: number,
): void {
  context.strokeStyle = colour;
  context.lineWidth = line;
  context.strokeRect(x - line / 2, y - line / 2, width + line, height + line);
}

const ruler = createCanvas(1, 1).getContext("2d");

function textWidth(text: string, font: string): number {
  registerFonts();
  ruler.font = font;
  return ruler.measureText(text).width;
}

function checkCount(name: string, list: ArrayLike<unknown> | undefined, count: number): void {
  if (list && list.length !== count)
    throw new Error(`Expected \`${name}\` to hold ${count} items, one an image, got ${list.length}.`);
}

function words(list: NdArray[], title: string, texts: string[][], maps: readonly (NdArray | undefined)[] = []): string {
  const sizes = [...new Set(list.map(({ shape }) => `${shape[0]} × ${shape[1]}`))];
  const size = sizes.length <= 3 ? sizes.join(", ") : `${sizes.length} sizes, the first ${sizes[0]}`;
  const shown = texts
    .slice(0, 30)
    .map((lines) => lines.join(" "))
    .join(", ");
  const covered = maps.filter(Boolean).length;
  const over = list.length === 1 ? "it" : covered === list.length ? "each of them" : `${covered} of them`;
  const overlay = covered > 0 ? ` Over ${over} a map: orange for, blue against.` : "";
  const captions = shown ? ` Captions: ${shown}${texts.length > 30 ? " …" : ""}.` : "";
  return `${title ? `${title}: ` : ""}${list.length} ${list.length === 1 ? "image" : "images"} of ${size} pixels.${overlay}${captions}`;
}
