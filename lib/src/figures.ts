import { type AxisOptions, axis, baseLayout, legendLayout, summary } from "./layout";
import { colourOf, ink } from "./theme";

/** A figure as data: Plotly traces and layout, and what the figure says in words. */
export interface Figure {
  kind: "figure";
  data: object[];
  layout: FigureLayout;
  alt: string;
}

/** A Plotly layout of known size, in CSS pixels. */
export interface FigureLayout {
  width: number;
  height: number;
  [key: string]: unknown;
}

/** What every figure takes. */
export interface FigureOptions {
  title?: string;
  xLabel?: string;
  yLabel?: string;
  /** CSS pixels */
  width?: number;
  /** CSS pixels */
  height?: number;
  /** what the figure says, for readers who do not see it; made from the data unless given */
  alt?: string;
}

/** One line: `y` over `x`, or over 0, 1, 2 … */
export interface LineSeries {
  name: string;
  x?: ArrayLike<number>;
  y: ArrayLike<number>;
  /** a ribbon around the line, for instance mean ± standard deviation */
  band?: { low: ArrayLike<number>; high: ArrayLike<number> };
  dashed?: boolean;
  markers?: boolean;
  colour?: string;
}

export interface LinesOptions extends FigureOptions {
  xScale?: "linear" | "log";
  yScale?: "linear" | "log";
  xRange?: readonly [number, number];
  yRange?: readonly [number, number];
  /** vertical lines with a short text at their top */
  marks?: readonly { x: number; text: string }[];
}

export interface BarsOptions extends FigureOptions {
  /** half the length of the error bar of each value */
  errors?: ArrayLike<number>;
  horizontal?: boolean;
  /** writes a value on its bar; `false` leaves bars without text */
  valueText?: ((value: number) => string) | false;
  colour?: string;
  /** limits of the value axis; a bar chart starts at zero unless told otherwise */
  range?: readonly [number, number];
  valueScale?: "linear" | "log";
}

export interface HistogramOptions extends FigureOptions {
  colour?: string;
  yScale?: "linear" | "log";
}

/** Lines over a common x axis, with ribbons and marks; a legend from two series on. */
export function lines(series: readonly LineSeries[], options: LinesOptions = {}): Figure {
  const {
    title = "",
    xLabel = "",
    yLabel = "",
    xScale = "linear",
    yScale = "linear",
    xRange,
    yRange,
    marks = [],
    alt,
  } = options;
  if (series.length === 0) throw new Error("Expected `series` to hold at least one line, got none.");
  const data = series.flatMap((line, index) => lineTraces(line, line.colour ?? colourOf(index)));
  const layout = baseLayout(options, marks.length > 0 ? 18 : 0);
  Object.assign(layout, {
    xaxis: axis(xLabel, { scale: xScale, range: xRange }),
    yaxis: axis(yLabel, { scale: yScale, range: yRange }),
    hovermode: "x unified",
    ...markLayout(marks, xScale),
  });
  legendLayout(layout, series.length > 1 ? series.map((line) => line.name) : []);
  const facts = series.map((line) => lineSummary(line));
  return { kind: "figure", data, layout, alt: alt ?? summary("Line chart", title, [xLabel, yLabel], facts) };
}

/** One bar a label. */
export function bars(
  labels: readonly (string | number)[],
  values: ArrayLike<number>,
  options: BarsOptions = {},
): Figure {
  const { title = "", xLabel = "", yLabel = "", errors, horizontal = false, valueText = shortNumber } = options;
  const { colour = colourOf(0), range, valueScale = "linear", alt } = options;
  sameLength("values", values, "labels", labels.length);
  if (errors) sameLength("errors", errors, "labels", labels.length);
  const names = labels.map(String);
  const numbers = Array.from(values);
  const error = errors && { type: "data", array: Array.from(errors), color: ink.text, thickness: 1.2, width: 4 };
  const trace = {
    type: "bar",
    ...(horizontal
      ? { x: numbers, y: names, orientation: "h", error_x: error }
      : { x: names, y: numbers, error_y: error }),
    marker: { color: colour },
    hovertemplate: `${horizontal ? "%{y}: %{x}" : "%{x}: %{y}"}<extra></extra>`,
  };
  const layout = baseLayout(options);
  const categories: AxisOptions = { type: "category", grid: false, reversed: horizontal };
  const valueAxis: AxisOptions = { scale: valueScale, range };
  Object.assign(layout, {
    xaxis: axis(xLabel, horizontal ? valueAxis : categories),
    yaxis: axis(yLabel, horizontal ? categories : valueAxis),
    bargap: 0.25,
    annotations: valueText
      ? numbers.map((value, i) => barText(valueText(value), i, value + (errors?.[i] ?? 0), horizontal, valueScale))
      : [],
  });
  const facts = [extremes(names, numbers)];
  return { kind: "figure", data: [trace], layout, alt: alt ?? summary("Bar chart", title, [xLabel, yLabel], facts) };
}

/**
 * Bars over the bins between neighbouring `edges`.
 * @param edges n + 1 rising numbers
 * @param counts n numbers
 */
