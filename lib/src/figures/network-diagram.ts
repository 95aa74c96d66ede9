import { checkWhole } from "../common/checks";
import type { Figure, FigureOptions } from "./figure";
import { baseLayout, summary } from "./layout";
import { literal } from "./markup";
import { columnWidth, type DiagramLayer, gapCentre, type Placed, place } from "./network-layout";
import { colourOf, ink } from "./theme";

const labelSpace = 62;

export type { DiagramLayer } from "./network-layout";

/** A network from left to right: feature maps as stacks that shrink, dense layers as columns, operations below. */
export function networkDiagram(layers: readonly DiagramLayer[], options: FigureOptions = {}): Figure {
  const { title = "", width = 900, height = 330, alt } = options;
  if (layers.length < 2) throw new RangeError(`Expected \`layers\` to hold at least two layers, got ${layers.length}.`);
  for (const { name, shape } of layers) {
    if (shape.length !== 1 && shape.length !== 3)
      throw new Error(`Expected the shape of ${name} to be [height, width, maps] or [units], got [${shape}].`);
    for (const length of shape) checkWhole(`the shape of ${name}`, length, { above: 0 });
  }
  const layout = baseLayout({ title, width, height });
  const top = height - (layout.margin as { t: number }).t - 4;
  const middle = (labelSpace + top - 42) / 2 + 4;
  const placed = place(layers, width);
  const hidden = { visible: false, fixedrange: true };
  Object.assign(layout, {
    margin: { l: 0, r: 0, t: 0, b: 0 },
    xaxis: { ...hidden, range: [0, width] },
    yaxis: { ...hidden, range: [0, height] },
    shapes: placed.flatMap((layer, i) => [...drawLayer(layer, middle), ...drawLink(placed[i - 1], layer, middle)]),
    annotations: placed.flatMap((layer, i) => [
      nameLabel(layer, top),
      ...operationLabel(placed[i - 1], layer, gapCentre(placed[i - 2], placed[i - 1]), gapCentre(layer, placed[i + 1])),
    ]),
  });
  const words = layers.map(({ name, shape, detail }) => `${detail ? `${detail} → ` : ""}${name}, ${sizeText(shape)}`);
  return {
    kind: "figure",
    still: true,
    data: [{ type: "scatter", mode: "markers", x: [], y: [] }],
    layout,
    alt: alt ?? summary("Network diagram", title, [], words),
  };
}

function drawLayer({ layer, left, side, height, maps, shift }: Placed, middle: number): object[] {
  if (maps === 0) return drawColumn(layer.shape[0] as number, left, height, middle);
  const colour = layer.detail?.includes("conv") ? colourOf(0) : layer.detail ? "#9cc9ee" : "#d5dae0";
  const bottom = middle - (height + shift * (maps - 1)) / 2;
  // the backmost map first
  return Array.from({ length: maps }, (_, i) => maps - 1 - i).map((i) => ({
    ...rectangle(left + i * shift, bottom + i * shift, side, height),
    fillcolor: colour,
    line: { color: "#ffffff", width: 1 },
  }));
}

function drawColumn(units: number, left: number, height: number, middle: number): object[] {
  const style = { fillcolor: colourOf(1), line: { color: "#ffffff", width: 1 } };
  const cells = units <= 16 ? units : Math.round(height / 6);
  const step = height / cells;
  return Array.from({ length: cells }, (_, i) => ({
    ...rectangle(left, middle - height / 2 + i * step, columnWidth, step),
    ...style,
  }));
}

/** Lines from a layer to the next: from the patch a kernel sees to one value, or from edge to edge. */
function drawLink(from: Placed | undefined, to: Placed, middle: number): object[] {
  if (!from) return [];
  const line = { color: ink.soft, width: 1 };
  const kernel = Number(to.layer.detail?.match(/(\d+)\s*[×x]/)?.[1] ?? 0);
  const connect = (x0: number, y0: number, x1: number, y1: number) => ({
    type: "line",
    x0,
    y0,
    x1,
    y1,
    line,
    opacity: 0.7,
  });
  if (from.maps > 0 && to.maps > 0 && kernel > 0) {
    const fromBottom = middle - (from.height + from.shift * (from.maps - 1)) / 2;
    const toBottom = middle - (to.height + to.shift * (to.maps - 1)) / 2;
    const patch = Math.max(5, (kernel / (from.layer.shape[0] as number)) * from.height);
    const [x, y] = [from.left + from.side * 0.55, fromBottom + from.height * 0.25];
    const [px, py] = [to.left + to.side * 0.35, toBottom + to.height * 0.4];
    const box = {
      ...rectangle(x, y, patch, patch),
      fillcolor: "rgba(255,255,255,0.45)",
      line: { color: ink.text, width: 1 },
    };
    const value = { ...rectangle(px, py, 4, 4), fillcolor: ink.text, line: { width: 0 } };
    return [box, connect(x + patch, y, px, py), connect(x + patch, y + patch, px, py + 4), value];
  }
  const half = (placed: Placed) => (placed.height + placed.shift * Math.max(0, placed.maps - 1)) / 2;
  const right = from.left + from.width;
  const bottomRight = from.maps > 0 ? from.left + from.side : right;
  // the top left corner of a stack is that of its hindmost map
  const topLeft = to.left + to.shift * Math.max(0, to.maps - 1);
  return [
    connect(right, middle + half(from), topLeft, middle + half(to)),
    connect(bottomRight, middle - half(from), to.left, middle - half(to)),
  ];
}

function nameLabel({ layer, left, width }: Placed, top: number): object {
  const [first, columns, maps] = layer.shape;
  const size = maps === undefined ? `${first}` : `${maps} ${maps === 1 ? "map" : "maps"}<br>${first} × ${columns}`;
  const text = `<b>${literal(layer.name)}</b><br><span style="color:${ink.soft}">${size}</span>`;
  return { x: left + width / 2, y: top, yanchor: "top", text, showarrow: false, font: { size: 13 } };
}

/** The operation under the gap between two layers, broken into lines that keep clear of its neighbours. */
function operationLabel(
  from: Placed | undefined,
  to: Placed,
  before = Number.NEGATIVE_INFINITY,
  after = Number.POSITIVE_INFINITY,
): object[] {
  const centre = gapCentre(from, to);
  if (centre === undefined || !to.layer.detail) return [];
  const room = Math.min(centre - before, after - centre, 112) - 8;
  const text = wrapped(to.layer.detail, Math.max(6, Math.floor(room / 6.2)));
  return [
    { x: centre, y: labelSpace - 4, yanchor: "top", text, showarrow: false, font: { size: 11.5, color: ink.text } },
  ];
}

function sizeText(shape: readonly number[]): string {
  const [first, columns, maps] = shape;
  return maps === undefined ? `${first} units` : `${maps} ${maps === 1 ? "map" : "maps"} of ${first} × ${columns}`;
}

function rectangle(x: number, y: number, width: number, height: number): object {
  return { type: "rect", x0: x, y0: y, x1: x + width, y1: y + height };
}

function wrapped(text: string, limit: number): string {
  // a kernel such as 5 × 5 stays on one line
  const words = text.replace(/(\d+) × (\d+)/g, "$1\u00a0×\u00a0$2").split(" ");
  const rows: string[] = [];
  for (const word of words) {
    const last = rows.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= limit) rows[rows.length - 1] = `${last} ${word}`;
    else rows.push(word);
  }
  return rows.map(literal).join("<br>");
}
