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
