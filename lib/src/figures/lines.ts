import { checkList, checkNumbers, checkWord, sameLength } from "./arguments";
import { extremes, isFiniteNumber } from "./extremes";
import type { Figure, FigureOptions } from "./figure";
import { distinctNames } from "./labels";
import { axis, baseLayout, legendLayout, shortNumber, summary } from "./layout";
import { literal } from "./markup";
import { digitsFor, rounded, roundedPlaces } from "./rounding";
import { gapWords, hasPlace, placed, type Scale, type Span, scales, spanOf } from "./scale";
import { colourOf, ink } from "./theme";

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
  xScale?: Scale;
  yScale?: Scale;
  xRange?: readonly [number, number];
  yRange?: readonly [number, number];
  /** vertical lines with a short text at their top */
  marks?: readonly { x: number; text: string }[];
}

/** An axis as the traces need it. */
interface Place {
  scale: Scale;
  /** what it shows */
  span: Span | undefined;
}

/**
 * Lines over a common x axis, with ribbons and marks; a legend from two series on. NaN and infinities are gaps, and so
 * is what a logarithmic axis cannot hold; marks there are left out.
 * @throws RangeError for no series, Error where lists differ in length, TypeError for what is no list of numbers
 */
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
  checkList("`series`", series);
  if (series.length === 0) throw new RangeError("Expected `series` to hold at least one line, got none.");
  checkWord("xScale", xScale, scales);
  checkWord("yScale", yScale, scales);
  for (const line of series) checkSeries(line);
  const groups = distinctNames(series.map(({ name }) => name));
  const xSpan = spanOf(series.map(countedX), xScale);
  const ySpan = spanOf(
    series.flatMap(({ y, band }) => (band ? [y, band.low, band.high] : [y])),
    yScale,
  );
  const places = { x: { scale: xScale, span: xRange ?? xSpan }, y: { scale: yScale, span: yRange ?? ySpan } };
  const data = series.flatMap((line, index) =>
    lineTraces(line, line.colour ?? colourOf(index), groups[index] as string, places),
  );
  const layout = baseLayout(options, marks.length > 0 ? 18 : 0);
  Object.assign(layout, {
    xaxis: axis(xLabel, { scale: xScale, range: xRange, span: xSpan }),
    yaxis: axis(yLabel, { scale: yScale, range: yRange, span: ySpan }),
    hovermode: "x unified",
    ...markLayout(marks, xScale),
  });
  legendLayout(layout, series.length > 1 ? series.map((line) => line.name) : []);
  const facts = series.map((line) => lineSummary(line, xScale, yScale));
  return { kind: "figure", data, layout, alt: alt ?? summary("Line chart", title, [xLabel, yLabel], facts) };
}

function checkSeries({ name, x, y, band }: LineSeries): void {
  checkNumbers(`\`y\` of ${name}`, y);
  if (x) {
    checkNumbers(`\`x\` of ${name}`, x);
    sameLength(`x of ${name}`, x, "y", y.length);
  }
  if (!band) return;
  for (const edge of ["low", "high"] as const) {
    checkNumbers(`\`band.${edge}\` of ${name}`, band[edge]);
    sameLength(`band.${edge} of ${name}`, band[edge], "y", y.length);
  }
}

function countedX({ x, y }: LineSeries): ArrayLike<number | null> {
  return x ?? Array.from(y, (_, i) => i);
}

