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
