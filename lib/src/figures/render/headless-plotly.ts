import fs = require("node:fs");
import vm = require("node:vm");

import { type Canvas, createCanvas, type SKRSContext2D } from "@napi-rs/canvas";
import type { DOMWindow } from "jsdom";
import { registerFonts } from "./fonts";
import { installTextMeasure } from "./text-measure";

/** The one call of plotly.js that is used here; it resolves to a `data:image/svg+xml,…` address. */
export interface HeadlessPlotly {
  toImage(figure: object, options: { format: "svg"; width: number; height: number }): Promise<string>;
}

let loaded: HeadlessPlotly | undefined;

/**
 * plotly.js in Node, on a page of its own: jsdom is handed to it as the arguments of a function, so that nothing of a
 * browser appears on `globalThis`, where TensorFlow.js would take the process for a browser. Loads on first use.
 */
export function headlessPlotly(): HeadlessPlotly {
  loaded ??= load();
  return loaded;
}

function load(): HeadlessPlotly {
  registerFonts();
  const { JSDOM, VirtualConsole } = require("jsdom") as typeof import("jsdom");
  // a silent console: plotly probes features that jsdom lacks, and jsdom would report each
  const { window } = new JSDOM("<!doctype html><body></body>", {
    pretendToBeVisual: true,
    virtualConsole: new VirtualConsole(),
  });
  installCanvas(window);
  installTextMeasure(window);
  window.URL.createObjectURL = () => "blob:unused";
  const file = require.resolve("plotly.js-dist");
  const globals = ["window", "self", "global", "globalThis"];
  const module = { exports: {} };
  const source = fs.readFileSync(file, "utf8");
  const run = vm.compileFunction(source, ["module", "exports", ...globals, ...browserNames], { filename: file });
  run.call(window, module, module.exports, ...globals.map(() => window), ...browserNames.map((name) => window[name]));
  return module.exports as HeadlessPlotly;
}

const browserNames = [
  "document",
  "navigator",
  "DOMParser",
  "XMLSerializer",
  "Element",
  "HTMLElement",
  "SVGElement",
  "Node",
  "getComputedStyle",
  "requestAnimationFrame",
  "cancelAnimationFrame",
  "MutationObserver",
  "Image",
  "Blob",
  "URL",
];

/** Backs `<canvas>` by @napi-rs/canvas: heat maps are painted on one. */
function installCanvas(window: DOMWindow): void {
  const canvases = new WeakMap<object, { canvas: Canvas; context: SKRSContext2D }>();
  const backing = (element: HTMLCanvasElement) => {
    const kept = canvases.get(element);
    if (kept && kept.canvas.width === element.width && kept.canvas.height === element.height) return kept;
    const canvas = createCanvas(element.width, element.height);
    const made = { canvas, context: canvas.getContext("2d") };
    canvases.set(element, made);
    return made;
  };
  const prototype = window.HTMLCanvasElement.prototype as unknown as Record<string, unknown>;
  prototype.getContext = function getContext(this: HTMLCanvasElement, kind: string) {
    return kind === "2d" ? backing(this).context : null;
  };
  prototype.toDataURL = function toDataURL(this: HTMLCanvasElement) {
    return backing(this).canvas.toDataURL("image/png");
  };
}
