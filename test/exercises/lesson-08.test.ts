import { judges } from "../../lib/src/exercises/lesson-08";
import { rankCorrelation } from "../../lib/src/metrics/rank-correlation";
import { holdsJudges } from "../helpers/judging";

type Maps = number[][];
const sum = (list: number[]) => list.reduce((a, b) => a + b, 0);
const at = (list: ArrayLike<number> | undefined, i: number) => list?.[i] ?? Number.NaN;
const cells = (maps: Maps) => Array.from(maps[0] ?? [], (_, cell) => cell);

const sharesOf = (maps: Maps, weights: number[]) =>
  cells(maps).map((cell) => sum(maps.map((map, k) => at(map, cell) * at(weights, k))));

function sharesByLoop(maps: Maps, weights: number[]) {
  const shares = new Float32Array(maps[0]?.length ?? 0);
  maps.forEach((map, k) => {
    map.forEach((value, cell) => {
      shares[cell] = at(shares, cell) + value * at(weights, k);
    });
  });
  return shares;
}

const mended = (features: Maps, gradients: Maps) =>
  cells(features).map((cell) => sum(features.map((map, k) => at(map, cell) * at(gradients[k], cell))));

const mendedByLoop = (features: Maps, gradients: Maps) => {
  const shares = cells(features).fill(0);
  for (const [k, map] of features.entries())
    for (const [cell, value] of map.entries()) shares[cell] = at(shares, cell) + value * at(gradients[k], cell);
  return shares;
};

const mean = (list: number[] = []) => sum(list) / list.length;

const bySorting = (logits: ArrayLike<number>) =>
  Array.from({ length: 10 }, (_, i) => i).sort((a, b) => at(logits, b) - at(logits, a))[1];

const byMasking = (logits: ArrayLike<number>) => {
  const list = Array.from(logits);
  list[list.indexOf(Math.max(...list))] = Number.NEGATIVE_INFINITY;
  return list.indexOf(Math.max(...list));
};

const ranks = (list: number[]) => list.map((value) => list.filter((other) => other < value).length);
const byRanks = (a: number[], b: number[]) => {
  const [x, y, n] = [ranks(a), ranks(b), a.length];
  return 1 - (6 * sum(x.map((rank, i) => (rank - at(y, i)) ** 2))) / (n ** 3 - n);
};

holdsJudges(judges, {
  "08-1": {
    right: [sharesOf, sharesByLoop],
    wrong: [
      (maps: Maps, weights: number[]) => (maps[0] ?? []).map((value) => value * at(weights, 0)),
      (maps: Maps) => cells(maps).map((cell) => sum(maps.map((map) => at(map, cell)))),
      (maps: Maps, weights: number[]) => maps.map((map, k) => sum(map) * at(weights, k)),
      (maps: Maps, weights: number[]) => sharesOf(maps, weights).map(Math.abs),
      (maps: Maps, weights: number[]) => sharesOf(maps, weights).map((share) => Math.max(0, share)),
      (maps: Maps, weights: number[]) => sharesOf(maps, weights).map((share, _, all) => share / sum(all)),
    ],
    secret: /reduce|\*\s*weights/,
  },
  "08-2": { right: [4.5, 9 / 2], wrong: [0.9, 2, 4, 5, 7], secret: /\b4\.5\b/ },
  "08-3": {
    right: [mended, mendedByLoop],
    wrong: [
      (features: Maps, gradients: Maps) => sharesOf(features, gradients.map(mean)),
      (features: Maps, gradients: Maps) => cells(features).map((cell) => sum(gradients.map((map) => at(map, cell)))),
      (features: Maps, gradients: Maps) => mended(features, gradients).map((share) => Math.max(0, share)),
    ],
    secret: /features\[|gradients\[/,
  },
  "08-a": {
    right: [bySorting, byMasking],
    wrong: [
      (logits: ArrayLike<number>) => Array.from(logits).indexOf(Math.max(...Array.from(logits))),
      (logits: ArrayLike<number>) => Array.from(logits).sort((a, b) => b - a)[1],
      (logits: ArrayLike<number>) => Array.from(logits).indexOf(Math.min(...Array.from(logits))),
      (logits: ArrayLike<number>) =>
        Array.from({ length: 10 }, (_, i) => i).sort((a, b) => at(logits, a) - at(logits, b))[1],
    ],
    secret: /sort|\[1\]/,
  },
  "08-b": {
    right: [byRanks, rankCorrelation],
    wrong: [
      (a: number[], b: number[]) =>
        1 - sum(ranks(a).map((rank, i) => (rank - at(ranks(b), i)) ** 2)) / (a.length ** 3 - a.length),
      (a: number[], b: number[]) =>
        1 - (6 * sum(a.map((value, i) => (value - at(b, i)) ** 2))) / (a.length ** 3 - a.length),
      (a: number[], b: number[]) => byRanks(a.sort(), b.sort()),
    ],
    secret: /6 \*|\*\* 3/,
  },
});
