import { checkFinite } from "../common/checks";
import { isFiniteNumber } from "./extremes";
import type { FigureLayout, FigureOptions } from "./figure";
import { unwritable } from "./labels";
import { withoutMarkup } from "./markup";
import { lengthOf, type Scale, type Span } from "./scale";
import { fontFamily, ink } from "./theme";

/** Options of an axis. */
export interface AxisOptions {
  type?: "linear" | "log" | "category";
  scale?: Scale;
  range?: readonly [number, number];
  /** what the data span, above zero on a logarithmic axis: its ticks are made for it */
  span?: Span;
  grid?: boolean;
  reversed?: boolean;
}

/** CSS pixels: Plotly draws nothing smaller. */
export const smallestSide = 10;

const leftMargin = 24;
const titleHeight = 44;
const legendRow = 26;

/**
 * The common layout: white paper, title at the left, axis titles that make their own room.
 * @param roomAbove CSS pixels above the plot, such as for the texts of marks
 * @throws RangeError for a width or a height that is not finite, or below 10
 */
export function baseLayout({ title, width = 610, height = 400 }: FigureOptions, roomAbove = 0): FigureLayout {
  checkFinite("width", width, { from: smallestSide });
  checkFinite("height", height, { from: smallestSide });
  const lineCount = title ? title.split("<br>").length : 0;
  const top = title ? titleHeight + 21 * (lineCount - 1) : 20;
  return {
    width,
    height,
    paper_bgcolor: "#ffffff",
    plot_bgcolor: "#ffffff",
    font: { family: fontFamily, size: 13, color: ink.text },
    title: title
      ? {
          text: `<b>${title}</b>`,
          font: { size: 16 },
          x: leftMargin / width,
          xanchor: "left",
          y: 1 - 14 / height,
          yanchor: "top",
          yref: "container",
        }
      : undefined,
    margin: { l: leftMargin, r: 24, t: top + roomAbove, b: 20 },
    showlegend: false,
    hoverlabel: { font: { family: fontFamily, size: 13 } },
  };
}

/**
 * An axis in the common look, with its title.
 * @throws RangeError for limits that are not finite, or not above 0 on a logarithmic axis
 */
export function axis(
  title: string,
  { type, scale = "linear", range, span, grid = true, reversed = false }: AxisOptions = {},
): object {
  for (const limit of range ?? []) checkFinite("the limits of an axis", limit, scale === "log" ? { above: 0 } : {});
  const limits = range ?? aroundOne(span, scale);
  return {
    title: { text: title, standoff: 10 },
    type: type ?? scale,
    range: limits && scale === "log" ? limits.map(Math.log10) : limits,
    autorange: limits ? false : reversed ? "reversed" : true,
    automargin: true,
    showgrid: grid,
    gridcolor: ink.grid,
    zeroline: false,
    linecolor: ink.frame,
    showline: true,
    ticks: "outside",
    ticklen: 4,
    tickcolor: ink.frame,
    ...ticks(scale, limits ?? span),
  };
}

/** From here on a number is written as a power of ten: fifteen zeros are counted by no reader. */
export const longest = 1e15;
/** Below, too. */
export const shortest = 1e-9;
// fewer decades may show but one power of ten, the fewest not even two of 1, 2, 5; many stand on each other
const fewDecades = 1.5;
const fewestDecades = 0.8;
const manyDecades = 12;

/** A decade below and above, where a logarithmic axis has a single value: of some Plotly shows nothing around. */
function aroundOne(span: Span | undefined, scale: Scale): Span | undefined {
  return span && scale === "log" && span[0] === span[1] ? [span[0] / 10, span[0] * 10] : undefined;
}

function ticks(scale: Scale, shown: Span | undefined): object {
  const sizes = (shown ?? [1]).map(Math.abs);
  const [largest, smallest] = [Math.max(...sizes), Math.min(...sizes)];
  const isReadable = largest < longest && (largest === 0 || (scale === "log" ? smallest : largest) >= shortest);
  const format = { exponentformat: isReadable ? "none" : "power", separatethousands: true };
  if (scale === "linear") return format;
  const decades = shown ? lengthOf(shown, scale) : 2;
  if (decades > manyDecades) return { ...format, dtick: Math.ceil(decades / 8) };
  const minor = { dtick: "D1", ticks: "outside", ticklen: 2, tickcolor: ink.frame };
  if (decades >= fewDecades) return { ...format, dtick: 1, minor };
  // by itself Plotly would write 20 and 200 as a small 2; of the fewest decades it chooses the steps
  const steps = decades < fewestDecades ? {} : { dtick: "D2" };
  return { ...format, ...steps, tickformat: isReadable ? ",.12~r" : "~g", minor };
}

/** Puts the legend in a row under the title while it fits there, else beside the plot; never over the data. */
export function legendLayout(layout: FigureLayout, names: readonly string[]): void {
  if (names.length === 0) return;
  const margin = layout.margin as { t: number };
  const roughWidth = names.reduce((sum, name) => sum + 56 + 8 * name.length, 0);
  layout.showlegend = true;
  if (roughWidth > layout.width - 2 * leftMargin) {
    layout.legend = { itemsizing: "constant", tracegroupgap: 0, x: 1.02, y: 1, yanchor: "top" };
    return;
  }
  const top = layout.title ? titleHeight - 6 : 10;
  margin.t += legendRow;
  layout.legend = {
    orientation: "h",
    itemsizing: "constant",
    tracegroupgap: 0,
    x: 0,
    xanchor: "left",
    yref: "container",
    y: 1 - top / layout.height,
    yanchor: "top",
  };
}

/** The words for a figure: what it is, its axes, and what the data say, letter by letter. */
export function summary(kind: string, title: string, axes: readonly string[], facts: readonly string[]): string {
  const [x, y] = axes.map(withoutMarkup);
  const about = [x && `x: ${x}`, y && `y: ${y}`].filter(Boolean).join(", ");
  return `${kind}${title ? ` “${withoutMarkup(title)}”` : ""}${about ? ` (${about})` : ""}. ${facts.join("; ")}.`;
}

/** A number as short as a reader needs it: 12,345, 0.0123 or 1.2e30; a dash for NaN. */
export function shortNumber(value: number): string {
  if (!isFiniteNumber(value)) return unwritable(value);
  if (Math.abs(value) >= longest) return powerOfTen(value, 3);
  // plus 0: minus zero is written as zero
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return (Math.round(value) + 0).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}

/** A number as 1.23e30, to so many digits. */
export function powerOfTen(value: number, digits: number): string {
  return value
    .toExponential(digits - 1)
    .replace(/\.?0*e/, "e")
    .replace("e+", "e");
}
