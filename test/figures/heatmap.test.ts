import assert from "node:assert/strict";
import { test } from "node:test";
import { heatmap } from "../../lib/src/figures/heatmap";
import { divergingScale, sequentialScale } from "../../lib/src/figures/theme";

interface Trace {
  z: (number | null)[][];
  zmin: number;
  zmax: number;
  text: string[][];
  hovertext: string[][];
}

interface Annotation {
  text: string;
  visible?: boolean;
  xclick?: string;
  yclick?: string;
  clicktoshow: string;
  x: number;
  y: number;
  xanchor: string;
  yanchor: string;
  xshift: number;
  showarrow: boolean;
  font: { family?: string; size?: number };
}

interface Axis {
  type: string;
  autorange: boolean | string;
  range?: number[];
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

const detailed = { ...asErrors, rows: ["zero", "one", "two"], columns: ["a", "b", "c"] };
const notesOf = ({ layout }: { layout: object }) =>
  (layout as { annotations?: Annotation[] }).annotations ?? ([] as Annotation[]);

test("heatmap(matrix, {details}) hides one text for each cell that has one, shown by a click on that cell", () => {
  const details = (row: number, column: number) => (row < column ? `${row} as ${column}\n##\n.#` : undefined);
  const hidden = notesOf(heatmap(confusion, { ...detailed, details })).filter((note) => note.visible === false);
  assert.deepEqual(
    hidden.map(({ xclick, yclick, text }) => [xclick, yclick, text]),
    [
      ["b", "zero", "0 as 1<br>##<br>.#"],
      ["c", "zero", "0 as 2<br>##<br>.#"],
      ["c", "one", "1 as 2<br>##<br>.#"],
    ],
  );
  for (const { clicktoshow, font } of hidden) {
    assert.equal(clicktoshow, "onout");
    assert.match(font.family ?? "", /Mono/);
  }
});

test("heatmap(matrix, {details}) ties its texts to the names on the axes, also where they are numbers", () => {
  const [note] = notesOf(
    heatmap(confusion, { rows: [7, 8, 9], details: (r, c) => (r === 1 && c === 2 ? "x" : undefined) }),
  );
  assert.deepEqual([note?.xclick, note?.yclick, note?.text], ["2", "8", "x"]);
});

test("heatmap(matrix, {details}) shows one hint, which a click on any cell hides", () => {
  const notes = notesOf(heatmap(confusion, { ...detailed, details: () => "x" }));
  const hints = notes.filter((note) => note.visible !== false);
  assert.equal(notes.length, 10);
  assert.equal(hints.length, 1);
  assert.match(hints[0]?.text ?? "", /click/);
  assert.equal(hints[0]?.clicktoshow, "onout");
  const xclick = hints[0]?.xclick;
  assert.ok(typeof xclick === "string" && !detailed.columns.includes(xclick), `${xclick}`);
});

test("heatmap(matrix, {details}) makes type small enough for the lines to fit beside the matrix", () => {
  const sizeOf = (lines: number) => {
    const details = () => Array(lines).fill("##").join("\n");
    return notesOf(heatmap(confusion, { details }))[0]?.font.size as number;
  };
  const sizes = [1, 10, 14, 100].map(sizeOf);
  assert.deepEqual(sizes, [13, 10, 7, 7]);
});

test("heatmap(matrix, {details}) fixes the axes at the matrix and widens the figure for its texts", () => {
  const plain = heatmap([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  const figure = heatmap(
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
    { details: () => "x" },
  );
  const { xaxis, yaxis, margin } = figure.layout as unknown as {
    xaxis: Axis;
    yaxis: Axis;
    margin: { r: number; l: number };
  };
  assert.deepEqual([xaxis.type, xaxis.autorange, xaxis.range], ["category", false, [-0.5, 2.5]]);
  assert.deepEqual([yaxis.type, yaxis.autorange, yaxis.range], ["category", false, [1.5, -0.5]]);
  assert.equal(margin.l, (plain.layout.margin as { l: number }).l);
  for (const { x, y, xanchor, yanchor, xshift, showarrow } of notesOf(figure)) {
    assert.deepEqual([x, y, xanchor, yanchor, showarrow], [2.5, -0.5, "left", "top", false]);
    assert.ok(xshift > 0 && xshift < margin.r);
  }
  assert.ok(margin.r >= 200 && figure.layout.width - plain.layout.width >= 200, `${margin.r}`);
});

test("heatmap(matrix) has no texts and no fixed axes without details, nor where details gives none", () => {
  const plain = heatmap(confusion, asErrors);
  const { annotations, xaxis, yaxis } = plain.layout as unknown as { annotations?: unknown; xaxis: Axis; yaxis: Axis };
  assert.equal(annotations, undefined);
  assert.deepEqual(
    [xaxis.range, xaxis.autorange, yaxis.range, yaxis.autorange],
    [undefined, true, undefined, "reversed"],
  );
  assert.deepEqual(heatmap(confusion, { ...asErrors, details: () => undefined }), plain);
});

test("heatmap(matrix) draws every row and column where names repeat, and ties clicks to places", () => {
  const options = { rows: ["a", "a"], columns: ["x", "y", "x"], details: () => "more" };
  const figure = heatmap(
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
    options,
  );
  const [trace] = figure.data as unknown as { x: string[]; y: string[]; hovertext: string[][] }[];
  assert.deepEqual(
    [trace?.x, trace?.y],
    [
      ["0", "1", "2"],
      ["0", "1"],
    ],
  );
  assert.equal(trace?.hovertext[1]?.[2], "row a, column x: 6");
  const { xaxis, yaxis } = figure.layout as Record<string, { ticktext?: string[] } | unknown>;
  assert.deepEqual((xaxis as { ticktext: string[] }).ticktext, ["x", "y", "x"]);
  assert.deepEqual((yaxis as { ticktext: string[] }).ticktext, ["a", "a"]);
  const clicks = notesOf(figure).slice(0, -1);
  assert.equal(new Set(clicks.map(({ xclick, yclick }) => `${xclick} ${yclick}`)).size, 6);
});

test("heatmap(matrix) leaves cells without a value empty, and scales colours by the others", () => {
  const { data, alt } = heatmap([[Number.NaN, 2, Number.POSITIVE_INFINITY]], { format: (value) => value.toFixed(1) });
  const [trace] = data as Trace[];
  assert.deepEqual([trace?.z, trace?.text], [[[null, 2, null]], [["", "2.0", ""]]]);
  assert.deepEqual([trace?.zmin, trace?.zmax], [0, 2]);
  assert.match(alt, /largest: row 0, column 1: 2\.$/);
});

test("heatmap(matrix) of a constant has colours with a length, around or beside zero", () => {
  for (const [value, sequential, diverging] of [
    [0, [0, 1], [-1, 1]],
    [3, [0, 3], [-3, 3]],
    [-2, [-2, 0], [-2, 2]],
    [Number.NaN, [0, 1], [-1, 1]],
  ] as const) {
    for (const [colours, expected] of [
      ["sequential", sequential],
      ["diverging", diverging],
    ] as const) {
      const [trace] = heatmap([[value, value]], { colours }).data as Trace[];
      assert.deepEqual([trace?.zmin, trace?.zmax], expected, `${value}, ${colours}`);
    }
  }
});

test("heatmap(matrix) writes and frames no cells that are smaller than text", () => {
  const [large, small] = [50, 200].map((side) => {
    const row = Array.from({ length: side }, (_, i) => i);
    return heatmap(row.map(() => row)).data[0] as { texttemplate?: string; xgap: number };
  });
  assert.deepEqual([large?.texttemplate, large?.xgap], ["%{text}", 1]);
  assert.deepEqual([small?.texttemplate, small?.xgap], [undefined, 0]);
});

test("heatmap(matrix) has diverging colours where a value is negative, unless told otherwise", () => {
  const scaleOf = (colours?: "sequential" | "diverging") => {
    const [trace] = heatmap([[-3, 1]], { colours }).data as (Trace & { colorscale: unknown })[];
    return [trace?.zmin, trace?.zmax, trace?.colorscale];
  };
  assert.deepEqual(scaleOf(), [-3, 3, divergingScale]);
  assert.deepEqual(scaleOf("diverging"), scaleOf());
  assert.deepEqual(scaleOf("sequential"), [-3, 1, sequentialScale]);
  const [below] = heatmap([[-5, -1]], { colours: "sequential" }).data as Trace[];
  assert.deepEqual([below?.zmin, below?.zmax], [-5, -1]);
  const [positive] = heatmap([[3, 1]]).data as (Trace & { colorscale: unknown })[];
  assert.deepEqual(positive?.colorscale, sequentialScale);
});

test("heatmap(matrix) has a tick for each whole number only while those are few", () => {
  const step = (row: number[], colours?: "sequential") =>
    (heatmap([row], { colours }).data[0] as { colorbar: { dtick?: number } }).colorbar.dtick;
  assert.deepEqual([step([0, 8]), step([-4, 4])], [1, 1]);
  for (const row of [
    [0, 9],
    [-1000, 5],
    [0.5, 1],
  ])
    assert.equal(step(row), undefined, `${row}`);
  assert.equal(step([-1000, 5], "sequential"), undefined);
});

test("heatmap(matrix) takes rows of typed arrays", () => {
  const rows = [
    [0, 40],
    [7, 3],
  ];
  for (const options of [{}, { hideDiagonalFromScale: true, details: () => "x" }])
    for (const list of [Uint8Array, Int32Array, Float64Array])
      assert.deepEqual(
        heatmap(
          rows.map((row) => list.from(row)),
          options,
        ),
        heatmap(rows, options),
      );
});

test("heatmap(matrix, {range}) tells values apart that are close to each other", () => {
  const [trace] = heatmap([[123456.1, 123456.2]], { range: [123456, 123457] }).data as Trace[];
  assert.deepEqual(trace?.z, [[123456.1, 123456.2]]);
});
