import assert from "node:assert/strict";
import { test } from "node:test";
import { pixelsOfStrokes, type Stroke } from "../../../lib/src/figures/pad/strokes";

const seven: Stroke[] = [
  [
    [70, 60],
    [190, 60],
    [120, 220],
  ],
  [
    [110, 140],
    [180, 140],
  ],
];
const moved = (strokes: Stroke[], scale: number, by: number): Stroke[] =>
  strokes.map((stroke) => stroke.map(([x, y]) => [scale * x + by, scale * y + by] as const));

/** Where ink is: the sides of its box, and its centre of mass. */
function inkOf(pixels: Uint8Array) {
  const inked = Array.from(pixels.keys()).filter((p) => (pixels[p] as number) > 0);
  const [rows, columns] = [inked.map((p) => Math.floor(p / 28)), inked.map((p) => p % 28)];
  const side = (list: number[]) => 1 + Math.max(...list) - Math.min(...list);
  const mass = pixels.reduce((a, b) => a + b, 0);
  const centre = (list: number[]) =>
    inked.reduce((sum, p, i) => sum + (pixels[p] as number) * (list[i] as number), 0) / mass;
  return { side: Math.max(side(rows), side(columns)), x: centre(columns), y: centre(rows), mass: mass / 255 };
}

test("pixelsOfStrokes(strokes) fills a box of 20 pixels, its centre of mass in the middle, as MNIST does", () => {
  const { side, x, y, mass } = inkOf(pixelsOfStrokes(seven, 40));
  assert.ok(side >= 19 && side <= 22, `${side}`);
  assert.ok(Math.abs(x - 14) < 0.1 && Math.abs(y - 14) < 0.1, `${x}, ${y}`);
  // MNIST's digits have 102 pixels' worth of ink on average
  assert.ok(mass > 60 && mass < 150, `${mass}`);
});

test("how large and where a digit is drawn makes no difference", () => {
  const [large, small] = [pixelsOfStrokes(seven, 40), pixelsOfStrokes(moved(seven, 0.4, 130), 40)];
  assert.ok(large.every((value, p) => Math.abs(value - (small[p] as number)) <= 1));
});

test("a dot stays a dot, and half a stroke a small one", () => {
  assert.ok(inkOf(pixelsOfStrokes([[[140, 140]]], 40)).side <= 4);
  const { side } = inkOf(
    pixelsOfStrokes(
      [
        [
          [140, 140],
          [140, 160],
        ],
      ],
      40,
    ),
  );
  assert.ok(side > 9 && side < 14, `${side}`);
});
