import { checkFinite } from "../common/checks";
import { checkLabels, checkList, checkNumbers, checkWord, sameLength } from "./arguments";
import { extremes, highest, isFiniteNumber } from "./extremes";
import type { Figure, FigureLayout, FigureOptions } from "./figure";
import { distinctNames, labelText, labelTicks } from "./labels";
import { axis, baseLayout, shortNumber, summary } from "./layout";
import { literal, withoutMarkup } from "./markup";
import { digitsFor, rounded } from "./rounding";
import { divergingScale, ink, monospaceFamily, sequentialScale } from "./theme";

export interface HeatmapOptions extends FigureOptions {
  /** names of the rows, top to bottom */
  rows?: ArrayLike<string | number>;
  columns?: ArrayLike<string | number>;
  /** writes each value into its cell, where cells are large enough for text */
  annotate?: boolean;
  /**
   * `sequential` from zero (white) up, or from the lowest value to the highest where one is negative; `diverging`
   * around zero (white); default: diverging where a value is negative, else sequential
   */
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

// CSS pixels of a cell; smaller ones have no room for text, nor for a line between them
const smallestText = 9;
const smallestFramed = 4;
const diagonalColour = "#e3efe3";

/**
 * A matrix as coloured cells, row 0 on top: `xLabel` names the columns, `yLabel` the rows. Cells that are NaN or
 * infinite are left empty.
 * @param matrix rows of one length
 * @throws RangeError for an empty matrix, Error for rows, or names of them, of different lengths, TypeError for what is
 *   no list of numbers or names
 */
export function heatmap(matrix: readonly ArrayLike<number>[], options: HeatmapOptions = {}): Figure {
  const { title = "", xLabel = "column", yLabel = "row", annotate = true, unit = "", alt } = options;
  const { hideDiagonalFromScale = false } = options;
  const numbers = rowsOf(matrix);
  const width = numbers[0]?.length ?? 0;
  if (width === 0) throw new RangeError("Expected `matrix` to hold at least one row and one column, got none.");
  for (const row of numbers) sameLength("matrix row", row, "the first row", width);
  const rows = namesOf("rows", options.rows, numbers.length);
  const columns = namesOf("columns", options.columns, width);
  sameLength("rows", rows, "matrix", numbers.length);
  sameLength("columns", columns, "matrix[0]", width);
  for (const limit of options.range ?? []) checkFinite("the limits of the colours", limit);
  const shown = { rows: rows.map(literal), columns: columns.map(literal) };
  const names = { rows: distinctNames(shown.rows), columns: distinctNames(shown.columns) };
  const {
    format = (value, row, column) => (hideDiagonalFromScale && value === 0 && row !== column ? "" : shortNumber(value)),
  } = options;
  const cellText = (value: number, row: number, column: number) =>
    isFiniteNumber(value) ? literal(format(value, row, column)) : "";
  const onScale = (row: number, column: number) => !hideDiagonalFromScale || row !== column;
  const scaled = numbers.flatMap((row, i) => row.filter((value, j) => onScale(i, j) && isFiniteNumber(value)));
  const { colours = scaled.some((value) => value < 0) ? "diverging" : "sequential" } = options;
  checkWord("colours", colours, ["sequential", "diverging"]);
  const [low, high] = options.range ?? limits(scaled, colours);
  const digits = digitsFor(scaled, [low, high]);
  const cell = cellSize(numbers);
  const [x, y] = [withoutMarkup(xLabel), withoutMarkup(yLabel)];
  const describe = (value: number, i: number, j: number) =>
    `${y} ${rows[i]}, ${x} ${columns[j]}: ${shortNumber(value)} ${unit}`.trim();
  const trace = {
    type: "heatmap",
    x: names.columns,
    y: names.rows,
    hovertemplate: "%{hovertext}<extra></extra>",
    hovertext: numbers.map((row, i) => row.map((value, j) => literal(describe(value, i, j)))),
    text: numbers.map((row, i) => row.map((value, j) => (onScale(i, j) ? cellText(value, i, j) : ""))),
    texttemplate: annotate && cell >= smallestText ? "%{text}" : undefined,
    textfont: { size: 12 },
    xgap: cell < smallestFramed ? 0 : 1,
    ygap: cell < smallestFramed ? 0 : 1,
    hoverongaps: false,
  };
  const data: object[] = [
    {
      ...trace,
      z: numbers.map((row, i) => rounded(row, digits).map((value, j) => (onScale(i, j) ? value : null))),
      zmin: low,
      zmax: high,
      colorscale: colours === "diverging" ? divergingScale : sequentialScale,
      colorbar: {
        thickness: 12,
        outlinewidth: 0,
        len: 1,
        dtick: scaled.every(Number.isInteger) && high - low <= 8 ? 1 : undefined,
        title: { text: hideDiagonalFromScale ? "errors" : "", side: "right" },
      },
    },
  ];
  if (hideDiagonalFromScale) data.push({ ...trace, ...diagonal(numbers, cellText) });
  const notes = options.details ? detailNotes(numbers, options.details, names) : [];
  const layout = baseLayout({
    width: Math.max(420, Math.round(width * cell + 230)) + (notes.length > 0 ? detailWidth : 0),
    height: Math.round(numbers.length * cell + 130),
    ...options,
  });
  const flat = { type: "category", grid: false } as const;
  Object.assign(layout, {
    xaxis: { ...axis(xLabel, flat), ...labelTicks(shown.columns, names.columns, width * cell) },
    yaxis: {
      ...axis(yLabel, { ...flat, reversed: true }),
      ...labelTicks(shown.rows, names.rows, numbers.length * cell),
    },
    plot_bgcolor: ink.grid,
  });
  if (notes.length > 0) Object.assign(layout, besideMatrix(layout, notes, [numbers.length, width]));
  const peaks = hideDiagonalFromScale ? "largest off the diagonal" : "largest";
  const largestCells = largest(numbers, onScale).map(([i, j]) => describe(numbers[i]?.[j] as number, i, j));
  const facts = [`${numbers.length} × ${width} cells`, `${peaks}: ${largestCells.join("; ") || "no values"}`];
  return { kind: "figure", data, layout, alt: alt ?? summary("Heat map", title, [xLabel, yLabel], facts) };
}

const detailWidth = 300;
const detailHint = "<i>in JupyterLab: click<br>a cell to see more</i>";

/** A hidden text for each cell with details, right of the matrix; Plotly shows that of the cell last clicked. */
function detailNotes(
  matrix: readonly (readonly number[])[],
  details: (row: number, column: number) => string | undefined,
  { rows, columns }: Record<"rows" | "columns", readonly string[]>,
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
      const click = { xclick: columns[column], yclick: rows[row], visible: false };
      return [{ ...common, ...click, text: lines.map(literal).join("<br>"), font }];
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

/** The rows as arrays: `map` of a typed array makes another, which holds neither texts nor gaps. */
function rowsOf(matrix: readonly ArrayLike<number>[]): number[][] {
  checkList("`matrix`", matrix);
  return Array.from(matrix, (row, i) => {
    checkNumbers(`row ${i} of \`matrix\``, row);
    return Array.from(row);
  });
}

function namesOf(what: string, names: ArrayLike<string | number> | undefined, count: number): string[] {
  if (!names) return Array.from({ length: count }, (_, i) => String(i));
  checkLabels(`\`${what}\``, names);
  return Array.from(names, labelText);
}

/** The values of the first and the last colour; around zero, or from it, where all are equal. */
function limits(values: readonly number[], colours: "sequential" | "diverging"): [number, number] {
  if (colours === "diverging") {
    const reach = highest(values.map(Math.abs), 0) || 1;
    return [-reach, reach];
  }
  const ends = extremes(values);
  const [low, high] = ends ? [values[ends.low] as number, values[ends.high] as number] : [0, 0];
  if (low < 0 && low < high) return [low, high];
  // white and no other colour where every cell is 0
  return [Math.min(0, low), Math.max(0, high) || (low < 0 ? 0 : 1)];
}

/** Up to three largest cells among those allowed. */
function largest(
  matrix: readonly (readonly number[])[],
  allowed: (row: number, column: number) => boolean,
): [number, number][] {
  const cells = matrix.flatMap((row, i) => row.map((_, j): [number, number] => [i, j]));
  const value = ([i, j]: [number, number]) => matrix[i]?.[j] as number;
  return cells
    .filter(([i, j]) => allowed(i, j) && isFiniteNumber(matrix[i]?.[j]))
    .sort((a, b) => value(b) - value(a))
    .slice(0, 3);
}
