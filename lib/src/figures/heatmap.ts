import type { Figure, FigureLayout, FigureOptions } from "./figure";
import { axis, baseLayout, rounded, sameLength, shortNumber, summary } from "./layout";
import { divergingScale, ink, monospaceFamily, sequentialScale } from "./theme";

export interface HeatmapOptions extends FigureOptions {
  /** names of the rows, top to bottom */
  rows?: readonly (string | number)[];
  columns?: readonly (string | number)[];
  /** writes each value into its cell */
  annotate?: boolean;
  /** `sequential` from zero (white) up; `diverging` around zero (white) */
  colours?: "sequential" | "diverging";
  /** colours only what lies off the diagonal, so that a confusion matrix shows its errors */
  hideDiagonalFromScale?: boolean;
  /** text in a cell; empty for none */
  format?: (value: number, row: number, column: number) => string;
  /** what is counted, for the text under the mouse: "true 4, predicted 9: 3 images" */
  unit?: string;
  /** limits of the colours */
  range?: readonly [number, number];
  /**
   * text that a click on a cell shows beside the matrix, in fixed-width type, such as pictures made by `textImage`;
   * `\n` parts lines; `undefined` for none
   */
  details?: (row: number, column: number) => string | undefined;
}

const diagonalColour = "#e3efe3";

/** A matrix as coloured cells, row 0 on top: `xLabel` names the columns, `yLabel` the rows. */
export function heatmap(matrix: readonly (readonly number[])[], options: HeatmapOptions = {}): Figure {
  const { title = "", xLabel = "column", yLabel = "row", annotate = true, unit = "", alt } = options;
  const { colours = "sequential", hideDiagonalFromScale = false } = options;
  const width = matrix[0]?.length ?? 0;
  if (width === 0) throw new RangeError("Expected `matrix` to hold at least one row and one column, got none.");
  for (const row of matrix) sameLength("matrix row", row, "the first row", width);
  const { rows = matrix.map((_, i) => i), columns = Array.from({ length: width }, (_, i) => i) } = options;
  sameLength("rows", rows, "matrix", matrix.length);
  sameLength("columns", columns, "matrix[0]", width);
  const {
    format = (value, row, column) => (hideDiagonalFromScale && value === 0 && row !== column ? "" : shortNumber(value)),
  } = options;
  const onScale = (row: number, column: number) => !hideDiagonalFromScale || row !== column;
  const scaled = matrix.flatMap((row, i) => row.filter((_, j) => onScale(i, j)));
  const [low, high] = options.range ?? limits(scaled, colours);
  const describe = (value: number, i: number, j: number) =>
    `${yLabel} ${rows[i]}, ${xLabel} ${columns[j]}: ${shortNumber(value)} ${unit}`.trim();
  const trace = {
    type: "heatmap",
    x: columns.map(String),
    y: rows.map(String),
    hovertemplate: "%{hovertext}<extra></extra>",
    hovertext: matrix.map((row, i) => row.map((value, j) => describe(value, i, j))),
    text: matrix.map((row, i) => row.map((value, j) => (onScale(i, j) ? format(value, i, j) : ""))),
    texttemplate: annotate ? "%{text}" : undefined,
    textfont: { size: 12 },
    xgap: 1,
    ygap: 1,
    hoverongaps: false,
  };
  const data: object[] = [
    {
      ...trace,
      z: matrix.map((row, i) => rounded(row).map((value, j) => (onScale(i, j) ? value : null))),
      zmin: low,
      zmax: high,
      colorscale: colours === "diverging" ? divergingScale : sequentialScale,
      colorbar: {
        thickness: 12,
        outlinewidth: 0,
        len: 1,
        dtick: scaled.every(Number.isInteger) && high <= 8 ? 1 : undefined,
        title: { text: hideDiagonalFromScale ? "errors" : "", side: "right" },
      },
    },
  ];
  if (hideDiagonalFromScale) data.push({ ...trace, ...diagonal(matrix, format) });
  const cell = cellSize(matrix);
  const notes = options.details ? detailNotes(matrix, options.details, { rows, columns }) : [];
  const layout = baseLayout({
    width: Math.max(420, Math.round(width * cell + 230)) + (notes.length > 0 ? detailWidth : 0),
    height: Math.round(matrix.length * cell + 130),
    ...options,
  });
  const flat = { type: "category", grid: false } as const;
  Object.assign(layout, {
    xaxis: axis(xLabel, flat),
    yaxis: axis(yLabel, { ...flat, reversed: true }),
    plot_bgcolor: ink.grid,
  });
  if (notes.length > 0) Object.assign(layout, besideMatrix(layout, notes, [matrix.length, width]));
  const peaks = hideDiagonalFromScale ? "largest off the diagonal" : "largest";
  const facts = [
    `${matrix.length} × ${width} cells`,
    `${peaks}: ${largest(matrix, onScale)
      .map(([i, j]) => describe(matrix[i]?.[j] as number, i, j))
      .join("; ")}`,
  ];
  return { kind: "figure", data, layout, alt: alt ?? summary("Heat map", title, [xLabel, yLabel], facts) };
}

