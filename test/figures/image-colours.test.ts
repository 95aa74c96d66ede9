import assert from "node:assert/strict";
import { test } from "node:test";
import ndarray from "ndarray";
import { colouredCanvas, rangeRule } from "../../lib/src/figures/image-colours";

/** Colours of a row of values between 0 and 1. */
function colours(map: "ink" | "light" | "heat" | "diverging", values: number[]): number[][] {
  const canvas = colouredCanvas(ndarray(values, [1, values.length]), map, [0, 1]);
  const { data } = canvas.getContext("2d").getImageData(0, 0, values.length, 1);
  return values.map((_, i) => [...data.slice(4 * i, 4 * i + 3)]);
}

test("each colour map has the right ends, and values beyond them count as the ends", () => {
  assert.deepEqual(colours("light", [0, 0.5, 1, 2, -1]), [
    [0, 0, 0],
    [128, 128, 128],
    [255, 255, 255],
    [255, 255, 255],
    [0, 0, 0],
  ]);
  assert.deepEqual(colours("ink", [0]), [[255, 255, 255]]);
  assert.deepEqual(colours("diverging", [0.5]), [[255, 255, 255]]);
  assert.deepEqual(colours("heat", [0]), [[0, 0, 0]]);
});

test("heat grows lighter all the way", () => {
  const light = colours(
    "heat",
    Array.from({ length: 20 }, (_, i) => i / 19),
  ).map(([r = 0, g = 0, b = 0]) => 0.3 * r + 0.59 * g + 0.11 * b);
  for (let i = 1; i < light.length; i++) assert.ok((light[i] as number) > (light[i - 1] as number), `step ${i}`);
});

test("rangeRule(list, rule) takes bytes as they are, floats from lowest to highest, diverging around zero", () => {
  const bytes = ndarray(new Uint8Array([3, 9]), [1, 2]);
  const floats = [ndarray(new Float32Array([-1, 2]), [1, 2]), ndarray(new Float32Array([0, 4]), [1, 2])] as const;
  assert.deepEqual(rangeRule([bytes], undefined, "ink")(bytes), [0, 255]);
  assert.deepEqual(rangeRule([bytes], "all", "ink")(bytes), [3, 9]);
  assert.deepEqual(rangeRule([...floats], undefined, "ink")(floats[0]), [-1, 4]);
  assert.deepEqual(rangeRule([...floats], "each", "ink")(floats[1]), [0, 4]);
  assert.deepEqual(rangeRule([...floats], "each", "diverging")(floats[0]), [-2, 2]);
  assert.deepEqual(rangeRule([...floats], [0, 1], "ink")(floats[0]), [0, 1]);
});

test("a map of one value is neutral where that is zero, else it has the colour of its side of zero", () => {
  const [white, black, red, blue] = [
    [255, 255, 255],
    [0, 0, 0],
    [178, 48, 28],
    [43, 92, 158],
  ];
  const nothing = { ink: white, light: black, heat: black };
  const all = { ink: [17, 17, 17], light: white, heat: [252, 255, 200] };
  for (const [value, diverging, others] of [
    [0, white, nothing],
    [3, red, all],
    [-2, blue, nothing],
    [Number.NaN, white, nothing],
  ] as const) {
    for (const [map, expected] of [
      ["diverging", diverging],
      ["ink", others.ink],
      ["light", others.light],
      ["heat", others.heat],
    ] as const) {
      for (const rule of ["each", "all", undefined] as const) {
        const image = ndarray(new Float32Array([value]), [1, 1]);
        const canvas = colouredCanvas(image, map, rangeRule([image], rule, map)(image));
        const { data } = canvas.getContext("2d").getImageData(0, 0, 1, 1);
        assert.deepEqual([...data.slice(0, 3)], expected, `${value}, ${map}, ${rule}`);
      }
    }
  }
});

test("rangeRule(list, rule) goes by finite values, keeps zero white for bytes, and refuses limits that are none", () => {
  const odd = ndarray(new Float32Array([Number.NaN, 2, Number.POSITIVE_INFINITY, -1]), [2, 2]);
  assert.deepEqual(rangeRule([odd], "each", "ink")(odd), [-1, 2]);
  assert.deepEqual(rangeRule([odd], "all", "diverging")(odd), [-2, 2]);
  const bytes = ndarray(new Uint8Array(4), [2, 2]);
  assert.deepEqual(rangeRule([bytes], undefined, "diverging")(bytes), [-255, 255]);
  assert.throws(() => rangeRule([odd], [1] as never, "ink"), /^Error: Expected `range` to hold two limits, got 1\.$/);
  assert.throws(() => rangeRule([odd], [0, Number.NaN], "ink"), /^RangeError: Expected the limits of the colours/);
});

test("NaN has the neutral colour, infinities the ends", () => {
  const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  assert.deepEqual(colours("diverging", values), [
    [255, 255, 255],
    [178, 48, 28],
    [43, 92, 158],
  ]);
  assert.deepEqual(colours("light", values)[0], [0, 0, 0]);
});
