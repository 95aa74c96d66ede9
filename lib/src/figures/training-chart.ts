import { escaped } from "../common/text";
import { extremes, highest, isFiniteNumber } from "./extremes";
import { colourOf, fontFamily, ink } from "./theme";

/** The mean of a value over a stretch of steps, at the middle of the stretch, counted in epochs. */
export interface CurvePoint {
  x: number;
  y: number;
}

/** The numbers that the live training display draws. */
export interface TrainingState {
  epochs: number;
  /** epochs done, with the fraction of the one under way */
  done: number;
  headline: string;
  detail: string;
  loss: readonly CurvePoint[];
  accuracy: readonly CurvePoint[];
  validationLoss: readonly CurvePoint[];
  validationAccuracy: readonly CurvePoint[];
}

/** A curve of at most `limit` points: when it is full, neighbours are averaged and each point spans more steps. */
export class BoundedCurve {
  readonly points: CurvePoint[] = [];
  private span = 1;
  private pending = { count: 0, x: 0, y: 0 };

  constructor(private readonly limit = 120) {}

  add(x: number, y: number): void {
    const { pending } = this;
    pending.count += 1;
    pending.x += x;
    pending.y += y;
    if (pending.count < this.span) return;
    this.points.push({ x: pending.x / pending.count, y: pending.y / pending.count });
    this.pending = { count: 0, x: 0, y: 0 };
    if (this.points.length >= this.limit) this.halve();
  }

  private halve(): void {
    const { points } = this;
    for (let i = 0; 2 * i + 1 < points.length; i++) {
      const [a, b] = [points[2 * i] as CurvePoint, points[2 * i + 1] as CurvePoint];
      points[i] = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
    }
    points.length >>= 1;
    this.span *= 2;
  }
}

interface Panel {
  title: string;
  left: number;
  epochs: number;
  ticks: { value: number; label: string }[];
  /** value → 0 (bottom) … 1 (top) */
  height: (value: number) => number;
  line: readonly CurvePoint[];
  dots: readonly CurvePoint[];
}

/** CSS pixels of the drawing. */
export const chartSize = { width: 720, height: 240 } as const;

const panelTop = 92;
const panelHeight = 112;
const panelWidth = 290;

/**
 * Progress bar, numbers, and the curves of loss and accuracy, as one SVG of at most ten kilobytes. Points that are NaN
 * or infinite, as the loss of a run that has diverged, are gaps.
 */
export function trainingChart(state: TrainingState): string {
  const { width, height } = chartSize;
  // a run of no epochs is done before it begins
  const share = state.epochs > 0 ? Math.min(1, state.done / state.epochs) : 1;
  const parts = [
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(16, 24, state.headline, 'font-weight="600" font-size="14"'),
    text(16, 62, state.detail, `font-size="12" fill="${ink.soft}"`),
    `<rect x="16" y="34" width="688" height="8" rx="4" fill="${ink.grid}"/>`,
    `<rect x="16" y="34" width="${round(688 * share)}" height="8" rx="4" fill="${colourOf(0)}"/>`,
    drawPanel(lossPanel(state)),
    drawPanel(accuracyPanel(state)),
  ];
  const box = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
  const label = `role="img" aria-label="${escaped(`${state.headline}. ${state.detail}`)}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${box} ${label} font-family="${fontFamily}" font-size="11" fill="${ink.text}">${parts.join("")}</svg>`;
}

/** Loss on a logarithmic axis: the last third of training is as readable as the first. */
function lossPanel({ loss, validationLoss, epochs }: TrainingState): Panel {
  const values = [...loss, ...validationLoss].map(({ y }) => Math.log10(Math.max(y, 1e-6)));
  const ends = extremes(values);
  const low = Math.min(-1, ends ? Math.floor(values[ends.low] as number) : -1);
  const high = highest(values, 0.4);
  const count = Math.floor(high) - low + 1;
  // a loss that explodes passes more powers of ten than have room
  const step = Math.ceil(count / 12);
  const powers = Array.from({ length: Math.ceil(count / step) }, (_, i) => low + i * step);
  const label = (power: number) => (power > 5 ? `1e${power}` : String(Number((10 ** power).toPrecision(1))));
  const ticks = powers.map((power) => ({ value: 10 ** power, label: label(power) }));
  const height = (value: number) => (Math.log10(Math.max(value, 1e-6)) - low) / (high - low);
  return { title: "loss", left: 56, epochs, ticks, height, line: loss, dots: validationLoss };
}

