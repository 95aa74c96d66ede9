import type { Figure } from "../figure";
import { fontFiles } from "./fonts";
import { headlessPlotly } from "./headless-plotly";
import { indexedPng } from "./indexed-png";

export interface PngOptions {
  /** device pixels per CSS pixel */
  scale?: number;
  /** CSS pixels; default: the figure's own */
  width?: number;
  height?: number;
}

/** Draws a figure as a PNG: the picture that plotly.js shows in a browser, without a browser. */
export async function figureToPng(figure: Figure, { scale = 2, width, height }: PngOptions = {}): Promise<Uint8Array> {
  if (!(scale >= 0.5 && scale <= 4)) throw new RangeError(`Expected \`scale\` to be between 0.5 and 4, got ${scale}.`);
  return svgToPng(await figureToSvg(figure, { width, height }), scale);
}

/** Draws a figure as SVG text. */
export async function figureToSvg(
  figure: Figure,
  { width = figure.layout.width, height = figure.layout.height }: PngOptions = {},
): Promise<string> {
  // plotly writes its defaults into what it is given: hand it a copy
  const copy = JSON.parse(JSON.stringify({ data: figure.data, layout: { ...figure.layout, width, height } }));
  const address = await headlessPlotly().toImage(copy, { format: "svg", width, height });
  return decodeURIComponent(address.slice(address.indexOf(",") + 1));
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
