import assert from "node:assert/strict";
import { test } from "node:test";
import { heatmap } from "../lib/src/heatmap";

interface Trace {
  z: (number | null)[][];
  zmin: number;
  zmax: number;
  text: string[][];
  hovertext: string[][];
}

const confusion = [
  [980, 0, 3],
  [1, 1130, 4],
  [0, 2, 1001],
];
const asErrors = { hideDiagonalFromScale: true, xLabel: "predicted", yLabel: "true", unit: "images" };

test("heatmap(matrix, {hideDiagonalFromScale}) scales colours by the errors alone", () => {
  const [errors, diagonal] = heatmap(confusion, asErrors).data as Trace[];
  assert.deepEqual([errors?.zmin, errors?.zmax], [0, 4]);
  assert.deepEqual(errors?.z[0], [null, 0, 3]);
  assert.deepEqual(diagonal?.z[1], [null, 1, null]);
});

test("heatmap(matrix) writes each value once, and no zeros among the errors", () => {
  const [errors, diagonal] = heatmap(confusion, asErrors).data as Trace[];
  assert.deepEqual(errors?.text[0], ["", "", "3"]);
  assert.deepEqual(diagonal?.text[1], ["", "1,130", ""]);
});

test("heatmap(matrix) says under the mouse what a cell counts", () => {
  const [errors] = heatmap(confusion, asErrors).data as Trace[];
  assert.equal(errors?.hovertext[0]?.[2], "true 0, predicted 2: 3 images");
});

test("heatmap(matrix, {colours: 'diverging'}) is white at zero", () => {
  const [trace] = heatmap([[-1, 0.5]], { colours: "diverging" }).data as Trace[];
  assert.deepEqual([trace?.zmin, trace?.zmax], [-1, 1]);
});

test("heatmap(matrix) names its largest cells in words", () => {
  const { alt } = heatmap(confusion, asErrors);
  assert.match(alt, /largest off the diagonal: true 1, predicted 2: 4 images; true 0, predicted 2: 3 images; true 2/);
});

test("heatmap(matrix) refuses what is empty, ragged or badly named", () => {
  assert.throws(() => heatmap([]), /at least one row and one column/);
  assert.throws(() => heatmap([[1, 2], [3]]), /`matrix row`/);
  assert.throws(() => heatmap([[1, 2]], { columns: ["a"] }), /`columns` to hold 2 items/);
});
