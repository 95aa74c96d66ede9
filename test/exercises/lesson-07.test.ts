import { judges } from "../../lib/src/exercises/lesson-07";
import { mcnemar } from "../../lib/src/metrics/mcnemar";
import type { RiskPoint } from "../../lib/src/metrics/risk-coverage";
import { softmax } from "../../lib/src/metrics/softmax";
import { holdsJudges } from "../helpers/judging";

type Matrix = number[][];
const sum = (list: number[]) => list.reduce((a, b) => a + b, 0);
const at = (list: ArrayLike<number> | undefined, i: number) => list?.[i] ?? Number.NaN;

function precision(matrix: Matrix, digit: number): number {
  const called = sum(matrix.map((row) => at(row, digit)));
  return called ? at(matrix[digit], digit) / called : 0;
}

function precisionByLoop(matrix: Matrix, digit: number): number {
  let called = 0;
  for (const row of matrix) called += at(row, digit);
  if (called === 0) return 0;
  return at(matrix[digit], digit) / called;
}

const disagreements = (labels: number[], first: number[], second: number[]) => {
  const { onlyFirst, onlySecond } = mcnemar(labels, first, second);
  return [onlyFirst, onlySecond];
};

const counted = (labels: number[], first: number[], second: number[]) => [
  labels.filter((label, i) => first[i] === label && second[i] !== label).length,
  labels.filter((label, i) => second[i] === label && first[i] !== label).length,
];

const cheapest = (points: RiskPoint[], images: number, errorCost: number, askCost: number) => {
  const cost = ({ errors, coverage }: RiskPoint) => errors * errorCost + (1 - coverage) * images * askCost;
  return points.reduce((a, b) => (cost(b) < cost(a) ? b : a)).threshold;
};

const bySorting = (points: RiskPoint[], images: number, errorCost: number, askCost: number) => {
  const priced = points.map((point) => [
    point.errors * errorCost + images * askCost * (1 - point.coverage),
    point.threshold,
  ]);
  return at(priced.sort((a, b) => at(a, 0) - at(b, 0))[0], 1);
};

/** Adds up what `of` makes of each network's logits, and takes the largest of each row. */
function voteOf(of: (logits: ArrayLike<number>, classes: number) => ArrayLike<number>) {
  return (logitsOfEach: ArrayLike<number>[], classes: number) => {
    const each = logitsOfEach.map((logits) => of(logits, classes));
    const total = Array.from(each[0] ?? [], (_, i) => sum(each.map((list) => at(list, i))));
    return Array.from({ length: total.length / classes }, (_, row) => {
      const part = total.slice(row * classes, (row + 1) * classes);
      return part.indexOf(Math.max(...part));
    });
  };
}

const byHand = (logits: ArrayLike<number>, classes: number) => {
  const powers = Array.from(logits, (logit) => Math.exp(logit));
  const row = (i: number) => classes * Math.floor(i / classes);
  return powers.map((power, i) => power / sum(powers.slice(row(i), row(i) + classes)));
};

/** Adds the chances of the splits with k heads that `counts` accepts. */
const pBy = (counts: (k: number, n: number, uneven: number) => boolean) => (a: number, b: number) => {
  const n = a + b;
  let [chance, p] = [0.5 ** n, 0];
  for (let k = 0; k <= n; k++) {
    if (counts(k, n, Math.abs(a - b))) p += chance;
    chance *= (n - k) / (k + 1);
  }
  return p;
};

const exactly = (a: number, b: number) => {
  const labels = new Array(a + b).fill(1);
  return mcnemar(
    labels,
    labels.map((_, i) => Number(i < a)),
    labels.map((_, i) => Number(i >= a)),
  ).p;
};

holdsJudges(judges, {
  "07-1": {
    right: [[4, 9], [9, 4], Uint8Array.of(9, 4)],
    wrong: [[4, 4], [3, 8], [1, 7], [4, 9, 5], 49],
    secret: /\b4\b|\b9\b/,
  },
  "07-2": { right: [30, 29, 32.5], wrong: [42, 55, 40, 10, "thirty"], secret: /\b(29|30|31|3[0-2])\b/ },
  "07-3": {
    right: [precision, precisionByLoop],
    wrong: [
      (matrix: Matrix, digit: number) => at(matrix[digit], digit) / sum(matrix[digit] ?? []),
      (matrix: Matrix, digit: number) => at(matrix[digit], digit) / sum(matrix.map((row) => at(row, digit))),
      (matrix: Matrix, digit: number) => 100 * precision(matrix, digit),
      (matrix: Matrix, digit: number) => 1 - precision(matrix, digit),
    ],
    secret: /column|matrix\[/,
  },
  "07-4": {
    right: [disagreements, counted],
    wrong: [
      (labels: number[], first: number[], second: number[]) => counted(labels, second, first),
      (labels: number[], first: number[], second: number[]) =>
        [first, second].map((answers) => labels.filter((label, i) => answers[i] === label).length),
      (_: number[], first: number[], second: number[]) => first.filter((answer, i) => answer !== second[i]).length,
      (labels: number[], first: number[], second: number[]) => sum(counted(labels, first, second)),
    ],
    secret: /===|!==/,
  },
  "07-a": { right: [70_000, 7e4], wrong: [10_000, 60_000, 80_000, 65_000, 0], secret: /70[ ,.]?000|seventy/ },
  "07-b": {
    right: [cheapest, bySorting],
    wrong: [
      (points: RiskPoint[]) => points.at(-1)?.threshold,
      (points: RiskPoint[]) => points[0]?.threshold,
      (points: RiskPoint[], images: number, errorCost: number, askCost: number) => {
        const cost = ({ errors, coverage }: RiskPoint) => errors * errorCost + coverage * images * askCost;
        return points.reduce((a, b) => (cost(b) < cost(a) ? b : a)).threshold;
      },
      () => 0.5,
      (points: RiskPoint[], _: number, errorCost: number, askCost: number) => cheapest(points, 1, errorCost, askCost),
    ],
    secret: /errors \*|coverage\)/,
  },
  "07-c": {
    right: [voteOf((logits, classes) => softmax(logits, { classes })), voteOf(byHand)],
    wrong: [
      voteOf((logits) => logits),
      voteOf((logits) => Array.from(logits, (logit) => Math.exp(logit))),
      (logitsOfEach: ArrayLike<number>[], classes: number) => voteOf(byHand)(logitsOfEach.slice(0, 1), classes),
    ],
    secret: /exp|softmax/,
  },
  "07-d": {
    right: [exactly, pBy((k, n, uneven) => Math.abs(2 * k - n) >= uneven)],
    wrong: [
      pBy((k, n, uneven) => 2 * k - n >= uneven),
      pBy((k, n, uneven) => Math.abs(2 * k - n) > uneven),
      (a: number, b: number) => 2 * pBy((k, n, uneven) => 2 * k - n >= uneven)(a, b),
    ],
    secret: /2 \*|Math\.abs/,
  },
});
