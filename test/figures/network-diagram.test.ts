import assert from "node:assert/strict";
import { test } from "node:test";
import { networkDiagram } from "../../lib/src/figures/network-diagram";

const layers = [
  { name: "input", shape: [28, 28, 1] },
  { name: "conv1", shape: [28, 28, 6], detail: "5 × 5 convolution" },
  { name: "dense1", shape: [120], detail: "flatten, dense" },
];

test("networkDiagram(layers) stays inside its figure", () => {
  const { layout } = networkDiagram(layers, { width: 600, height: 300 });
  const shapes = layout.shapes as { x0: number; x1: number; y0: number; y1: number }[];
  assert.ok(shapes.length > 8);
  for (const { x0, x1, y0, y1 } of shapes) {
    assert.ok(Math.min(x0, x1) >= 0 && Math.max(x0, x1) <= 600, `x ${x0} … ${x1}`);
    assert.ok(Math.min(y0, y1) >= 0 && Math.max(y0, y1) <= 300, `y ${y0} … ${y1}`);
  }
});

test("networkDiagram(layers) writes names, sizes and operations", () => {
  const texts = (networkDiagram(layers).layout.annotations as { text: string }[]).map(({ text }) => text).join("|");
  for (const part of ["input", "1 map", "6 maps", "28 × 28", "dense1", "120", "convolution", "flatten"])
    assert.ok(texts.includes(part), part);
});

test("networkDiagram(layers) tells the network in words", () => {
  const { alt } = networkDiagram(layers, { title: "Net" });
  assert.equal(
    alt,
    "Network diagram “Net”. input, 1 map of 28 × 28; 5 × 5 convolution → conv1, 6 maps of 28 × 28; flatten, dense → dense1, 120 units.",
  );
});

test("networkDiagram(layers) refuses one layer and shapes it cannot draw", () => {
  assert.throws(() => networkDiagram(layers.slice(0, 1)), /at least two layers, got 1/);
  assert.throws(() => networkDiagram([...layers, { name: "odd", shape: [2, 3] }]), /shape of odd .* got \[2,3\]/);
});

test("networkDiagram(layers) refuses lengths that are none", () => {
  for (const length of [Number.NaN, 0, -1, 2.5]) {
    const odd = { name: "odd", shape: [length] };
    assert.throws(
      () => networkDiagram([...layers, odd]),
      /^RangeError: Expected the shape of odd to be a whole number above 0/,
    );
  }
});
