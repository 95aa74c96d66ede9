import { checkList, sameLength } from "./arguments";
import type { Figure, FigureOptions } from "./figure";
import { baseLayout, shortNumber, summary } from "./layout";
import { literal } from "./markup";
import { colourOf, ink } from "./theme";

/** A step of a computation. */
export interface ComputationStep {
  name: string;
  /** what it gives */
  value: number;
  /** what it is made of; none for what is given */
  inputs: readonly ComputationStep[];
  /** how fast its value moves with each input */
  slopes: readonly number[];
  /** how fast the last value moves with this one, if known */
  gradient?: number;
}

/** The middle of a box, in CSS pixels from the lower left. */
interface Place {
  x: number;
  y: number;
}

const [boxWidth, boxHeight, margin] = [112, 60, 20];

/**
 * A computation from left to right: a box a step with its value and, if known, its gradient in red; an arrow from each
 * input, with the slope of the step after it.
 * @param steps at least one, each after its inputs
 * @throws RangeError for no steps, and for a width or a height out of its range; Error for a step that stands before
 *   one of its inputs, or has not as many slopes as inputs
 */
export function graphDiagram(steps: readonly ComputationStep[], options: FigureOptions = {}): Figure {
  const { title = "", width = 800, height = 320, alt } = options;
  checkList("`steps`", steps);
  if (steps.length === 0) throw new RangeError("Expected `steps` to hold at least one step, got none.");
  for (const { name, inputs, slopes } of steps) sameLength(`slopes of ${name}`, slopes, "inputs", inputs.length);
  const layout = baseLayout({ title, width, height });
  const places = place(steps, width, height - (title ? 44 : 0));
  const hidden = { visible: false, fixedrange: true };
  const at = (step: ComputationStep) => places.get(step) as Place;
  Object.assign(layout, {
    margin: { l: 0, r: 0, t: 0, b: 0 },
    xaxis: { ...hidden, range: [0, width] },
    yaxis: { ...hidden, range: [0, height] },
    shapes: steps.flatMap((step) => [
      box(at(step)),
      ...step.inputs.flatMap((input, i) => arrow(at(input), at(step), spread(step, i))),
    ]),
    annotations: steps.flatMap((step) => [
      ...step.inputs.map((input, i) => slopeText(at(input), at(step), step.slopes[i] as number, spread(step, i))),
      words(step, at(step)),
    ]),
  });
  const data = [{ type: "scatter", mode: "markers", x: [], y: [] }];
  return {
    kind: "figure",
    still: true,
    data,
    layout,
    alt: alt ?? summary("Computation graph", title, [], steps.map(told)),
  };
}

/** Middle of each box: a column further right than its inputs; what is given stands just before its first use. */
function place(steps: readonly ComputationStep[], width: number, height: number) {
  const column = new Map<ComputationStep, number>();
  for (const step of steps) {
    const before = step.inputs.map((input) => {
      const found = column.get(input);
      if (found === undefined) throw new Error(`Expected the inputs of ${step.name} to stand before it in \`steps\`.`);
      return found;
    });
    column.set(step, before.length > 0 ? 1 + Math.max(...before) : 0);
  }
  for (const step of steps.filter(({ inputs }) => inputs.length === 0)) {
    const uses = steps.filter(({ inputs }) => inputs.includes(step)).map((use) => column.get(use) as number);
    if (uses.length > 0) column.set(step, Math.min(...uses) - 1);
  }
  const last = Math.max(1, ...column.values());
  const places = new Map<ComputationStep, Place>();
  for (let c = 0; c <= last; c++) {
    // in the order of what they are made of; what is given stands below
    const level = ({ inputs }: ComputationStep) =>
      inputs.length === 0 ? -1 : inputs.reduce((sum, input) => sum + (places.get(input)?.y ?? 0), 0) / inputs.length;
    const members = steps.filter((step) => column.get(step) === c).sort((a, b) => level(b) - level(a));
    for (const [row, step] of members.entries())
      places.set(step, {
        x: margin + boxWidth / 2 + ((width - 2 * margin - boxWidth) * c) / last,
        y: height * (1 - (row + 0.5) / members.length),
      });
  }
  return places;
}

const box = ({ x, y }: Place) => ({
  type: "rect",
  x0: x - boxWidth / 2,
  x1: x + boxWidth / 2,
  y0: y - boxHeight / 2,
  y1: y + boxHeight / 2,
  fillcolor: "#e8f1fa",
  line: { color: colourOf(0), width: 1.5 },
});

/** How far up an arrow ends where an input is used several times. */
function spread({ inputs }: ComputationStep, i: number): number {
  const uses = inputs.flatMap((input, j) => (input === inputs[i] ? [j] : []));
  return 22 * ((uses.length - 1) / 2 - uses.indexOf(i));
}

/** From the right side of a box to the left side of another. */
const ends = (from: Place, to: Place, up: number) => ({
  x0: from.x + boxWidth / 2,
  y0: from.y + up,
  x1: to.x - boxWidth / 2,
  y1: to.y + up,
});

/** A line and its head: Plotly's own arrows need a browser. */
function arrow(from: Place, to: Place, up: number): object[] {
  const { x0, y0, x1, y1 } = ends(from, to, up);
  const length = Math.hypot(x1 - x0, y1 - y0);
  const [dx, dy] = [(9 * (x1 - x0)) / length, (9 * (y1 - y0)) / length];
  const corner = (side: number) => `${x1 - dx - (side * dy) / 2} ${y1 - dy + (side * dx) / 2}`;
  const line = { color: ink.soft, width: 1.5 };
  return [
    { type: "line", layer: "below", x0, y0, x1, y1, line },
    { type: "path", path: `M ${x1} ${y1} L ${corner(1)} L ${corner(-1)} Z`, fillcolor: ink.soft, line: { width: 0 } },
  ];
}

function slopeText(from: Place, to: Place, slope: number, up: number): object {
  const { x0, y0, x1, y1 } = ends(from, to, up);
  const text = `slope ${shortNumber(slope)}`;
  return { x: (x0 + x1) / 2 - 4, y: (y0 + y1) / 2, text, showarrow: false, bgcolor: "#ffffff", font: { size: 12.5 } };
}

function words({ name, value, gradient }: ComputationStep, { x, y }: Place): object {
  const lines = [`<b>${literal(name)}</b>`, shortNumber(value)];
  if (gradient !== undefined)
    lines.push(`<span style="color:${colourOf(2)}"><b>gradient ${shortNumber(gradient)}</b></span>`);
  return { x, y, text: lines.join("<br>"), showarrow: false, font: { size: 13 } };
}

function told({ name, value, inputs, slopes, gradient }: ComputationStep): string {
  const from = inputs.map((input, i) => `${input.name} (slope ${shortNumber(slopes[i] as number)})`).join(" and ");
  const known = gradient === undefined ? "" : `, gradient ${shortNumber(gradient)}`;
  return `${name} = ${shortNumber(value)}${from && ` from ${from}`}${known}`;
}
