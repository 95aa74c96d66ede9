/**
 * The ends of a list, past NaN and the infinities. `Math.min(...values)` is not for data: a call takes only so many
 * arguments, and one NaN makes it NaN.
 */

/** Where the lowest and the highest finite number stand, the first of equals; nothing where none is finite. */
export function extremes(values: ArrayLike<number | null>): { low: number; high: number } | undefined {
  let [low, high] = [-1, -1];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!isFiniteNumber(value)) continue;
    if (low < 0 || value < (values[low] as number)) low = i;
    if (high < 0 || value > (values[high] as number)) high = i;
  }
  return low < 0 ? undefined : { low, high };
}

/** The highest finite number, or `least` where none lies above it. */
export function highest(values: Iterable<number>, least: number): number {
  let most = least;
  for (const value of values) if (value > most && value < Number.POSITIVE_INFINITY) most = value;
  return most;
}

/** Whether something can be drawn as a number; JSON hands on NaN as null. */
export function isFiniteNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

/** Numbers as JSON keeps them: null, which Plotly leaves as a gap, in place of NaN and the infinities. */
export function withGaps(values: ArrayLike<number | null>): (number | null)[] {
  return Array.from(values, (value) => (isFiniteNumber(value) ? value : null));
}