/** @param group what a click in the legend hides together: the line and its ribbon */
function lineTraces(line: LineSeries, colour: string, group: string, places: { x: Place; y: Place }): object[] {
  const { name, band, markers = false } = line;
  const { scale, span } = places.y;
  // plotly counts 0, 1, 2 … itself, but on a logarithmic axis 0 has no place
  const isCounted = !line.x && places.x.scale === "linear";
  const xValues = placed(countedX(line), places.x.scale);
  const x = isCounted ? undefined : roundedPlaces(xValues, digitsFor(xValues, places.x.span, places.x.scale));
  const yValues = placed(line.y, scale);
  const digits = digitsFor(yValues, span, scale);
  const y = rounded(yValues, digits);
  const traces: object[] = [];
  if (band) {
    const quiet = { showlegend: false, hoverinfo: "skip", legendgroup: group };
    const ribbon = { type: "scatter", mode: "lines", x, line: { width: 0 }, ...quiet };
    const [low, high] = [band.low, band.high].map((edge) => rounded(edge, digitsFor(edge, span, scale)));
    traces.push(...bandTraces(ribbon, low as (number | null)[], high as (number | null)[], `${colour}33`, scale));
  }
  // a line does not show a point between gaps
  const isDrawn = y.map((value, i) => value !== null && xValues[i] !== null);
  const isLone = isDrawn.map((drawn, i) => drawn && !isDrawn[i - 1] && !isDrawn[i + 1]);
  const sizes = !markers && isLone.includes(true) ? isLone.map((lone) => (lone ? 7 : 0)) : undefined;
  traces.push({
    type: "scatter",
    mode: markers || sizes ? "lines+markers" : "lines",
    name: literal(name),
    x,
    y,
    line: { color: colour, width: 2, dash: line.dashed ? "6px,4px" : "solid" },
    marker: sizes ? { color: colour, size: sizes, opacity: 1 } : { color: colour, size: 7 },
    legendgroup: group,
    // where five digits do not tell points apart, four under the mouse do not either
    hovertemplate: `%{y:.${digits > 5 ? digits : 4}~g}`,
  });
  return traces;
}

/** A ribbon: its lower edge, and its upper one filled down to it; with gaps, a closed outline of each piece. */
function bandTraces(
  ribbon: { x: (number | null)[] | undefined },
  low: (number | null)[],
  high: (number | null)[],
  fillcolor: string,
  scale: Scale,
): object[] {
  const x = ribbon.x ?? low.map((_, i) => i);
  const isGap = low.map((_, i) => !(isFiniteNumber(x[i]) && hasPlace(low[i], scale) && hasPlace(high[i], scale)));
  if (!isGap.includes(true)) {
    return [
      { ...ribbon, y: low },
      { ...ribbon, y: high, fill: "tonexty", fillcolor },
    ];
  }
  // plotly fills between two lines wrongly where they have gaps
  const outline: { x: number | null; y: number | null }[] = [];
  for (let from = 0; from < low.length; from++) {
    if (isGap[from]) continue;
    const end = isGap.indexOf(true, from);
    const piece = Array.from({ length: (end < 0 ? low.length : end) - from }, (_, i) => from + i);
    for (const i of piece) outline.push({ x: x[i] as number, y: high[i] as number });
    for (const i of piece.reverse()) outline.push({ x: x[i] as number, y: low[i] as number });
    outline.push({ x: null, y: null });
    from += piece.length;
  }
  return [
    { ...ribbon, x: outline.map((point) => point.x), y: outline.map((point) => point.y), fill: "toself", fillcolor },
  ];
}

/** Vertical lines through the whole plot; their texts stand above it. */
function markLayout(marks: readonly { x: number; text: string }[], xScale: Scale): object {
  const shown = marks.filter(({ x }) => hasPlace(x, xScale));
  return {
    shapes: shown.map(({ x }) => ({
      type: "line",
      x0: x,
      x1: x,
      yref: "paper",
      y0: 0,
      y1: 1,
      line: { color: ink.soft, width: 1, dash: "dot" },
    })),
    annotations: shown.map(({ x, text }) => ({
      x: xScale === "log" ? Math.log10(x) : x,
      yref: "paper",
      y: 1,
      yanchor: "bottom",
      text: literal(text),
      showarrow: false,
      font: { size: 12, color: ink.soft },
    })),
  };
}

function lineSummary(line: LineSeries, xScale: Scale, yScale: Scale): string {
  const { name, y } = line;
  const x = countedX(line);
  // a point without its x is not drawn either
  const values = placed(y, yScale).map((value, i) => (hasPlace(x[i], xScale) ? value : null));
  const gaps = gapWords([x, xScale], [y, yScale]);
  const ends = extremes(values);
  if (!ends) return `${name}: no values${gaps}`;
  const first = values.findIndex(isFiniteNumber);
  const last = values.reduce<number>((before, value, i) => (value === null ? before : i), first);
  const at = (i: number) => `${shortNumber(y[i] as number)} at ${shortNumber(x[i] as number)}`;
  return `${name}: from ${at(first)} to ${at(last)}, lowest ${at(ends.low)}, highest ${at(ends.high)}${gaps}`;
}