export function histogram(edges: ArrayLike<number>, counts: ArrayLike<number>, options: HistogramOptions = {}): Figure {
  const { title = "", xLabel = "", yLabel = "count", colour = colourOf(0), yScale = "linear", alt } = options;
  sameLength("edges", edges, "counts, plus one,", counts.length + 1);
  const from = Array.from(edges);
  const heights = Array.from(counts);
  const widths = heights.map((_, i) => (from[i + 1] as number) - (from[i] as number));
  const bins = heights.map((_, i) => `${shortNumber(from[i] as number)} to ${shortNumber(from[i + 1] as number)}`);
  const trace = {
    type: "bar",
    x: widths.map((width, i) => (from[i] as number) + width / 2),
    y: heights,
    width: widths,
    customdata: bins,
    marker: { color: colour, line: { color: "#ffffff", width: heights.length > 60 ? 0 : 1 } },
    hovertemplate: "%{customdata}: %{y:,}<extra></extra>",
  };
  const layout = baseLayout(options);
  Object.assign(layout, { xaxis: axis(xLabel, { grid: false }), yaxis: axis(yLabel, { scale: yScale }), bargap: 0 });
  const facts = [extremes(bins, heights)];
  return { kind: "figure", data: [trace], layout, alt: alt ?? summary("Histogram", title, [xLabel, yLabel], facts) };
}

/** Checks that two lists match, for the builders of figures. */
export function sameLength(name: string, list: ArrayLike<unknown>, other: string, expected: number): void {
  if (list.length !== expected)
    throw new Error(`Expected \`${name}\` to hold ${expected} items like \`${other}\`, got ${list.length}.`);
}

/** A number as short as a reader needs it: 12,345 or 0.0123. */
export function shortNumber(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}

function lineTraces(line: LineSeries, colour: string): object[] {
  const y = Array.from(line.y);
  const x = line.x ? Array.from(line.x) : y.map((_, i) => i);
  sameLength(`x of ${line.name}`, x, "y", y.length);
  const traces: object[] = [];
  if (line.band) {
    sameLength(`band.low of ${line.name}`, line.band.low, "y", y.length);
    sameLength(`band.high of ${line.name}`, line.band.high, "y", y.length);
    const ribbon = {
      type: "scatter",
      mode: "lines",
      x,
      line: { width: 0 },
      showlegend: false,
      hoverinfo: "skip",
      legendgroup: line.name,
    };
    traces.push({ ...ribbon, y: Array.from(line.band.low) });
    traces.push({ ...ribbon, y: Array.from(line.band.high), fill: "tonexty", fillcolor: `${colour}33` });
  }
  traces.push({
    type: "scatter",
    mode: line.markers ? "lines+markers" : "lines",
    name: line.name,
    x,
    y,
    line: { color: colour, width: 2, dash: line.dashed ? "6px,4px" : "solid" },
    marker: { color: colour, size: 7 },
    legendgroup: line.name,
    hovertemplate: "%{y:.4~g}",
  });
  return traces;
}

/** Vertical lines through the whole plot; their texts stand above it. */
function markLayout(marks: readonly { x: number; text: string }[], xScale: "linear" | "log"): object {
  return {
    shapes: marks.map(({ x }) => ({
      type: "line",
      x0: x,
      x1: x,
      yref: "paper",
      y0: 0,
      y1: 1,
      line: { color: ink.soft, width: 1, dash: "dot" },
    })),
    annotations: marks.map(({ x, text }) => ({
      x: xScale === "log" ? Math.log10(x) : x,
      yref: "paper",
      y: 1,
      yanchor: "bottom",
      text,
      showarrow: false,
      font: { size: 12, color: ink.soft },
    })),
  };
}

/** A text just past the end of a bar and its error bar. */
function barText(text: string, index: number, end: number, horizontal: boolean, scale: "linear" | "log"): object {
  const value = scale === "log" ? Math.log10(end) : end;
  const place = horizontal
    ? { y: index, x: value, xanchor: "left", xshift: 3 }
    : { x: index, y: value, yanchor: "bottom" };
  return { ...place, text, showarrow: false, font: { size: 12 } };
}

function lineSummary({ name, x, y }: LineSeries): string {
  const finite = Array.from(y).filter(Number.isFinite);
  if (finite.length === 0) return `${name}: no values`;
  const last = y.length - 1;
  const low = Array.from(y).indexOf(Math.min(...finite));
  const high = Array.from(y).indexOf(Math.max(...finite));
  const at = (i: number) => `${shortNumber(y[i] as number)} at ${shortNumber(x ? (x[i] as number) : i)}`;
  return `${name}: from ${at(0)} to ${at(last)}, lowest ${at(low)}, highest ${at(high)}`;
}

function extremes(labels: readonly string[], values: readonly number[]): string {
  if (values.length === 0) return "no values";
  const low = values.indexOf(Math.min(...values));
  const high = values.indexOf(Math.max(...values));
  const at = (i: number) => `${labels[i]} (${shortNumber(values[i] as number)})`;
  return `${values.length} bars, highest ${at(high)}, lowest ${at(low)}`;
}
