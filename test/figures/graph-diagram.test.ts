import assert from "node:assert/strict";
import { test } from "node:test";
import { type ComputationStep, graphDiagram } from "../../lib/src/figures/graph-diagram";

interface Shape {
  type: string;
  x0: number;
  x1: number;
  y0: number;
  y1: number;
}

const given = (name: string, value: number): ComputationStep => ({ name, value, inputs: [], slopes: [] });
const [w, x, b] = [given("w", 2), given("x", 3), given("<b>", -4)];
const product: ComputationStep = { name: "product", value: 6, inputs: [w, x], slopes: [3, 2] };
const sum: ComputationStep = { name: "sum", value: 2, inputs: [product, b], slopes: [1, 1] };
const square: ComputationStep = { name: "square", value: 4, inputs: [sum, sum], slopes: [2, 2], gradient: 1 };
const steps = [w, x, b, product, sum, square];

test("graphDiagram(steps) keeps boxes inside the figure and apart", () => {
  const { layout } = graphDiagram(steps, { title: "Graph" });
  const boxes = (layout.shapes as Shape[]).filter(({ type }) => type === "rect");
  assert.equal(boxes.length, 6);
  for (const [i, { x0, x1, y0, y1 }] of boxes.entries()) {
    assert.ok(x0 >= 0 && x1 <= layout.width && y0 >= 0 && y1 <= layout.height - 40, `box ${i}`);
    for (const other of boxes.slice(0, i))
      assert.ok(x0 > other.x1 || x1 < other.x0 || y0 > other.y1 || y1 < other.y0, `box ${i}`);
  }
});

test("graphDiagram(steps) draws an arrow a use, and writes names letter by letter", () => {
  const { shapes, annotations } = graphDiagram(steps).layout;
  const arrows = (shapes as Shape[]).filter(({ type }) => type === "line");
  assert.equal(arrows.length, 6);
  assert.equal(new Set(arrows.slice(-2).map(({ y0 }) => y0)).size, 2);
  assert.ok((annotations as { text: string }[]).some(({ text }) => text.includes("&lt;b>")));
});

test("graphDiagram(steps) tells the computation in words", () => {
  assert.match(graphDiagram(steps).alt, /^Computation graph\. w = 2; x = 3; .*product = 6 from w \(slope 3\) and x/);
  assert.match(graphDiagram(steps).alt, /square = 4 from sum \(slope 2\) and sum \(slope 2\), gradient 1\.$/);
});

test("graphDiagram(steps) refuses no steps, an input that does not stand before its use, and a slope too few", () => {
  assert.throws(() => graphDiagram([]), /at least one step/);
  assert.throws(() => graphDiagram([product, w, x]), /inputs of product to stand before it/);
  assert.throws(
    () => graphDiagram([w, x, { ...product, slopes: [3] }]),
    /`slopes of product` to hold 2 items .* got 1/,
  );
});