const detailWidth = 300;
const detailHint = "<i>in JupyterLab: click<br>a cell to see more</i>";

/** A hidden text for each cell with details, right of the matrix; Plotly shows that of the cell last clicked. */
function detailNotes(
  matrix: readonly (readonly number[])[],
  details: (row: number, column: number) => string | undefined,
  { rows, columns }: Required<Pick<HeatmapOptions, "rows" | "columns">>,
): object[] {
  // Plotly ties a click to a text only if both are on the same axes
  const place = { x: columns.length - 0.5, y: -0.5, xanchor: "left", yanchor: "top", xshift: 96, showarrow: false };
  const common = { ...place, align: "left", clicktoshow: "onout" };
  const notes = matrix.flatMap((cells, row) =>
    cells.flatMap((_, column) => {
      const lines = details(row, column)?.split("\n") ?? [];
      if (lines.length === 0) return [];
      const size = Math.max(7, Math.min(13, Math.floor((matrix.length * cellSize(matrix)) / lines.length / 1.3)));
      const font = { family: monospaceFamily, size, color: ink.text };
      const click = { xclick: String(columns[column]), yclick: String(rows[row]), visible: false };
      return [{ ...common, ...click, text: lines.join("<br>"), font }];
    }),
  );
  // a text of no cell: the first click on any cell hides it
  return notes.length === 0 ? [] : [...notes, { ...common, text: detailHint, xclick: "", font: { color: ink.soft } }];
}

/** Makes room for details; without fixed axes Plotly would widen the matrix until they fit inside. */
function besideMatrix(
  { xaxis, yaxis, margin }: FigureLayout,
  annotations: object[],
  [rows, columns]: [number, number],
) {
  return {
    annotations,
    margin: { ...(margin as object), r: detailWidth },
    xaxis: { ...(xaxis as object), autorange: false, range: [-0.5, columns - 0.5] },
    yaxis: { ...(yaxis as object), autorange: false, range: [rows - 0.5, -0.5] },
  };
}

/** CSS pixels. */
function cellSize(matrix: readonly (readonly number[])[]): number {
  return Math.min(44, 560 / Math.max(matrix.length, matrix[0]?.length ?? 0));
}

/** The diagonal in one pale colour of its own, above the scaled cells. */
function diagonal(
  matrix: readonly (readonly number[])[],
  format: (value: number, row: number, column: number) => string,
): object {
  const z = matrix.map((row, i) => row.map((_, j) => (i === j ? 1 : null)));
  const text = matrix.map((row, i) => row.map((value, j) => (i === j ? format(value, i, j) : "")));
  return {
    z,
    text,
    zmin: 0,
    zmax: 1,
    colorscale: [
      [0, diagonalColour],
      [1, diagonalColour],
    ],
    showscale: false,
  };
}

function limits(values: readonly number[], colours: "sequential" | "diverging"): [number, number] {
  const highest = Math.max(...values.map(colours === "diverging" ? Math.abs : (value) => value), 0) || 1;
  return colours === "diverging" ? [-highest, highest] : [Math.min(0, ...values), highest];
}

/** Up to three largest cells among those allowed. */
function largest(
  matrix: readonly (readonly number[])[],
  allowed: (row: number, column: number) => boolean,
): [number, number][] {
  const cells = matrix.flatMap((row, i) => row.map((_, j): [number, number] => [i, j]));
  const value = ([i, j]: [number, number]) => matrix[i]?.[j] as number;
  return cells
    .filter(([i, j]) => allowed(i, j))
    .sort((a, b) => value(b) - value(a))
    .slice(0, 3);
}
