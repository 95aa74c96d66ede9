import { checkFinite } from "../common/checks";
import { checkLabels, checkNumbers, checkWord, sameLength } from "./arguments";
import { extremes, isFiniteNumber, withGaps } from "./extremes";
import type { Figure, FigureOptions } from "./figure";
import { distinctNames, labelText, labelTicks } from "./labels";
import { type AxisOptions, axis, baseLayout, shortNumber, summary } from "./layout";
import { literal } from "./markup";
import { gapWords, hasPlace, placed, type Scale, scales, spanOf } from "./scale";
import { colourOf, ink } from "./theme";

export interface BarsOptions extends FigureOptions {
  /** the error bar of each value: half its length, or where it begins and ends, as an interval around the value */
  errors?: ArrayLike<number> | { low: ArrayLike<number>; high: ArrayLike<number> };
  horizontal?: boolean;
  /** writes a value on its bar; `false` leaves bars without text, and so does the default where they stand too close */
  valueText?: ((value: number) => string) | false;
  colour?: string;
  /** limits of the value axis; default for a bar chart: from zero */
  range?: readonly [number, number];
  valueScale?: Scale;
}

/** More bars than these are narrower than a pixel, and slow to draw one by one: their outline is drawn instead. */
const mostBars = 4000;

export interface HistogramOptions extends FigureOptions {
  colour?: string;
  yScale?: Scale;
}

/**
 * One bar a label, labels that occur more than once too; where a value is NaN or infinite, or not above zero on a
 * logarithmic axis, a gap.
 * @throws Error where lists differ in length, TypeError for what is no list of numbers or labels
 */
export function bars(labels: ArrayLike<string | number>, values: ArrayLike<number>, options: BarsOptions = {}): Figure {
  const { title = "", xLabel = "", yLabel = "", errors, horizontal = false } = options;
  const { colour = colourOf(0), range, valueScale = "linear", alt } = options;
  checkLabels("`labels`", labels);
  checkNumbers("`values`", values);
  checkWord("valueScale", valueScale, scales);
  sameLength("values", values, "labels", labels.length);
  const texts = Array.from(labels, labelText);
  const shownTexts = texts.map(literal);
  const names = distinctNames(shownTexts);
  const numbers = withGaps(values);
  const drawn = placed(numbers, valueScale);
  const { error, ends } = errorBars(numbers, errors);
  const trace = {
    ...(names.length > mostBars ? outline(colour, horizontal) : { type: "bar" }),
    ...(horizontal ? { x: drawn, y: names, orientation: "h", error_x: error } : { x: names, y: drawn, error_y: error }),
    marker: { color: colour },
    hovertemplate: `${horizontal ? "%{y}: %{x}" : "%{x}: %{y}"}<extra></extra>`,
  };
  const layout = baseLayout(options);
  const length = horizontal ? layout.height : layout.width;
  const { valueText = length < 8 * labels.length ? false : shortNumber } = options;
  const ticks = labelTicks(shownTexts, names, length - 60);
  // under the mouse Plotly would show the name of the category
  if ("ticktext" in ticks)
    Object.assign(trace, {
      customdata: shownTexts,
      hovertemplate: trace.hovertemplate.replace(horizontal ? "%{y}" : "%{x}", "%{customdata}"),
    });
  const categories: AxisOptions = { type: "category", grid: false, reversed: horizontal };
  const valueAxis: AxisOptions = { scale: valueScale, range, span: spanOf([numbers, ends], valueScale) };
  Object.assign(layout, {
    xaxis: horizontal ? axis(xLabel, valueAxis) : { ...axis(xLabel, categories), ...ticks },
    yaxis: horizontal ? { ...axis(yLabel, categories), ...ticks } : axis(yLabel, valueAxis),
    bargap: 0.25,
    annotations: valueText
      ? numbers.flatMap((value, i) =>
          value === null ? [] : [barText(literal(valueText(value)), i, ends[i] as number, horizontal, valueScale)],
        )
      : [],
  });
  const facts = [extremeBars(texts, numbers, valueScale)];
  return { kind: "figure", data: [trace], layout, alt: alt ?? summary("Bar chart", title, [xLabel, yLabel], facts) };
}

/**
 * Bars over the bins between neighbouring `edges`; where a count is NaN or infinite, or not above zero on a
 * logarithmic axis, a gap.
 * @param edges n + 1 finite numbers, each above the one before
 * @param counts n numbers
 * @throws RangeError for other edges, Error where there is not one more of them than counts,
 *   TypeError for what is no list of numbers
 */
