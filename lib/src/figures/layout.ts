import type { FigureLayout, FigureOptions } from "./figure";
import { fontFamily, ink } from "./theme";

/** Options of an axis. */
export interface AxisOptions {
  type?: "linear" | "log" | "category";
  scale?: "linear" | "log";
  range?: readonly [number, number];
  grid?: boolean;
  reversed?: boolean;
}

const leftMargin = 24;
const titleHeight = 44;
const legendRow = 26;

/**
 * The common layout: white paper, title at the left, axis titles that make their own room.
 * @param roomAbove CSS pixels above the plot, such as for the texts of marks
 */
export function baseLayout({ title, width = 720, height = 400 }: FigureOptions, roomAbove = 0): FigureLayout {
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

/** An axis in the common look, with its title. */
export function axis(
  title: string,
  { type, scale = "linear", range, grid = true, reversed = false }: AxisOptions = {},
): object {
  return {
    title: { text: title, standoff: 10 },
    type: type ?? scale,
    range: range && scale === "log" ? range.map(Math.log10) : range,
    autorange: range ? false : reversed ? "reversed" : true,
    automargin: true,
    showgrid: grid,
    gridcolor: ink.grid,
    zeroline: false,
    linecolor: ink.frame,
    showline: true,
    ticks: "outside",
    ticklen: 4,
    tickcolor: ink.frame,
    exponentformat: "none",
    separatethousands: true,
    ...(scale === "log"
      ? { dtick: 1, minor: { dtick: "D1", ticks: "outside", ticklen: 2, tickcolor: ink.frame } }
      : {}),
  };
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

/** The words for a figure: what it is, its axes, and what the data say. */
export function summary(kind: string, title: string, axes: readonly string[], facts: readonly string[]): string {
  const [x, y] = axes;
  const about = [x && `x: ${x}`, y && `y: ${y}`].filter(Boolean).join(", ");
  const plain = (text: string) => text.replace(/<br>/g, " ").replace(/<[^>]+>/g, "");
  return plain(`${kind}${title ? ` “${title}”` : ""}${about ? ` (${about})` : ""}. ${facts.join("; ")}.`);
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

/** Numbers to five digits: more than a screen shows, and half the size in a notebook. */
export function rounded(values: ArrayLike<number>): number[] {
  return Array.from(values, (value) => Number(value.toPrecision(5)));
}
