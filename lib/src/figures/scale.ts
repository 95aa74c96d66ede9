import { extremes, isFiniteNumber } from "./extremes";

/** How values become places on an axis. */
export type Scale = "linear" | "log";

export const scales: readonly Scale[] = ["linear", "log"];

/** The lowest and the highest value that an axis shows. */
export type Span = readonly [number, number];

/** Whether a value can be drawn: any finite number, on a logarithmic axis only above zero. */
export function hasPlace(value: unknown, scale: Scale): value is number {
  return isFiniteNumber(value) && (scale === "linear" || value > 0);
}

/** Values for Plotly: null, which it leaves as a gap, for what has no place; on its own it would draw to the floor. */
export function placed(values: ArrayLike<number | null>, scale: Scale): (number | null)[] {
  return Array.from(values, (value) => (hasPlace(value, scale) ? value : null));
}

/** The span of lists that share an axis; nothing where no value has a place. */
export function spanOf(lists: readonly ArrayLike<number | null>[], scale: Scale): Span | undefined {
  let span: Span | undefined;
  for (const list of lists) {
    const values = placed(list, scale);
    const ends = extremes(values);
    if (!ends) continue;
    const [low, high] = [values[ends.low] as number, values[ends.high] as number];
    span = span ? [Math.min(span[0], low), Math.max(span[1], high)] : [low, high];
  }
  return span;
}

/** How long a span is: a difference, or decades on a logarithmic axis. */
export function lengthOf([low, high]: Span, scale: Scale): number {
  return scale === "log" ? Math.abs(Math.log10(high) - Math.log10(low)) : Math.abs(high - low);
}

/**
 * What the words of a figure add where points are missing or have no place; empty where all are drawn.
 * @param sides the coordinates of the points, with the scales of their axes
 */
export function gapWords(...sides: readonly (readonly [ArrayLike<number | null>, Scale])[]): string {
  let [missing, misplaced] = [0, 0];
  for (let i = 0; i < (sides[0]?.[0].length ?? 0); i++) {
    if (!sides.every(([values]) => isFiniteNumber(values[i]))) missing++;
    else if (!sides.every(([values, scale]) => hasPlace(values[i], scale))) misplaced++;
  }
  const words = (count: number, what: string) =>
    count === 0 ? "" : `, ${count.toLocaleString("en-US")} without ${what}`;
  return words(missing, "a value") + words(misplaced, "a place on a logarithmic axis");
}
