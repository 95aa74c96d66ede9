import assert from "node:assert/strict";
import { test } from "node:test";
import { bars, histogram } from "../../lib/src/figures/bars";
import { ink } from "../../lib/src/figures/theme";

test("bars(labels, values) makes a bar a label with its value written past its end", () => {
  const { data, layout } = bars([0, 1], [5923, 6742]);
  const [trace] = data as { x: string[]; y: number[] }[];
  assert.deepEqual(trace?.x, ["0", "1"]);
  assert.deepEqual(trace?.y, [5923, 6742]);
  const texts = layout.annotations as { text: string; y: number }[];
  assert.deepEqual(
    texts.map(({ text, y }) => [text, y]),
    [
      ["5,923", 5923],
      ["6,742", 6742],
    ],
  );
});

test("bars(…, {horizontal}) swaps the axes and keeps the first label on top", () => {
  const { data, layout } = bars(["a", "b"], [1, 2], { horizontal: true });
  const [trace] = data as { orientation: string; x: number[] }[];
  assert.equal(trace?.orientation, "h");
  assert.deepEqual(trace?.x, [1, 2]);
  assert.equal((layout.yaxis as { autorange: string }).autorange, "reversed");
});

test("bars(…, {errors}) writes texts past the error bars", () => {
  const { layout } = bars(["a"], [98.5], { errors: [0.25], valueText: (value) => `${value} %` });
  const [text] = layout.annotations as { text: string; y: number }[];
  assert.deepEqual([text?.text, text?.y], ["98.5 %", 98.75]);
});

test("bars(…, {errors: {low, high}}) draws intervals that reach further on one side, with the text past the upper end", () => {
  const errors = { low: [0.5, 1], high: Float64Array.of(4, 2.5) };
  for (const horizontal of [false, true]) {
    const { data, layout } = bars(["a", "b"], [1, 2], { errors, horizontal });
    const [trace] = data as Record<string, object>[];
    assert.deepEqual(trace?.[horizontal ? "error_x" : "error_y"], {
      type: "data",
      symmetric: false,
      array: [3, 0.5],
      arrayminus: [0.5, 1],
      color: ink.text,
      thickness: 1.2,
      width: 4,
    });
    const texts = layout.annotations as { text: string; x: number; y: number }[];
    assert.deepEqual(
      texts.map(({ text, x, y }) => [text, horizontal ? x : y]),
      [
        ["1", 4],
        ["2", 2.5],
      ],
    );
  }
  const half = bars(["a"], [1], { errors: [0.25] }).data as { error_y: object }[];
  assert.deepEqual(half[0]?.error_y, { type: "data", array: [0.25], color: ink.text, thickness: 1.2, width: 4 });
});

test("bars(…, {valueText: false}) writes nothing", () => {
  assert.deepEqual(bars(["a"], [1], { valueText: false }).layout.annotations, []);
});

test("bars(labels, values) names its extremes in words", () => {
  const { alt } = bars(["zero", "one", "two"], [3, 9, 1], { title: "Counts" });
  assert.equal(alt, "Bar chart “Counts”. 3 bars, highest one (9), lowest two (1).");
});

test("histogram(edges, counts) puts each bar between its edges", () => {
  const [trace] = histogram([0, 10, 30], [4, 2]).data as { x: number[]; width: number[]; customdata: string[] }[];
  assert.deepEqual(trace?.x, [5, 20]);
  assert.deepEqual(trace?.width, [10, 20]);
  assert.deepEqual(trace?.customdata, ["0 to 10", "10 to 30"]);
});

test("bars and histogram refuse lists that do not match", () => {
  assert.throws(() => bars(["a"], [1, 2]), /`values` to hold 1 items like `labels`, got 2/);
  assert.throws(() => bars(["a"], [1], { errors: [] }), /`errors`/);
  assert.throws(() => bars(["a"], [1], { errors: { low: [], high: [1] } }), /`errors\.low` to hold 1 items .* got 0/);
  assert.throws(
    () => bars(["a"], [1], { errors: { low: [1], high: [1, 2] } }),
    /`errors\.high` to hold 1 items .* got 2/,
  );
  assert.throws(() => histogram([0, 1], [1, 2]), /`edges` to hold 3 items/);
});

