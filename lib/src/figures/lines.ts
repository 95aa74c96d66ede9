import type { Figure, FigureOptions } from "./figure";
import { axis, baseLayout, legendLayout, rounded, sameLength, shortNumber, summary } from "./layout";
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
  xScale?: "linear" | "log";
  yScale?: "linear" | "log";
  xRange?: readonly [number, number];
  yRange?: readonly [number, number];
  /** vertical lines with a short text at their top */
  marks?: readonly { x: number; text: string }[];
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
  if (series.length === 0) throw new RangeError("Expected `series` to hold at least one line, got none.");
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

function lineTraces(line: LineSeries, colour: string): object[] {
  const { name, band } = line;
  if (line.x) sameLength(`x of ${name}`, line.x, "y", line.y.length);
  // plotly counts 0, 1, 2 … itself
  const x = line.x && rounded(line.x);
  const traces: object[] = [];
  if (band) {
    sameLength(`band.low of ${name}`, band.low, "y", line.y.length);
    sameLength(`band.high of ${name}`, band.high, "y", line.y.length);
    const quiet = { showlegend: false, hoverinfo: "skip", legendgroup: name };
    const ribbon = { type: "scatter", mode: "lines", x, line: { width: 0 }, ...quiet };
    traces.push({ ...ribbon, y: rounded(band.low) });
    traces.push({ ...ribbon, y: rounded(band.high), fill: "tonexty", fillcolor: `${colour}33` });
  }
  traces.push({
    type: "scatter",
    mode: line.markers ? "lines+markers" : "lines",
    name,
    x,
    y: rounded(line.y),
    line: { color: colour, width: 2, dash: line.dashed ? "6px,4px" : "solid" },
    marker: { color: colour, size: 7 },
    legendgroup: name,
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

function lineSummary({ name, x, y }: LineSeries): string {
  const finite = Array.from(y).filter(Number.isFinite);
  if (finite.length === 0) return `${name}: no values`;
  const last = y.length - 1;
  const low = Array.from(y).indexOf(Math.min(...finite));
  const high = Array.from(y).indexOf(Math.max(...finite));
  const at = (i: number) => `${shortNumber(y[i] as number)} at ${shortNumber(x ? (x[i] as number) : i)}`;
  return `${name}: from ${at(0)} to ${at(last)}, lowest ${at(low)}, highest ${at(high)}`;
}
