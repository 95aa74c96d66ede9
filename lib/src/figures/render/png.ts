import { checkFinite } from "../../common/checks";
import type { Figure } from "../figure";
import { smallestSide } from "../layout";
import { fontFiles } from "./fonts";
import { headlessPlotly } from "./headless-plotly";
import { indexedPng } from "./indexed-png";
import { checkPixels } from "./size";

export interface PngOptions {
  /** device pixels per CSS pixel */
  scale?: number;
  /** CSS pixels; default: the figure's own */
  width?: number;
  height?: number;
}

/**
 * Draws a figure as a PNG: the picture that plotly.js shows in a browser, without a browser.
 * @throws RangeError for a scale beyond 0.5 … 4, a width or height below 10, and a picture too large to draw
 */
export async function figureToPng(figure: Figure, { scale = 2, width, height }: PngOptions = {}): Promise<Uint8Array> {
  if (!(scale >= 0.5 && scale <= 4)) throw new RangeError(`Expected \`scale\` to be between 0.5 and 4, got ${scale}.`);
  checkSize({ width, height }, figure, scale);
  return svgToPng(await figureToSvg(figure, { width, height }), scale);
}

/** Draws a figure as SVG text. */
export async function figureToSvg(
  figure: Figure,
  { width = figure.layout.width, height = figure.layout.height }: PngOptions = {},
): Promise<string> {
  checkSize({ width, height }, figure, 1);
  const data = withoutWebGl(figure.data as Trace[]);
  // plotly writes its defaults into what it is given: hand it a copy
  const copy = JSON.parse(JSON.stringify({ data, layout: { ...figure.layout, width, height } }));
  const address = await headlessPlotly().toImage(copy, { format: "svg", width, height });
  return decodeURIComponent(address.slice(address.indexOf(",") + 1));
}

function checkSize({ width, height }: PngOptions, { layout }: Figure, scale: number): void {
  const [across, down] = [width ?? layout.width, height ?? layout.height];
  checkFinite("width", across, { from: smallestSide });
  checkFinite("height", down, { from: smallestSide });
  checkPixels(across * scale, down * scale, "pass a smaller `width`, `height` or `scale`");
}

interface Trace {
  type: string;
  x: unknown[];
  y: unknown[];
}

/** How many points of the traces that a browser draws by WebGL a picture shows; a tenth of a second each thousand. */
const mostPoints = 5000;

/** WebGL needs a browser: here such points become SVG, and of very many only some, evenly taken. */
function withoutWebGl(data: Trace[]): Trace[] {
  const total = data.reduce((sum, { type, x }) => sum + (type === "scattergl" ? x.length : 0), 0);
  const every = Math.max(1, Math.ceil(total / mostPoints));
  const some = (list: unknown[]) => list.filter((_, i) => i % every === 0);
  return data.map((trace) =>
    trace.type === "scattergl" ? { ...trace, type: "scatter", x: some(trace.x), y: some(trace.y) } : trace,
  );
}

/** Draws SVG text as a PNG with the fonts of the project. */
export function svgToPng(svg: string, scale = 2): Uint8Array {
  const { Resvg } = require("@resvg/resvg-js") as typeof import("@resvg/resvg-js");
  const font = {
    fontFiles: [...fontFiles],
    loadSystemFonts: false,
    defaultFontFamily: "Inter",
    sansSerifFamily: "Inter",
  };
  const { pixels, width, height } = new Resvg(svg, {
    fitTo: { mode: "zoom", value: scale },
    font,
    background: "#ffffff",
  }).render();
  return indexedPng({ data: pixels, width, height });
}