test("bars(labels, values) draws a bar a label where labels repeat, with ticks and hover that show the labels", () => {
  for (const horizontal of [false, true]) {
    const { data, layout } = bars([4, 9, 4, 7], [1, 2, 3, 5], { horizontal });
    const [trace] = data as Record<string, unknown>[];
    assert.deepEqual(trace?.[horizontal ? "y" : "x"], ["0", "1", "2", "3"]);
    assert.deepEqual(trace?.customdata, ["4", "9", "4", "7"]);
    assert.match(trace?.hovertemplate as string, /^%\{customdata\}: /);
    const { tickvals, ticktext, type } = layout[horizontal ? "yaxis" : "xaxis"] as Record<string, unknown>;
    assert.deepEqual([type, tickvals, ticktext], ["category", [0, 1, 2, 3], ["4", "9", "4", "7"]]);
    const texts = layout.annotations as { x: number; y: number }[];
    assert.deepEqual(
      texts.map(({ x, y }) => (horizontal ? y : x)),
      [0, 1, 2, 3],
    );
  }
});

test("bars(labels, values) leaves ticks out where repeated labels would stand on each other", () => {
  const count = 2000;
  const { layout } = bars(Array(count).fill("a"), Array(count).fill(1));
  const { ticktext } = layout.xaxis as { ticktext: string[] };
  assert.ok(ticktext.length > 20 && ticktext.length < 60, `${ticktext.length}`);
  assert.deepEqual(layout.annotations, []);
});

test("bars(labels, values) leaves a gap for NaN and infinities, without text or error bar, and says so", () => {
  const errors = [0.5, 0.5, Number.NaN, 0.5];
  const { data, layout, alt } = bars(["a", "b", "c", "d"], [0.5, Number.NaN, 0.75, Number.POSITIVE_INFINITY], {
    errors,
  });
  const [trace] = data as { y: unknown[]; error_y: { array: unknown[] } }[];
  assert.deepEqual(trace?.y, [0.5, null, 0.75, null]);
  assert.deepEqual(trace?.error_y.array, [0.5, 0.5, "–", 0.5]);
  const texts = layout.annotations as { text: string; x: number; y: number }[];
  assert.deepEqual(
    texts.map(({ text, x, y }) => [text, x, y]),
    [
      ["0.5", 0, 1],
      ["0.75", 2, 0.75],
    ],
  );
  assert.equal(alt, "Bar chart. 4 bars, highest c (0.75), lowest a (0.5), 2 without a value.");
});

test("bars(…, {valueScale: 'log'}) writes what has no logarithm at the foot of the plot", () => {
  const { layout } = bars(["a", "b"], [0, 10], { valueScale: "log" });
  const texts = layout.annotations as { y: number; yref?: string }[];
  assert.deepEqual(
    texts.map(({ y, yref }) => [y, yref]),
    [
      [0, "paper"],
      [1, undefined],
    ],
  );
});

test("histogram refuses edges that do not rise, or are nowhere", () => {
  assert.throws(() => histogram([0, 2, 1], [1, 2]), /^RangeError: Expected `edges` to rise, got 1 after 2: sort them/);
  assert.throws(() => histogram([0, 0], [1]), /`edges` to rise, got 0 after 0/);
  assert.throws(
    () => histogram([0, Number.POSITIVE_INFINITY], [1]),
    /^RangeError: Expected `edges\[1\]` to be a finite/,
  );
});

test("bars(labels, values) writes negative values past their ends, below or left of the bar", () => {
  const texts = (horizontal: boolean, errors?: object) =>
    bars(["a", "b"], [-3, 4], { horizontal, errors: errors as number[] }).layout.annotations as Record<
      string,
      unknown
    >[];
  assert.deepEqual(
    texts(false).map(({ y, yanchor }) => [y, yanchor]),
    [
      [-3, "top"],
      [4, "bottom"],
    ],
  );
  assert.deepEqual(
    texts(true).map(({ x, xanchor, xshift }) => [x, xanchor, xshift]),
    [
      [-3, "right", -3],
      [4, "left", 3],
    ],
  );
  for (const errors of [[1, 1], { low: [-4, 3], high: [-2, 5] }])
    assert.deepEqual(
      texts(false, errors).map(({ y }) => y),
      [-4, 5],
    );
});

test("bars and histogram leave gaps on a logarithmic axis for what it cannot hold, and say so", () => {
  const chart = bars(["a", "b", "c"], [0, -2, 5], { valueScale: "log" });
  assert.deepEqual((chart.data as { y: unknown }[])[0]?.y, [null, null, 5]);
  assert.match(chart.alt, /highest c \(5\), lowest b \(-2\), 2 without a place on a logarithmic axis\.$/);
  const counts = histogram([0, 1, 2], [0, 5], { yScale: "log" });
  assert.deepEqual((counts.data as { y: unknown }[])[0]?.y, [null, 5]);
  assert.match(counts.alt, /, 1 without a place on a logarithmic axis\.$/);
});
