/** Medians with their spread, and the slope of a power law. */

/** A median with the range that holds the middle half of the measurements. */
export interface Summary {
  median: number;
  low: number;
  high: number;
  count: number;
}

/** A straight line through points in log-log: y ∝ x^slope. */
export interface PowerLaw {
  slope: number;
  /** share of the variance of log y that the line explains */
  r2: number;
}

/** @throws when there is nothing to summarise, or something that is no number */
export function summary(values: readonly number[]): Summary {
  if (values.length === 0 || !values.every(Number.isFinite))
    throw new Error(`Expected finite measurements, got [${values.join(", ")}]: an engine did not answer as it should.`);
  const [low, median, high] = [0.25, 0.5, 0.75].map((share) => quantile(values, share)) as [number, number, number];
  return { median, low, high, count: values.length };
}

/** The value below which a share of the others lies, between two of them in proportion. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)] as number, sorted[Math.ceil(place)] as number];
  return below + (place % 1) * (above - below);
}

/**
 * Least squares in log-log.
 * @throws unless there are two or more points, all positive, not all at the same x
 */
export function powerLaw(xs: readonly number[], ys: readonly number[]): PowerLaw {
  if (xs.length !== ys.length || xs.length < 2 || ![...xs, ...ys].every((value) => value > 0))
    throw new Error(`Expected two or more pairs of positive numbers, got ${xs.length} and ${ys.length}.`);
  const [u, v] = [xs.map(Math.log), ys.map(Math.log)];
  const [mu, mv] = [mean(u), mean(v)];
  const sum = (f: (i: number) => number) => u.reduce((total, _, i) => total + f(i), 0);
  const du = (i: number) => (u[i] as number) - mu;
  const dv = (i: number) => (v[i] as number) - mv;
  const spread = sum((i) => du(i) ** 2);
  if (spread === 0) throw new Error(`Expected points at different x, got ${xs[0]} only.`);
  const slope = sum((i) => du(i) * dv(i)) / spread;
  const left = sum((i) => (dv(i) - slope * du(i)) ** 2);
  const all = sum((i) => dv(i) ** 2);
  return { slope, r2: all === 0 ? 1 : 1 - left / all };
}

const mean = (values: readonly number[]) => values.reduce((total, value) => total + value, 0) / values.length;
