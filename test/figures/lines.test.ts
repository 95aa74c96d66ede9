import assert from "node:assert/strict";
import { test } from "node:test";
import type { Figure } from "../../lib/src/figures/figure";
import { lines } from "../../lib/src/figures/lines";

const curve = { name: "loss", x: [1, 10, 100], y: [2.3, 0.5, 0.123456789] };

/** Traces as plain records. */
function traces(figure: Figure): Record<string, unknown>[] {
  return figure.data as Record<string, unknown>[];
}

test("lines(series) makes one trace a line, to five digits", () => {
  const figure = lines([curve]);
  assert.equal(figure.kind, "figure");
  assert.equal(figure.data.length, 1);
  assert.deepEqual(traces(figure)[0]?.x, [1, 10, 100]);
  assert.deepEqual(traces(figure)[0]?.y, [2.3, 0.5, 0.12346]);
});

test("lines(series) leaves counting to plotly when a line has no `x`", () => {
  assert.equal(traces(lines([{ name: "a", y: new Float32Array([1, 2]) }]))[0]?.x, undefined);
});

test("lines(series) is plain JSON: nothing is lost on the way into a notebook", () => {
  const figure = lines([{ ...curve, y: Float32Array.from(curve.y), band: { low: [1, 1, 1], high: [3, 3, 3] } }], {
    title: "t",
    xRange: [1, 100],
    yRange: [0, 3],
    marks: [{ x: 3, text: "m" }],
  });
  assert.deepEqual(JSON.parse(JSON.stringify(figure)), figure);
});

test("lines(series) draws a band under its line and keeps it out of the legend", () => {
  const [low, high, line] = traces(lines([{ ...curve, band: { low: [2, 0.4, 0.1], high: [2.5, 0.6, 0.2] } }]));
  assert.deepEqual(low?.y, [2, 0.4, 0.1]);
  assert.equal(high?.fill, "tonexty");
  assert.deepEqual([low?.showlegend, high?.showlegend, line?.showlegend], [false, false, undefined]);
});

test("lines(series) has a legend from two lines on, beside the plot when it is long", () => {
  const many = Array.from({ length: 10 }, (_, i) => ({ ...curve, name: `a rather long name ${i}` }));
  assert.equal(lines([curve]).layout.showlegend, false);
  const short = lines([curve, { ...curve, name: "other" }]).layout;
  assert.equal((short.legend as { orientation?: string }).orientation, "h");
  assert.equal((lines(many).layout.legend as { x: number }).x > 1, true);
});

test("lines(series, {xScale: 'log'}) puts ranges and the texts of marks at logarithms", () => {
  const { layout } = lines([curve], { xScale: "log", xRange: [1, 100], marks: [{ x: 10, text: "here" }] });
  const { xaxis, annotations, shapes } = layout;
  assert.deepEqual((xaxis as { range: number[] }).range, [0, 2]);
  assert.equal((annotations as { x: number }[])[0]?.x, 1);
  assert.equal((shapes as { x0: number }[])[0]?.x0, 10);
});

test("lines(series) says in words what it shows", () => {
  const { alt } = lines([curve], { title: "Run <i>one</i>", xLabel: "step", yLabel: "loss" });
  assert.match(
    alt,
    /^Line chart “Run one” \(x: step, y: loss\)\. loss: from 2\.3 at 1 to 0\.123 at 100, lowest 0\.123 at 100, highest 2\.3 at 1\.$/,
  );
  assert.equal(lines([curve], { alt: "mine" }).alt, "mine");
});

test("lines(series) refuses no lines and lists of different lengths", () => {
  assert.throws(() => lines([]), /^RangeError: .*at least one line, got none/);
  assert.throws(() => lines([{ ...curve, x: [1, 2] }]), /`x of loss` to hold 3 items like `y`, got 2/);
  assert.throws(() => lines([{ ...curve, band: { low: [1], high: [1, 2, 3] } }]), /band\.low of loss/);
});
