import { checkLabels, checkNumbers, sameLength } from "./arguments";
import { isFiniteNumber } from "./extremes";
import type { Figure, FigureOptions } from "./figure";
import { labelText } from "./labels";
import { axis, baseLayout, legendLayout, summary } from "./layout";
import { literal } from "./markup";
import { digitsFor, roundedPlaces } from "./rounding";
import { gapWords, spanOf } from "./scale";
import { ink, monospaceFamily, palette } from "./theme";

/** Coordinates of n points. */
export interface Points {
  x: ArrayLike<number>;
  y: ArrayLike<number>;
}

export interface ScatterOptions extends FigureOptions {
  /** group of each point, a whole number from 0: its colour */
  groups?: ArrayLike<number>;
  groupNames?: ArrayLike<string | number>;
  /** CSS colour of each group, from the first again after the last; at least one; default: the theme's ten */
  colours?: readonly string[];
  /** text shown at a point under the mouse, letter by letter; lines are parted by `\n` or `<br>` */
  hover?: readonly string[];
  /** draws the hover text in fixed-width type, for pictures made of characters, see `textImage` */
  hoverIsMonospace?: boolean;
  /** writes the name of each group at the middle of its points */
  labelGroups?: boolean;
  /** diameter of a point in CSS pixels */
  size?: number;
}

/** With more points than this a browser is slow to draw each as an element of the page, and paints them by WebGL. */
const mostInSvg = 20_000;

/**
 * Points in the plane, one colour a group; click a name in the legend to hide its group. A point with a coordinate that
 * is NaN or infinite is not drawn. Of more than 20,000 points the PNG shows 5,000, evenly taken, the browser all.
 * @throws RangeError for groups that are not whole numbers from 0 and for no colours, Error where lists differ in
 *   length, TypeError for what is no list of numbers or texts
 */
export function scatter(points: Points, options: ScatterOptions = {}): Figure {
  const { title = "", xLabel = "", yLabel = "", groups, groupNames, hover, alt } = options;
  const { hoverIsMonospace = false, labelGroups = groups !== undefined, size = 5, colours = palette } = options;
  checkNumbers("`points.x`", points.x);
  checkNumbers("`points.y`", points.y);
  if (groups) checkNumbers("`groups`", groups);
  if (groupNames) checkLabels("`groupNames`", groupNames);
  checkLabels("`colours`", colours);
  if (colours.length === 0) throw new RangeError("Expected `colours` to hold at least one colour, got none.");
  if (hover) checkLabels("`hover`", hover);
  const count = points.x.length;
  sameLength("points.y", points.y, "points.x", count);
  if (groups) sameLength("groups", groups, "points.x", count);
  if (hover) sameLength("hover", hover, "points.x", count);
  const members = membersOf(groups, count);
  const nameOf = (group: number) => labelText(groupNames?.[group] ?? group);
  const spans = { x: spanOf([points.x], "linear"), y: spanOf([points.y], "linear") };
  const digits = { x: digitsFor(points.x, spans.x), y: digitsFor(points.y, spans.y) };
  const coordinates = (side: "x" | "y", indices: number[]) =>
    roundedPlaces(
      indices.map((i) => points[side][i] as number),
      digits[side],
    );
  const data = members.map(([group, indices]) => ({
    type: count > mostInSvg ? "scattergl" : "scatter",
    mode: "markers",
    name: literal(nameOf(group)),
    x: coordinates("x", indices),
    y: coordinates("y", indices),
    text: hover
      ? indices.map((i) =>
          hoverLines(hover[i] as string)
            .map(literal)
            .join("<br>"),
        )
      : undefined,
    hovertemplate: `${hover ? "%{text}" : "(%{x}, %{y})"}<extra>${groups ? "%{fullData.name}" : ""}</extra>`,
    marker: { color: colours[group % colours.length], size, opacity: 0.75, line: { width: 0 } },
  }));
  const layout = baseLayout({ height: 540, ...options });
  Object.assign(layout, {
    xaxis: axis(xLabel, { span: spans.x }),
    yaxis: axis(yLabel, { span: spans.y }),
    hovermode: "closest",
  });
  if (hoverIsMonospace) {
    // as large as leaves a picture of many rows smaller than the figure
    const rows = hoverLines(hover?.[0] ?? "").length;
    const fontSize = Math.min(14, Math.max(6, Math.round(130 / rows)));
    const font = { family: monospaceFamily, size: fontSize, color: ink.text };
    layout.hoverlabel = { bgcolor: "#ffffff", bordercolor: ink.frame, font, align: "left" };
  }
  if (labelGroups)
    layout.annotations = members.flatMap(([group, indices]) => groupLabel(nameOf(group), indices, points));
  if (groups)
    legendLayout(
      layout,
      members.map(([group]) => nameOf(group)),
    );
  const facts = [
    `${count} points${gapWords([points.x, "linear"], [points.y, "linear"])}`,
    ...(groups
      ? [`${members.length} groups: ${members.map(([g, m]) => `${nameOf(g)} (${m.length})`).join(", ")}`]
      : []),
  ];
  return { kind: "figure", data, layout, alt: alt ?? summary("Scatter plot", title, [xLabel, yLabel], facts) };
}

/** Lines of a text under the mouse. */
function hoverLines(text: string): string[] {
  return String(text).split(/\n|<br>/);
}

/** Indices of the points of each group, groups in rising order. */
function membersOf(groups: ArrayLike<number> | undefined, count: number): [number, number[]][] {
  const members = new Map<number, number[]>();
  for (let i = 0; i < count; i++) {
    const group = groups ? (groups[i] as number) : 0;
    if (!Number.isInteger(group) || group < 0)
      throw new RangeError(`Expected \`groups\` to hold whole numbers from 0, got ${group} at ${i}.`);
    const list = members.get(group);
    if (list) list.push(i);
    else members.set(group, [i]);
  }
  return [...members].sort(([a], [b]) => a - b);
}

/** The group's name on a pale ground at the median of its points; none where no point is drawn. */
function groupLabel(text: string, indices: number[], points: Points): object[] {
  const drawn = indices.filter((i) => isFiniteNumber(points.x[i]) && isFiniteNumber(points.y[i]));
  if (drawn.length === 0) return [];
  const median = (values: ArrayLike<number>) => {
    const sorted = drawn.map((i) => values[i] as number).sort((a, b) => a - b);
    return sorted[sorted.length >> 1] as number;
  };
  const font = { size: 15, color: ink.text };
  const ground = { bgcolor: "rgba(255,255,255,0.8)", borderpad: 2 };
  return [
    { x: median(points.x), y: median(points.y), text: `<b>${literal(text)}</b>`, showarrow: false, font, ...ground },
  ];
}
