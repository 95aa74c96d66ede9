import { drawingText } from "../common/drawing-text";
import { escaped } from "../common/text";

import ndarray = require("ndarray");

import { imageGrid } from "./images";
import { layerSizes, type PadWeights, packWeights, probabilitiesOf, unpackWeights } from "./pad/network";
import { padScript } from "./pad/page";
import { pixelsOfStrokes, type Stroke } from "./pad/strokes";

export type { PadWeights } from "./pad/network";

/** A piece of a page that runs its own script, and what it is in words. */
export interface DrawingPad {
  kind: "pad";
  html: string;
  alt: string;
}

/**
 * A sheet to draw a digit on, with mouse or finger, which LeNet-5 reads while you draw. All of it is in the page: the
 * network too, its weights rounded to 255 levels an output. Its button *copy* gives the drawing as a text for
 * `readDrawing`. Where scripts do not run it says so, and shows an example.
 * @param weights of LeNet-5 with ten classes, padding "same", ReLU and max-pooling, in order: `model.getWeights()`
 * @throws Error when they have other shapes
 */
export function drawingPad(weights: readonly PadWeights[]): DrawingPad {
  const packed = packWeights(weights);
  const three = pixelsOfStrokes(example, 40);
  const probabilities = probabilitiesOf(three, unpackWeights(packed, layerSizes));
  const best = probabilities.indexOf(Math.max(...probabilities));
  const caption = `read as ${best}, with ${(100 * (probabilities[best] as number)).toFixed(1)} %`;
  const alt = `A pad to draw a digit on. Example: a drawn 3, ${caption}.`;
  const { png, width } = imageGrid(ndarray(three, [1, 28, 28]), { captions: [caption], scale: 5 });
  const picture = `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
  const advice =
    "Here is a sheet that you can draw a digit on, with ten bars beside it which show what the network reads. It is " +
    "alive only where it has been made: open this notebook in JupyterLab (<code>npm start</code>) and run this cell, " +
    "and all cells before it. An example:";
  const script = [
    "(() => {",
    'const root = document.currentScript?.parentElement ?? document.querySelector("[data-drawing-pad]:not([data-alive])");',
    'root.setAttribute("data-alive", "");',
    ...[drawingText, pixelsOfStrokes, unpackWeights, probabilitiesOf].map(String),
    `const weights = unpackWeights("${packed}", ${JSON.stringify(layerSizes)});`,
    "const [read, write, ask] = [pixelsOfStrokes, drawingText, (pixels) => probabilitiesOf(pixels, weights)];",
    padScript,
    "})();",
  ].join("\n");
  const html = [
    '<div data-drawing-pad="">',
    `<div data-fallback=""><p>${advice}</p><img src="${picture}" width="${width}" alt="${escaped(alt)}"></div>`,
    `<script>\n${script}\n</script>`,
    "</div>",
  ].join("\n");
  return { kind: "pad", html, alt };
}

/** A 3, as somebody would draw it on 280 × 280. */
const example: readonly Stroke[] = [
  [
    [80, 75],
    [105, 52],
    [145, 48],
    [180, 65],
    [185, 95],
    [165, 122],
    [125, 135],
    [170, 145],
    [195, 172],
    [192, 208],
    [160, 235],
    [115, 236],
    [78, 212],
  ],
];
