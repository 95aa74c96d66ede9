import type { Figure, FigureOptions } from "./figure";
import { axis, baseLayout, legendLayout, rounded, sameLength, summary } from "./layout";
import { colourOf, ink, monospaceFamily } from "./theme";

/** Coordinates of n points. */
export interface Points {
  x: ArrayLike<number>;
  y: ArrayLike<number>;
}

export interface ScatterOptions extends FigureOptions {
  /** group of each point, a whole number from 0: its colour */
  groups?: ArrayLike<number>;
  groupNames?: readonly (string | number)[];
  /** text shown at a point under the mouse; lines are parted by `\n` or `<br>` */
  hover?: readonly string[];
  /** draws the hover text in fixed-width type, for pictures made of characters, see `textImage` */
  hoverIsMonospace?: boolean;
  /** writes the name of each group at the middle of its points */
  labelGroups?: boolean;
  /** diameter of a point in CSS pixels */
  size?: number;
}

/** Points in the plane, one colour a group; click a name in the legend to hide its group. */
export function scatter(points: Points, options: ScatterOptions = {}): Figure {
  const { title = "", xLabel = "", yLabel = "", groups, groupNames, hover, alt } = options;
  const { hoverIsMonospace = false, labelGroups = groups !== undefined, size = 5 } = options;
  const count = points.x.length;
  sameLength("points.y", points.y, "points.x", count);
  if (groups) sameLength("groups", groups, "points.x", count);
  if (hover) sameLength("hover", hover, "points.x", count);
  const members = membersOf(groups, count);
  const nameOf = (group: number) => String(groupNames?.[group] ?? group);
  const data = members.map(([group, indices]) => ({
    type: "scatter",
    mode: "markers",
    name: nameOf(group),
    x: rounded(indices.map((i) => points.x[i] as number)),
    y: rounded(indices.map((i) => points.y[i] as number)),
    text: hover ? indices.map((i) => (hover[i] as string).replaceAll("\n", "<br>")) : undefined,
    hovertemplate: `${hover ? "%{text}" : "(%{x}, %{y})"}<extra>${groups ? "%{fullData.name}" : ""}</extra>`,
    marker: { color: colourOf(group), size, opacity: 0.75, line: { width: 0 } },
  }));
  const layout = baseLayout({ height: 540, ...options });
  Object.assign(layout, { xaxis: axis(xLabel), yaxis: axis(yLabel), hovermode: "closest" });
  if (hoverIsMonospace) {
    // as large as leaves a picture of many rows smaller than the figure
    const rows = (hover?.[0] ?? "").split(/\n|<br>/).length;
    const fontSize = Math.min(14, Math.max(6, Math.round(130 / rows)));
    const font = { family: monospaceFamily, size: fontSize, color: ink.text };
    layout.hoverlabel = { bgcolor: "#ffffff", bordercolor: ink.frame, font, align: "left" };
  }
  if (labelGroups) layout.annotations = members.map(([group, indices]) => groupLabel(nameOf(group), indices, points));
  if (groups)
    legendLayout(
      layout,
      members.map(([group]) => nameOf(group)),
    );
  const facts = [
    `${count} points`,
    ...(groups
      ? [`${members.length} groups: ${members.map(([g, m]) => `${nameOf(g)} (${m.length})`).join(", ")}`]
      : []),
  ];
  return { kind: "figure", data, layout, alt: alt ?? summary("Scatter plot", title, [xLabel, yLabel], facts) };
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

/** The group's name on a pale ground at the median of its points. */
function groupLabel(text: string, indices: number[], points: Points): object {
  const median = (values: ArrayLike<number>) => {
    const sorted = indices.map((i) => values[i] as number).sort((a, b) => a - b);
    return sorted[sorted.length >> 1] as number;
  };
  const font = { size: 15, color: ink.text };
  return {
    x: median(points.x),
    y: median(points.y),
    text: `<b>${text}</b>`,
    showarrow: false,
    font,
    bgcolor: "rgba(255,255,255,0.8)",
    borderpad: 2,
  };
}
