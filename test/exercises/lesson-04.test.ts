import { judges } from "../../lib/src/exercises/lesson-04";
import { buildLeNet5 } from "../../lib/src/network/lenet";
import { holdsJudges } from "../helpers/judging";

type Rows = number[][];

const sumAt = (picture: Rows, filter: Rows, row: number, column: number) => {
  let sum = 0;
  for (let i = 0; i < filter.length; i++)
    for (let j = 0; j < (filter[i]?.length ?? 0); j++)
      sum += (filter[i]?.[j] as number) * (picture[row + i]?.[column + j] as number);
  return sum;
};
const flatSum = (picture: Rows, filter: Rows, row: number, column: number) =>
  filter
    .flatMap((line, i) => line.map((w, j) => w * (picture[row + i]?.[column + j] as number)))
    .reduce((a, b) => a + b);
/** Loops that know the size of the filter. */
const sumOf = (size: number) => (picture: Rows, filter: Rows, row: number, column: number) => {
  let sum = 0;
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++)
      sum += ((filter[i] as number[])[j] as number) * ((picture[row + i] as number[])[column + j] as number);
  return sum;
};
const turned = (filter: Rows) => [...filter].reverse().map((line) => [...line].reverse());
const square = (value: (i: number, j: number) => number) =>
  Array.from({ length: 5 }, (_, i) => Array.from({ length: 5 }, (_, j) => value(i, j)));

const count = (side: number, padding: number) => {
  const half = (side + 2 * padding - 4) / 2;
  const quarter = Math.floor((half - 4) / 2);
  return 156 + 2416 + 120 * (16 * quarter * quarter + 1) + 84 * 121 + 850;
};
/** From TensorFlow's own count: only the first dense layer depends on the side. */
const fromModel = (side: number, padding: number) => {
  const model = buildLeNet5({ seed: 1 });
  const known = model.countParams() - 120 * 400;
  model.dispose();
  return known + 120 * 16 * Math.floor(((side + 2 * padding) / 2 - 6) / 2) ** 2;
};

holdsJudges(judges, {
  "04-1": {
    right: [[6, -1], Float32Array.of(6, -1)],
    wrong: [[6, -4], [5, -3], [6, -3], [-1, 6], [6]],
    secret: /\b6\b|[-−]1\b/,
  },
  "04-2": {
    right: [sumAt, flatSum],
    wrong: [
      (p: Rows, f: Rows, r: number, c: number) => sumAt(p, turned(f), r, c),
      (p: Rows, f: Rows) => sumAt(p, f, 0, 0),
      (p: Rows, f: Rows, r: number, c: number) => sumAt(p, f, c, r),
      (p: Rows, f: Rows, r: number, c: number) => sumAt(p, f, r, c) / 9,
      sumOf(5),
      sumOf(3),
      (p: Rows, f: Rows, r: number, c: number) => sumOf(f.length)(p, f, r, c),
    ],
    secret: /row \+ i|column \+ j/,
  },
  "04-3": {
    right: [
      ["dense1", "conv2"],
      ["Dense1", " conv2 "],
    ],
    wrong: [["dense1", "dense1"], ["conv2", "dense1"], ["dense1", "conv1"], ["dense1"], ["dense1", "relu"]],
    // the list of all names gives nothing away
    secret: /^[^[]*\b(dense1|conv2)\b(?!",)/,
  },
  "04-4": { right: [72, 65.5, 80], wrong: [0.7, -5, 98, 38, 20, 120], secret: /7\d/ },
  "04-a": {
    right: [
      square((i, j) => (i === j ? 4 : -1)),
      square((i, j) => (i === j ? 1 : 0) - (i + j === 4 ? 1 : 0)),
      square((i, j) => [2, -1, 0, 0, 0][Math.abs(i - j)] as number).map((line, i, all) => {
        const sum = all.flat().reduce((a, b) => a + b, 0);
        return line.map((weight, j) => (Math.abs(i - j) === 4 ? weight - sum / 2 : weight));
      }),
    ],
    wrong: [
      square((i, j) => (i === j ? 1 : 0)),
      square((i, j) => (i + j === 4 ? 4 : -1)),
      square(() => 0),
      square((_, j) => [-1, -1, 0, 1, 1][j] as number),
      [1, 2, 3],
    ],
    secret: /\b4\b|diagonal/,
  },
  "04-b": {
    right: [
      {
        neurons: [
          [1, 1, 0],
          [1, 1, -1],
        ],
        output: [1, -2, 0],
      },
      {
        neurons: [
          [1, -1, 0],
          [-1, 1, 0],
        ],
        output: [1, 1, 0],
      },
    ],
    wrong: [
      {
        neurons: [
          [1, 1, 0],
          [1, 1, 0],
        ],
        output: [1, -2, 0],
      },
      {
        neurons: [
          [1, 1, 0],
          [1, 1, -1],
        ],
        output: [1, -1, 0],
      },
      {
        neurons: [
          [1, 1, 0],
          [1, 1, -1],
        ],
        output: [1, 2],
      },
      { neurons: [[1, 1, 0]], output: [1, -2, 0] },
      {
        neurons: [
          [1, 1, 0],
          [1, 1, -1],
        ],
      },
    ],
    secret: /[-−]2|x \+ y/,
  },
  "04-c": {
    right: [count, fromModel],
    wrong: [
      () => 61706,
      () => 120000,
      (side: number, padding: number) => count(side, 0) + padding,
      (side: number, padding: number) => count(side, padding) - 16,
      (side: number, padding: number) => count(side, padding) - 236,
    ],
    secret: /quarter|\/ 2/,
  },
});
