import assert from "node:assert/strict";
import { test } from "node:test";
import { JSDOM } from "jsdom";
import { svgToPng } from "../../lib/src/figures/render/png";
import { BoundedCurve, chartSize, type TrainingState, trainingChart } from "../../lib/src/figures/training-chart";
import { decode } from "../helpers/picture";

/** A run of some steps, as the chart sees it. */
function run(epochs: number, steps: number): TrainingState {
  const [loss, accuracy] = [new BoundedCurve(), new BoundedCurve()];
  for (let i = 1; i <= steps; i++) {
    loss.add((epochs * i) / steps, 2.3 * Math.exp((-6 * i) / steps) + 0.01);
    accuracy.add((epochs * i) / steps, 1 - 0.9 * Math.exp((-6 * i) / steps));
  }
  const validation = Array.from({ length: epochs }, (_, i) => ({ x: i + 1, y: 1 - 0.5 / (i + 1) ** 2 }));
  const curves = {
    loss: loss.points,
    accuracy: accuracy.points,
    validationLoss: validation,
    validationAccuracy: validation,
  };
  return { epochs, done: epochs / 2, headline: "Epoch 3 of 5 <&>", detail: "9,000 images/s", ...curves };
}

test("BoundedCurve keeps few points, the mean, and both ends", () => {
  const curve = new BoundedCurve(16);
  for (let i = 0; i < 10_000; i++) curve.add(i, 5);
  assert.ok(curve.points.length < 16 && curve.points.length >= 7, `${curve.points.length} points`);
  assert.ok(curve.points.every(({ y }) => y === 5));
  assert.ok((curve.points[0]?.x as number) < 1000 && (curve.points.at(-1)?.x as number) > 8000);
});

test("trainingChart(state) is well-formed SVG below ten kilobytes, however long the run", () => {
  for (const [epochs, steps] of [
    [1, 1],
    [5, 300],
    [60, 28_140],
  ] as const) {
    const svg = trainingChart(run(epochs, steps));
    assert.ok(svg.length < 10_240, `${svg.length} characters`);
    const { document } = new JSDOM(svg, { contentType: "image/svg+xml" }).window;
    assert.ok(document.documentElement.textContent?.includes("Epoch 3 of 5 <&>"));
    assert.equal(svg.match(/h0(?=[M"])/g)?.length, 2 * epochs, "a dot an epoch in both panels");
    assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
  }
});

test("trainingChart(state) before the first step is an empty chart, not a broken one", () => {
  const empty = { ...run(3, 0), done: 0, validationLoss: [], validationAccuracy: [] };
  assert.doesNotMatch(trainingChart(empty), /NaN|Infinity|undefined/);
});

test("trainingChart(state) keeps all it draws inside", async () => {
  const picture = await decode(svgToPng(trainingChart(run(20, 4000)), 1));
  assert.deepEqual([picture.width, picture.height], [chartSize.width, chartSize.height]);
  assert.equal(picture.touchesEdge(), false);
});

test("trainingChart(state) draws the bar as far as the run has come", async () => {
  const picture = await decode(svgToPng(trainingChart(run(4, 100)), 1));
  assert.ok((picture.at(200, 38)[0] as number) < 100, "left half is filled");
  assert.ok((picture.at(500, 38)[0] as number) > 200, "right half is not");
});

test("trainingChart(state) draws runs that diverge, explode, have one step, or no epochs", () => {
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e300, 0.5, Number.NaN];
  const points = odd.map((y, x) => ({ x, y }));
  const curves = { loss: points, accuracy: points, validationLoss: points, validationAccuracy: points };
  const states = [
    { ...run(3, 0), ...curves },
    run(1, 1),
    { ...run(3, 0), epochs: 0, done: 0 },
    { ...run(0, 0), done: 0 },
  ];
  for (const state of states) {
    const svg = trainingChart(state);
    assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
    assert.ok(svg.length < 10_240, `${svg.length} characters`);
  }
});

test("trainingChart(state) shows the only step, and parts a line at its gaps", () => {
  const empty = { ...run(2, 0), accuracy: [], validationLoss: [], validationAccuracy: [] };
  const draw = (...losses: number[]) => trainingChart({ ...empty, loss: losses.map((y, x) => ({ x, y })) });
  assert.equal(draw(1).match(/l0 0/g)?.length, 1);
  assert.match(draw(1, 1, Number.NaN, 1, 1), /<path d="M[\d. ]+L[\d. ]+M[\d. ]+L[\d. ]+" fill="none"/);
});
