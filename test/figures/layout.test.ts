import assert from "node:assert/strict";
import { test } from "node:test";
import { axis, baseLayout, legendLayout, shortNumber, summary } from "../../lib/src/figures/layout";

test("baseLayout() gives white paper of known size, and room for the lines of a title", () => {
  const top = (title?: string) => (baseLayout({ title }).margin as { t: number }).t;
  assert.equal(baseLayout({}).paper_bgcolor, "#ffffff");
  assert.deepEqual([baseLayout({}).width, baseLayout({ width: 500 }).width], [610, 500]);
  assert.ok(top() < top("one") && top("one") < top("one<br>two"));
});

test("axis(title) makes its own room and takes ranges as values, also on a log scale", () => {
  const linear = axis("x", { range: [1, 100] }) as { range: number[]; automargin: boolean };
  const log = axis("x", { range: [1, 100], scale: "log" }) as { range: number[] };
  assert.equal(linear.automargin, true);
  assert.deepEqual(
    [linear.range, log.range],
    [
      [1, 100],
      [0, 2],
    ],
  );
});

test("legendLayout(layout, names) goes beside the plot when a row is too short", () => {
  const layout = baseLayout({ width: 300 });
  legendLayout(layout, ["one long name", "another long name", "a third long name"]);
  assert.ok((layout.legend as { x: number }).x > 1);
});

test("shortNumber(value) gives thousands and three digits", () => {
  assert.deepEqual([12345, 0.012345, 1234.5, -3, 0].map(shortNumber), ["12,345", "0.0123", "1,235", "-3", "0"]);
  assert.deepEqual([1e30, -1.26e15, 1e-12, -0, -0.4].map(shortNumber), ["1e30", "-1.26e15", "1e-12", "0", "-0.4"]);
});

test("summary(…) leaves markup out", () => {
  assert.equal(summary("Chart", "a<br><b>b</b>", ["x", ""], ["one", "two"]), "Chart “a b” (x: x). one; two.");
  assert.equal(
    summary("Chart", "1 < 2<BR/>or > &lt;<sup>3</sup>", ["10<sup>x</sup>", "<5"], ["<5: 1, <b>: 2"]),
    "Chart “1 < 2 or > <3” (x: 10x, y: <5). <5: 1, <b>: 2.",
  );
});

test("axis(title, {range}) refuses limits that have no place on it", () => {
  assert.throws(() => axis("x", { range: [0, Number.NaN] }), /^RangeError: Expected the limits of an axis .* got NaN/);
  assert.throws(() => axis("x", { range: [0, 1], scale: "log" }), /to be a finite number above 0, got 0/);
});

test("shortNumber(value) of what is no number is a sign", () => {
  const none = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  assert.deepEqual(none.map(shortNumber), ["–", "∞", "−∞"]);
});

test("baseLayout() refuses sizes that cannot be drawn", () => {
  for (const width of [Number.NaN, 0, -5, Number.POSITIVE_INFINITY, "720"])
    assert.throws(() => baseLayout({ width: width as number }), /Expected `width` to be a finite number, 10 or more/);
  assert.throws(() => baseLayout({ height: 9 }), /^RangeError: Expected `height`/);
});

test("axis(title, {span}) writes numbers of many zeros as powers of ten", () => {
  const format = (span: readonly [number, number], scale?: "log") =>
    (axis("x", { span, scale }) as { exponentformat: string }).exponentformat;
  assert.deepEqual(
    (
      [
        [0, 1e30],
        [-1e20, 0],
        [0, 1e-12],
        [0, 5],
        [0, 0],
        [-1e6, 1e9],
      ] as const
    ).map((span) => format(span)),
    ["power", "power", "power", "none", "none", "none"],
  );
  assert.deepEqual([format([1e-20, 1], "log"), format([1e-5, 1], "log")], ["power", "none"]);
});