/** Accuracy on a logarithmic axis of 1 − accuracy: from 90 % to 99 % is as far as from 99 % to 99.9 %. */
function accuracyPanel({ accuracy, validationAccuracy, epochs }: TrainingState): Panel {
  const nines = (value: number) => -Math.log10(Math.max(1 - value, 0.0008));
  const points = [...accuracy, ...validationAccuracy];
  const top = highest(
    points.map(({ y }) => 1.08 * nines(y)),
    1.2,
  );
  const ticks = [0, 0.5, 0.9, 0.97, 0.99, 0.997, 0.999]
    .filter((value) => nines(value) <= top)
    .map((value) => ({ value, label: `${Number((100 * value).toFixed(1))} %` }));
  return {
    title: "accuracy",
    left: 410,
    epochs,
    ticks,
    height: (value) => nines(value) / top,
    line: accuracy,
    dots: validationAccuracy,
  };
}

function drawPanel({ title, left, epochs, ticks, height, line, dots }: Panel): string {
  const colour = colourOf(0);
  const bottom = panelTop + panelHeight;
  const x = (value: number) => round(left + (panelWidth * value) / (epochs || 1));
  const y = (value: number) => round(bottom - panelHeight * Math.min(1, Math.max(0, height(value))));
  const parts = ticks.map(({ value, label }) => {
    const at = y(value);
    return `<path d="M${left} ${at}h${panelWidth}" stroke="${ink.grid}"/>${text(left - 6, at + 4, label, `text-anchor="end" fill="${ink.soft}"`)}`;
  });
  parts.push(`<path d="M${left} ${panelTop}v${panelHeight}h${panelWidth}" fill="none" stroke="${ink.frame}"/>`);
  const stretches = withoutGaps(line);
  const path = stretches.filter((points) => points.length > 1);
  const drawn = path.map((points) => `M${points.map((point) => `${x(point.x)} ${y(point.y)}`).join("L")}`).join("");
  if (drawn) parts.push(`<path d="${drawn}" fill="none" stroke="${colour}" stroke-width="1.6"/>`);
  // a point between gaps, or the only one so far, is no line
  const lone = stretches.flatMap((points) => (points.length === 1 ? points : []));
  const specks = lone.map((point) => `M${x(point.x)} ${y(point.y)}l0 0`).join("");
  if (specks) parts.push(`<path d="${specks}" stroke="${colour}" stroke-width="3" stroke-linecap="round"/>`);
  // dots as strokes without length: a third of the characters of circles
  const places = dots
    .filter(isDrawable)
    .map((point) => `M${x(point.x)} ${y(point.y)}h0`)
    .join("");
  if (places) {
    parts.push(`<path d="${places}" stroke="${colourOf(6)}" stroke-width="6" stroke-linecap="round"/>`);
  }
  parts.push(text(left, panelTop - 8, `${title}:`, 'font-weight="600"'));
  const from = left + 10 + 7.5 * title.length;
  parts.push(
    `<path d="M${from} ${panelTop - 12}h16" stroke="${colour}" stroke-width="2"/>${text(from + 21, panelTop - 8, "training", "")}`,
  );
  if (dots.length > 0)
    parts.push(
      `<circle cx="${from + 82}" cy="${panelTop - 12}" r="3" fill="${colourOf(6)}"/>${text(from + 90, panelTop - 8, "validation", "")}`,
    );
  const step = Math.max(1, Math.ceil(epochs / 10));
  for (let epoch = 0; epoch <= epochs; epoch += step)
    parts.push(text(x(epoch), bottom + 15, String(epoch), `text-anchor="middle" fill="${ink.soft}"`));
  parts.push(text(left + panelWidth / 2, bottom + 29, "epoch", `text-anchor="middle" fill="${ink.soft}"`));
  return parts.join("");
}

function isDrawable({ x, y }: CurvePoint): boolean {
  return isFiniteNumber(x) && isFiniteNumber(y);
}

/** The stretches of a curve between points that cannot be drawn. */
function withoutGaps(points: readonly CurvePoint[]): CurvePoint[][] {
  const stretches: CurvePoint[][] = [[]];
  for (const point of points) {
    if (isDrawable(point)) stretches.at(-1)?.push(point);
    else stretches.push([]);
  }
  return stretches;
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${x}" y="${y}" ${attributes}>${escaped(content)}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
