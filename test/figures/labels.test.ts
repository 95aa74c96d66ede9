import assert from "node:assert/strict";
import { test } from "node:test";
import { distinctNames, labelText, labelTicks } from "../../lib/src/figures/labels";

test("distinctNames(labels) are the labels while Plotly tells them apart, else their places", () => {
  assert.deepEqual(distinctNames(["b", "1", "0"]), ["b", "1", "0"]);
  for (const labels of [
    ["a", "b", "a"],
    ["a", "", "b"],
    ["a", "constructor", "__proto__"],
  ])
    assert.deepEqual(distinctNames(labels), ["0", "1", "2"], labels.join());
});

test("labelTicks(labels, names, pixels) writes labels where names are places, as many as have room", () => {
  assert.deepEqual(labelTicks(["a", "b"], ["a", "b"], 300), {});
  const labels = Array(40).fill("a");
  const ticks = labelTicks(labels, distinctNames(labels), 160);
  assert.deepEqual(ticks, {
    tickmode: "array",
    tickvals: [0, 4, 8, 12, 16, 20, 24, 28, 32, 36],
    ticktext: Array(10).fill("a"),
  });
});

test("labelText(label) writes numbers that are none as signs", () => {
  assert.deepEqual([7, "x", Number.NaN, Number.NEGATIVE_INFINITY].map(labelText), ["7", "x", "–", "−∞"]);
});
