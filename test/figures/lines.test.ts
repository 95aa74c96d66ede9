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

test("lines(series) hides a line with its own band, also where two have one name", () => {
  const band = { low: [1, 1, 1], high: [3, 3, 3] };
  const groups = traces(
    lines([
      { ...curve, band },
      { ...curve, band },
    ]),
  ).map(({ legendgroup }) => legendgroup);
  assert.deepEqual(groups, ["0", "0", "0", "1", "1", "1"]);
});

test("lines(series) leaves gaps for NaN and infinities, and shows a point between two", () => {
  const y = [Number.NaN, 2, 1, Number.POSITIVE_INFINITY, 5, Number.NaN];
  const figure = lines([{ name: "loss", y }]);
  const [line] = traces(figure);
  assert.deepEqual(line?.y, [null, 2, 1, null, 5, null]);
  assert.equal(line?.mode, "lines+markers");
  assert.deepEqual((line?.marker as { size: number[] } | undefined)?.size, [0, 0, 0, 0, 7, 0]);
  assert.match(figure.alt, /loss: from 2 at 1 to 5 at 4, lowest 1 at 2, highest 5 at 4, 3 without a value\.$/);
});

test("lines(series) outlines the pieces of a band with gaps; on a logarithmic axis zero is one", () => {
  const band = { low: [0, 1, Number.NaN, 3], high: [2, 3, 4, 5] };
  const outline = (yScale: "linear" | "log") => traces(lines([{ name: "a", y: [1, 2, 3, 4], band }], { yScale }))[0];
  assert.deepEqual(outline("linear")?.x, [0, 1, 1, 0, null, 3, 3, null]);
  assert.deepEqual(outline("linear")?.y, [2, 3, 1, 0, null, 5, 3, null]);
  assert.deepEqual(outline("log")?.x, [1, 1, null, 3, 3, null]);
  assert.equal(outline("log")?.fill, "toself");
});

test("lines(series) leaves marks out that have no place", () => {
  const marks = [Number.NaN, 0, 2].map((x) => ({ x, text: "m" }));
  const { shapes, annotations } = lines([curve], { marks, xScale: "log" }).layout as Record<string, unknown[]>;
  assert.deepEqual([shapes?.length, annotations?.length], [1, 1]);
});

test("lines(series) takes 150,000 points", () => {
  const y = Float32Array.from({ length: 150_000 }, (_, i) => i);
  assert.match(lines([{ name: "long", y }]).alt, /from 0 at 0 to 149,999 at 149,999, lowest 0 at 0, highest 149,999/);
});

test("lines(series) keeps points apart that lie close together, and whole x to the last digit", () => {
  const day = 1_700_000_000_000;
  const figure = lines([{ name: "a", x: [day, day + 1, day + 2], y: [2.502585, 2.502586, 2.502584] }]);
  assert.deepEqual(traces(figure)[0]?.x, [day, day + 1, day + 2]);
  assert.deepEqual(traces(figure)[0]?.y, [2.502585, 2.502586, 2.502584]);
  assert.equal(traces(figure)[0]?.hovertemplate, "%{y:.7~g}");
  const log = lines([{ name: "a", y: [1.000001, 1.000002] }], { yScale: "log" });
  assert.deepEqual(traces(log)[0]?.y, [1.000001, 1.000002]);
});

test("lines(series) goes by what the axis shows: all lines, or its range", () => {
  const close = { name: "a", y: [2.502585, 2.502586] };
  const [first] = traces(lines([close, { name: "b", y: [0, 3] }]));
  assert.deepEqual(first?.y, [2.5026, 2.5026]);
  const [zoomed] = traces(lines([close, { name: "b", y: [0, 3] }], { yRange: [2.5025, 2.5026] }));
  assert.deepEqual(zoomed?.y, [2.502585, 2.502586]);
});

test("lines(series) leaves gaps on a logarithmic axis for zero and below, with dots for lone points, and says so", () => {
  const figure = lines([{ name: "a", x: [1, 2, 3, 4], y: [0, 5, -1, 7] }], { yScale: "log" });
  const [line] = traces(figure);
  assert.deepEqual(line?.y, [null, 5, null, 7]);
  assert.deepEqual((line?.marker as { size: number[] } | undefined)?.size, [0, 7, 0, 7]);
  assert.match(figure.alt, /a: from 5 at 2 to 7 at 4, .*, 2 without a place on a logarithmic axis\.$/);
  const counted = lines([{ name: "a", y: [1, 2, 3] }], { xScale: "log" });
  assert.deepEqual(traces(counted)[0]?.x, [null, 1, 2]);
  assert.match(counted.alt, /from 2 at 1 to 3 at 2, .*, 1 without a place/);
});

test("lines(series) shows a point between two without an x", () => {
  const [line] = traces(lines([{ name: "a", x: [1, Number.NaN, 3, Number.NaN, 5], y: [1, 2, 3, 4, 5] }]));
  assert.deepEqual((line?.marker as { size: number[] } | undefined)?.size, [7, 0, 7, 0, 7]);
});
