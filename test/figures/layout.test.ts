import assert from "node:assert/strict";
import { test } from "node:test";
import {
  axis,
  baseLayout,
  legendLayout,
  rounded,
  sameLength,
  shortNumber,
  summary,
} from "../../lib/src/figures/layout";

test("baseLayout() gives white paper of known size, and room for the lines of a title", () => {
  const top = (title?: string) => (baseLayout({ title }).margin as { t: number }).t;
  assert.equal(baseLayout({}).paper_bgcolor, "#ffffff");
  assert.deepEqual([baseLayout({}).width, baseLayout({ width: 500 }).width], [720, 500]);
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
});

test("rounded(values) keeps five digits and what is not a number", () => {
  assert.deepEqual(rounded(new Float64Array([1.23456789, Number.NaN, 1e-9])), [1.2346, Number.NaN, 1e-9]);
});

test("sameLength(…) names the list, what came and what was expected", () => {
  sameLength("a", [1], "b", 1);
  assert.throws(() => sameLength("a", [1], "b", 2), { message: "Expected `a` to hold 2 items like `b`, got 1." });
});

test("summary(…) leaves markup out", () => {
  assert.equal(summary("Chart", "a<br><b>b</b>", ["x", ""], ["one", "two"]), "Chart “a b” (x: x). one; two.");
});
