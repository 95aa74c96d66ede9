import assert from "node:assert/strict";
import { test } from "node:test";
import { gapCentre, place } from "../../lib/src/figures/network-layout";

const layers = [28, 14, 5].map((side) => ({ name: `${side}`, shape: [side, side, 6] }));

test("place(layers) keeps layers apart and inside the width", () => {
  const placed = place(layers, 500);
  for (const [i, { left, width }] of placed.entries()) {
    const next = placed[i + 1]?.left ?? 500 - 29;
    assert.ok(left + width < next, `layer ${i} ends at ${left + width}, the next begins at ${next}`);
  }
});

test("place(layers) draws smaller maps smaller", () => {
  const [first, second, third] = place(layers, 500).map(({ side }) => side);
  assert.ok((first as number) > (second as number) && (second as number) > (third as number));
});

test("place(layers) says when they do not fit", () => {
  assert.throws(() => place(layers, 200), /larger `width`/);
});

test("gapCentre(a, b) lies between two layers, and nowhere without both", () => {
  const [a, b] = place(layers, 500);
  const centre = gapCentre(a, b) as number;
  assert.ok(a && b && centre > a.left + a.width && centre < b.left);
  assert.equal(gapCentre(undefined, a), undefined);
});
