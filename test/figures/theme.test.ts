import assert from "node:assert/strict";
import { test } from "node:test";
import { colourOf, divergingScale, palette, sequentialScale } from "../../lib/src/figures/theme";

/** Red, green and blue as light intensities in 0 … 1. */
function linear(colour: string): number[] {
  const value = Number.parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255].map((channel) => (channel / 255) ** 2.2);
}

/** What is left of a colour without red-sensitive cones (Viénot, Brettel and Mollon 1999, rounded). */
function withoutRed(colour: string): number[] {
  const [r = 0, g = 0, b = 0] = linear(colour);
  const yellow = 0.11 * r + 0.89 * g;
  return [yellow, yellow, b];
}

test("the palette has ten colours that stay apart, for colour-blind readers too", () => {
  assert.equal(new Set(palette).size, 10);
  for (const see of [linear, withoutRed]) {
    for (const [i, a] of palette.entries()) {
      for (const b of palette.slice(i + 1)) {
        const [x, y] = [see(a), see(b)];
        const distance = Math.hypot(...x.map((value, k) => Math.cbrt(value) - Math.cbrt(y[k] as number)));
        assert.ok(distance > 0.05, `${a} and ${b} are ${distance.toFixed(3)} apart for ${see.name}`);
      }
    }
  }
});

test("colourOf(index) starts over after ten", () => {
  assert.equal(colourOf(10), colourOf(0));
});

test("scales run from 0 to 1, and both kinds have white for zero", () => {
  for (const scale of [sequentialScale, divergingScale])
    assert.deepEqual([scale.at(0)?.[0], scale.at(-1)?.[0]], [0, 1]);
  assert.equal(sequentialScale[0]?.[1], "#ffffff");
  assert.equal(divergingScale[2]?.[1], "#ffffff");
});
