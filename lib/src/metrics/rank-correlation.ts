import { checkList } from "../common/checks";
import { checkEach, isNumber } from "./checks";

/**
 * Spearman's rank correlation (Spearman 1904): 1 where `a` and `b` order things alike, −1 where they order them the
 * other way round. Equal values share their average rank. 0 where one side is constant: it orders nothing.
 * @param a [n] numbers, the infinities too, n at least 2
 * @param b [n] numbers, likewise
 * @throws when these are no lists, differ in length, hold fewer than 2 numbers, or NaN
 */
export function rankCorrelation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  for (const [name, list] of Object.entries({ a, b })) checkList(name, list);
  if (a.length !== b.length)
    throw new Error(`Expected \`a\` and \`b\` to be of the same length, got ${a.length} and ${b.length}.`);
  if (a.length < 2) throw new RangeError(`Expected at least 2 pairs to correlate, got ${a.length}.`);
  const [x, y] = [centredRanks("a", a), centredRanks("b", b)];
  const spread = Math.sqrt(dot(x, x) * dot(y, y));
  return spread > 0 ? dot(x, y) / spread : 0;
}

/** Ranks minus their mean. */
function centredRanks(name: string, values: ArrayLike<number>): Float64Array {
  checkEach(values, isNumber, `Expected \`${name}\` to hold numbers`);
  const list = Float64Array.from(values);
  const order = Array.from(list, (_, i) => i).sort((i, j) => (list[i] as number) - (list[j] as number));
  const ranks = new Float64Array(list.length);
  for (let start = 0, end = 0; start < order.length; start = end) {
    while (end < order.length && list[order[end] as number] === list[order[start] as number]) end += 1;
    for (const i of order.slice(start, end)) ranks[i] = (start + end - list.length) / 2;
  }
  return ranks;
}

const dot = (x: Float64Array, y: Float64Array): number =>
  x.reduce((sum, value, i) => sum + value * (y[i] as number), 0);
