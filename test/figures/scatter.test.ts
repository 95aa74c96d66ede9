import assert from "node:assert/strict";
import { test } from "node:test";
import { scatter } from "../../lib/src/figures/scatter";

const points = { x: [0, 1, 2, 3], y: [4, 5, 6, 7] };
const groups = [1, 0, 1, 0];

test("scatter(points) makes one trace a group, in the order of the groups", () => {
  const { data } = scatter(points, { groups, groupNames: ["zero", "one"] });
  const traces = data as { name: string; x: number[]; type: string }[];
  assert.deepEqual(
    traces.map(({ name, x }) => [name, x]),
    [
      ["zero", [1, 3]],
      ["one", [0, 2]],
    ],
  );
  assert.ok(
    traces.every(({ type }) => type === "scatter"),
    "points must not need WebGL",
  );
});

test("scatter(points) without groups has one trace and no legend", () => {
  const { data, layout } = scatter(points);
  assert.equal(data.length, 1);
  assert.equal(layout.showlegend, false);
});

test("scatter(…, {hover}) keeps each text with its point", () => {
  const [zero] = scatter(points, { groups, hover: ["a", "b\nb", "c", "d"] }).data as { text: string[] }[];
  assert.deepEqual(zero?.text, ["b<br>b", "d"]);
});

test("scatter(…, {hoverIsMonospace}) makes tall pictures of characters smaller", () => {
  const size = (rows: number) => {
    const { layout } = scatter(points, { hover: Array(4).fill("x\n".repeat(rows - 1)), hoverIsMonospace: true });
    return (layout.hoverlabel as { font: { size: number } }).font.size;
  };
  assert.ok(size(7) > size(28));
});

test("scatter(points, {groups}) labels each group at its median unless told otherwise", () => {
  const labels = scatter(points, { groups }).layout.annotations as { text: string; x: number }[];
  assert.deepEqual(
    labels.map(({ text, x }) => [text, x]),
    [
      ["<b>0</b>", 3],
      ["<b>1</b>", 2],
    ],
  );
  assert.equal(scatter(points, { groups, labelGroups: false }).layout.annotations, undefined);
});

test("scatter(…, {colours}) gives each group its own colour, and starts over after the last", () => {
  const colourOf = (colours: string[]) =>
    (scatter(points, { groups: [0, 1, 2, 2], colours }).data as { marker: { color: string } }[]).map(
      ({ marker }) => marker.color,
    );
  assert.deepEqual(colourOf(["red", "green", "blue"]), ["red", "green", "blue"]);
  assert.deepEqual(colourOf(["red", "green"]), ["red", "green", "red"]);
  assert.throws(() => colourOf([]), /^RangeError: Expected `colours` to hold at least one colour, got none/);
});

test("scatter(points) counts its groups in words", () => {
  assert.equal(
    scatter(points, { groups, title: "Plane" }).alt,
    "Scatter plot “Plane”. 4 points; 2 groups: 0 (2), 1 (2).",
  );
});

test("scatter(points) refuses lists that do not match and groups that are not whole numbers", () => {
  assert.throws(() => scatter({ x: [1], y: [] }), /`points\.y`/);
  assert.throws(() => scatter(points, { groups: [0] }), /`groups`/);
  assert.throws(
    () => scatter(points, { groups: [0, 1, 0.5, 1] }),
    /^RangeError: .*whole numbers from 0, got 0\.5 at 2/,
  );
  assert.throws(() => scatter(points, { hover: ["a"] }), /`hover`/);
});

test("scatter(points) does not draw points without a place, and labels groups at the median of the others", () => {
  const x = [Number.NaN, 9, 1, 2, Number.NEGATIVE_INFINITY];
  const { data, layout, alt } = scatter({ x, y: [0, 0, 0, 0, 0] }, { groups: [0, 0, 0, 0, 1], groupNames: ["a", "a"] });
  const [first] = data as { x: (number | null)[] }[];
  assert.deepEqual(first?.x, [null, 9, 1, 2]);
  assert.deepEqual(
    (layout.annotations as { x: number }[]).map((label) => label.x),
    [2],
  );
  assert.equal(alt, "Scatter plot. 5 points, 2 without a value; 2 groups: a (4), a (1).");
});
