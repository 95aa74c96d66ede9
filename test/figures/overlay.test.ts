import assert from "node:assert/strict";
import { test } from "node:test";
import { createCanvas } from "@napi-rs/canvas";
import ndarray from "ndarray";
import { paintOver } from "../../lib/src/figures/image-colours";

type Colour = [red: number, green: number, blue: number];
const [paper, ink, grey] = [255, 17, 128];

/** What becomes of a row of grey pixels, each painted over with a value. */
function painted(greys: number[], values: number[]): Colour[] {
  const canvas = createCanvas(greys.length, 1);
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(greys.length, 1);
  for (const [i, level] of greys.entries()) pixels.data.set([level, level, level, 255], 4 * i);
  context.putImageData(pixels, 0, 0);
  paintOver(canvas, ndarray(values, [1, values.length]));
  const { data } = context.getImageData(0, 0, greys.length, 1);
  return greys.map((_, i) => {
    assert.equal(data[4 * i + 3], 255);
    return Array.from(data.slice(4 * i, 4 * i + 3)) as Colour;
  });
}

const one = (level: number, value: number): Colour => painted([level], [value])[0] as Colour;

test("paintOver(canvas, map) lightens the ink where the map is 0, and leaves paper white", () => {
  const [onPaper, onGrey, onInk] = painted([paper, grey, ink], [0, 0, 0]) as [Colour, Colour, Colour];
  assert.deepEqual(onPaper, [255, 255, 255]);
  for (const [level, [red, green, blue]] of [[grey, onGrey] as const, [ink, onInk] as const]) {
    assert.deepEqual([green, blue], [red, red]);
    assert.ok(red > level && red < 200, `${level} became ${red}`);
  }
  assert.ok(onInk[0] < onGrey[0]);
});

test("paintOver(canvas, map) is orange at +1 and blue at −1, on paper and on ink", () => {
  for (const level of [paper, grey, ink]) {
    const [red, green, blue] = one(level, 1);
    assert.ok(red > green + 60 && green > blue + 30, `orange: ${red}, ${green}, ${blue}`);
    const against = one(level, -1);
    assert.ok(against[2] > against[1] + 60 && against[1] > against[0] + 30, `blue: ${against}`);
  }
});

test("paintOver(canvas, map) lets the digit through everywhere", () => {
  for (const value of [-1, -0.5, 0, 0.5, 1]) {
    const [dark, light] = [one(ink, value), one(paper, value)];
    assert.ok(
      light.every((channel, i) => channel - (dark[i] as number) > 20),
      `${value}: ${dark} on ${light}`,
    );
  }
});

test("paintOver(canvas, map) is stronger the further a value lies from 0, in proportion", () => {
  for (const level of [paper, ink]) {
    const bare = one(level, 0);
    for (const sign of [1, -1]) {
      const apart = (value: number) => one(level, sign * value).map((channel, i) => channel - (bare[i] as number));
      const full = apart(1);
      assert.ok(Math.hypot(...full) > 100);
      for (const share of [0.1, 0.25, 0.5, 0.8]) {
        apart(share).forEach((difference, i) => {
          assert.ok(Math.abs(difference - share * (full[i] as number)) <= 1, `${share} on ${level}: ${difference}`);
        });
      }
    }
  }
});

test("paintOver(canvas, map) takes what lies beyond ±1 for ±1, and NaN for 0", () => {
  for (const level of [paper, ink]) {
    for (const sign of [1, -1]) {
      for (const value of [1.5, 100, Number.POSITIVE_INFINITY])
        assert.deepEqual(one(level, sign * value), one(level, sign));
    }
    assert.deepEqual(one(level, Number.NaN), one(level, 0));
  }
});

test("paintOver(canvas, map) reads maps row by row, views of any strides too", () => {
  const canvas = createCanvas(3, 2);
  const context = canvas.getContext("2d");
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, 3, 2);
  const map = ndarray(new Float32Array(6), [3, 2]).transpose(1, 0);
  map.set(1, 0, 1);
  paintOver(canvas, map);
  const { data } = context.getImageData(0, 0, 3, 2);
  const blues = Array.from({ length: 6 }, (_, i) => data[4 * i + 2]);
  assert.deepEqual(
    blues.map((blue) => blue === 255),
    [true, true, true, false, true, true],
  );
});

test("paintOver(canvas, map) refuses a map of another shape, and leaves the canvas alone", () => {
  const canvas = createCanvas(3, 2);
  for (const shape of [[3, 2], [2, 4], [6], [1, 2, 3]]) {
    const map = ndarray(new Float32Array(shape.reduce((a, b) => a * b)).fill(1), shape);
    assert.throws(() => paintOver(canvas, map), {
      name: "Error",
      message: `Expected \`overlay\` [2, 3] as its image, got [${shape.join(", ")}].`,
    });
  }
  assert.ok(
    canvas
      .getContext("2d")
      .getImageData(0, 0, 3, 2)
      .data.every((byte) => byte === 0),
  );
});
