import type { Figure, FigureOptions } from "./figure";
import { type AxisOptions, axis, baseLayout, sameLength, shortNumber, summary } from "./layout";
import { colourOf, ink } from "./theme";

export interface BarsOptions extends FigureOptions {
  /** the error bar of each value: half its length, or where it begins and ends, as an interval around the value */
  errors?: ArrayLike<number> | { low: ArrayLike<number>; high: ArrayLike<number> };
  horizontal?: boolean;
  /** writes a value on its bar; `false` leaves bars without text */
  valueText?: ((value: number) => string) | false;
  colour?: string;
  /** limits of the value axis; default for a bar chart: from zero */
  range?: readonly [number, number];
  valueScale?: "linear" | "log";
}

export interface HistogramOptions extends FigureOptions {
  colour?: string;
  yScale?: "linear" | "log";
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
  const names = labels.map(String);
  const numbers = Array.from(values);
  const { error, ends } = errorBars(numbers, errors);
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
      ? numbers.map((value, i) => barText(valueText(value), i, ends[i] as number, horizontal, valueScale))
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
  if (edges.length !== counts.length + 1) {
    throw new Error(
      `Expected \`edges\` to hold ${counts.length + 1} items, one more than \`counts\`, got ${edges.length}.`,
    );
  }
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

/** Error bars for Plotly, and the upper end of each bar with its error bar. */
function errorBars(values: readonly number[], errors: BarsOptions["errors"]): { error?: object; ends: number[] } {
  if (!errors) return { ends: [...values] };
  const look = { color: ink.text, thickness: 1.2, width: 4 };
  if (!("low" in errors)) {
    sameLength("errors", errors, "labels", values.length);
    const ends = values.map((value, i) => value + (errors[i] as number));
    return { error: { type: "data", array: Array.from(errors), ...look }, ends };
  }
  sameLength("errors.low", errors.low, "labels", values.length);
  sameLength("errors.high", errors.high, "labels", values.length);
  const ends = Array.from(errors.high);
  const array = values.map((value, i) => (ends[i] as number) - value);
  const arrayminus = values.map((value, i) => value - (errors.low[i] as number));
  return { error: { type: "data", symmetric: false, array, arrayminus, ...look }, ends };
}

/** A text just past the end of a bar and its error bar. */
function barText(text: string, index: number, end: number, horizontal: boolean, scale: "linear" | "log"): object {
  const value = scale === "log" ? Math.log10(end) : end;
  const place = horizontal
    ? { y: index, x: value, xanchor: "left", xshift: 3 }
    : { x: index, y: value, yanchor: "bottom" };
  return { ...place, text, showarrow: false, font: { size: 12 } };
}

function extremes(labels: readonly string[], values: readonly number[]): string {
  if (values.length === 0) return "no values";
  const low = values.indexOf(Math.min(...values));
  const high = values.indexOf(Math.max(...values));
  const at = (i: number) => `${labels[i]} (${shortNumber(values[i] as number)})`;
  return `${values.length} bars, highest ${at(high)}, lowest ${at(low)}`;
}