export function histogram(edges: ArrayLike<number>, counts: ArrayLike<number>, options: HistogramOptions = {}): Figure {
  const { title = "", xLabel = "", yLabel = "count", colour = colourOf(0), yScale = "linear", alt } = options;
  checkNumbers("`edges`", edges);
  checkNumbers("`counts`", counts);
  checkWord("yScale", yScale, scales);
  if (edges.length !== counts.length + 1) {
    throw new Error(
      `Expected \`edges\` to hold ${counts.length + 1} items, one more than \`counts\`, got ${edges.length}.`,
    );
  }
  const from = Array.from(edges);
  for (const [i, edge] of from.entries()) {
    checkFinite(`\`edges[${i}]\``, edge);
    if (i > 0 && edge <= (from[i - 1] as number))
      throw new RangeError(`Expected \`edges\` to rise, got ${edge} after ${from[i - 1]}: sort them, each only once.`);
  }
  const heights = withGaps(counts);
  const widths = heights.map((_, i) => (from[i + 1] as number) - (from[i] as number));
  const bins = heights.map((_, i) => `${shortNumber(from[i] as number)} to ${shortNumber(from[i + 1] as number)}`);
  const trace = {
    ...(heights.length > mostBars ? outline(colour) : { type: "bar" }),
    x: widths.map((width, i) => (from[i] as number) + width / 2),
    y: placed(heights, yScale),
    width: widths,
    customdata: bins,
    marker: { color: colour, line: { color: "#ffffff", width: heights.length > 60 ? 0 : 1 } },
    hovertemplate: "%{customdata}: %{y:,}<extra></extra>",
  };
  const layout = baseLayout(options);
  Object.assign(layout, {
    xaxis: axis(xLabel, { grid: false, span: spanOf([from], "linear") }),
    yaxis: axis(yLabel, { scale: yScale, span: spanOf([heights], yScale) }),
    bargap: 0,
  });
  const facts = [extremeBars(bins, heights, yScale)];
  return { kind: "figure", data: [trace], layout, alt: alt ?? summary("Histogram", title, [xLabel, yLabel], facts) };
}

/** Bars without their edges: one filled line, which parts at gaps. */
function outline(colour: string, horizontal = false): object {
  const line = { color: colour, width: 1, shape: horizontal ? "vhv" : "hvh" };
  return { type: "scatter", mode: "lines", line, fill: horizontal ? "tozerox" : "tozeroy", fillcolor: colour };
}

// Plotly takes null for an error of 0; what is no number it leaves out
const unknown = "–";

/** The way in which a bar grows. */
function outwards(value: number): 1 | -1 {
  return value < 0 ? -1 : 1;
}

/** Error bars for Plotly, and the end of each bar with its error bar, away from zero, where both are known. */
function errorBars(
  values: readonly (number | null)[],
  errors: BarsOptions["errors"],
): { error?: object; ends: (number | null)[] } {
  if (!errors) return { ends: [...values] };
  const look = { color: ink.text, thickness: 1.2, width: 4 };
  if (typeof errors !== "object" || !("low" in errors)) {
    checkNumbers("`errors`", errors);
    sameLength("errors", errors, "labels", values.length);
    const lengths = withGaps(errors);
    const ends = values.map((value, i) => (value === null ? null : value + outwards(value) * (lengths[i] ?? 0)));
    return { error: { type: "data", array: lengths.map((length) => length ?? unknown), ...look }, ends };
  }
  checkNumbers("`errors.low`", errors.low);
  checkNumbers("`errors.high`", errors.high);
  sameLength("errors.low", errors.low, "labels", values.length);
  sameLength("errors.high", errors.high, "labels", values.length);
  const [lows, highs] = [withGaps(errors.low), withGaps(errors.high)];
  const difference = (a: number | null | undefined, b: number | null | undefined) =>
    isFiniteNumber(a) && isFiniteNumber(b) ? a - b : unknown;
  const array = values.map((value, i) => difference(highs[i], value));
  const arrayminus = values.map((value, i) => difference(value, lows[i]));
  const ends = values.map((value, i) => (outwards(value ?? 0) > 0 ? highs[i] : lows[i]) ?? value);
  return { error: { type: "data", symmetric: false, array, arrayminus, ...look }, ends };
}

/** A text just past the end of a bar and its error bar; at the foot of the plot where a logarithm has no place. */
function barText(text: string, index: number, end: number, horizontal: boolean, scale: Scale): object {
  const isPlaced = hasPlace(end, scale);
  const foot = isPlaced ? {} : { [horizontal ? "xref" : "yref"]: "paper" };
  const at = !isPlaced ? 0 : scale === "log" ? Math.log10(end) : end;
  const beside = at < 0 && scale === "linear" ? { xanchor: "right", xshift: -3 } : { xanchor: "left", xshift: 3 };
  const beyond = { yanchor: at < 0 && scale === "linear" ? "top" : "bottom" };
  const place = horizontal ? { y: index, x: at, ...beside } : { x: index, y: at, ...beyond };
  return { ...place, ...foot, text, showarrow: false, font: { size: 12 } };
}

function extremeBars(labels: readonly string[], values: readonly (number | null)[], scale: Scale): string {
  const ends = extremes(values);
  if (!ends) return "no values";
  const at = (i: number) => `${labels[i]} (${shortNumber(values[i] as number)})`;
  return `${values.length} bars, highest ${at(ends.high)}, lowest ${at(ends.low)}${gapWords([values, scale])}`;
}
