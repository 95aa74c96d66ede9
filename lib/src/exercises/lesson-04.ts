/** What lesson 04 asks, and how an answer is judged. */
import { isList } from "../common/checks";
import { random } from "../common/random";
import { layerNames } from "../network/lenet";
import { agree, asFunction, asNumber, asNumbers, asWord, described, UnfitAnswer } from "./answers";
import { type Judge, right, wrong } from "./verdict";

type Rows = number[][];

export const judges: Record<string, Judge> = {
  "04-1": (answer) => {
    const [a, b] = asNumbers(answer, 2, "two numbers, [a, b]") as [number, number];
    const together = (x: number) => 3 * (2 * x + 1) - 4;
    if (agree([b], [together(0)]) && agree([a], [together(1) - together(0)]))
      return right("a line of a line is a line.");
    if (agree([b, a], [together(1) - together(0), together(0)]))
      return wrong("the other way round? The factor of x comes first.");
    if (!agree([a], [together(1) - together(0)]))
      return wrong("look at a: when x grows by one, by how much does f(x) grow, and then g?");
    return wrong("a is right. For b, put x = 0 into f, and the result into g.");
  },

  "04-2": (answer) => {
    const sum = asFunction(answer);
    const source = random(4, 2);
    const [picture, square, small, wide] = (
      [
        [12, 12],
        [5, 5],
        [3, 3],
        [2, 3],
      ] as const
    ).map(([height, width]) => rows(height, width, () => source.normal())) as [Rows, Rows, Rows, Rows];
    const gives = (filter: Rows, expected: (row: number, column: number) => number) =>
      [0, 1, 4].every((row) =>
        [0, 2, 6].every((column) => agree([asNumber(sum(picture, filter, row, column))], [expected(row, column)])),
      );
    const weighted = (weights: Rows) => (row: number, column: number) =>
      total(weights, (weight, i, j) => weight * at(picture, row + i, column + j));
    if (gives(square, weighted(square))) {
      const fits = (filter: Rows) => whether(() => gives(filter, weighted(filter)));
      if (!fits(small))
        return wrong("right for 5 × 5, but the filter may have another size: take it from `filter.length`.");
      if (!fits(wide))
        return wrong("right if the filter is square, but it may be 2 × 3: take its columns from the length of a row.");
      return right("these two loops are the heart of a convolution.");
    }
    if (whether(() => gives(small, weighted(small))))
      return wrong("right for 3 × 3, but the filter may have another size: take it from `filter.length`.");
    if (gives(square, weighted([...square].reverse().map((line) => [...line].reverse()))))
      return wrong("your filter is turned by 180°: its upper left weight belongs to the upper left pixel.");
    if (gives(square, () => weighted(square)(0, 0)))
      return wrong("the filter does not move: where do `row` and `column` enter?");
    if (gives(square, (row, column) => weighted(square)(column, row)))
      return wrong("rows and columns have changed places: `picture[row][column]` is a pixel.");
    return wrong("for a random picture and a filter of 5 × 5 the sum differs: which pixel does weight [i][j] meet?");
  },

  "04-3": (answer) => {
    if (!isList(answer) || answer.length !== 2)
      throw new UnfitAnswer(`expected a list of two names, got ${described(answer)}.`);
    const [parameters, macs] = Array.from(answer, (name) => asWord(name, layerNames));
    if (parameters !== "dense1")
      return wrong(
        "look at the parameters: in which layer do many numbers meet many outputs, each pair with a weight?",
      );
    if (macs !== "conv2")
      return wrong(
        "the parameters are right. For the MACs, multiply a layer's weights by the places where they are used.",
      );
    return right("parameters and work sit in different layers.");
  },

  "04-4": (answer) => {
    const guess = asNumber(answer, "a number of per cent, from 0 to 100");
    if (guess < 0 || guess > 100) return wrong("an accuracy lies between 0 and 100 per cent.");
    if (guess > 0 && guess < 1) return wrong("is that a share? Per cent are a hundred times as much.");
    if (guess > 83) return wrong("too hopeful: think of the dense layers behind the maps.");
    if (guess < 60) return wrong("too gloomy: think of how the maps move along with the digit.");
    return right("the next cell measures it.");
  },

  "04-a": (answer) => {
    if (!isRows(answer, 5, 5)) throw new UnfitAnswer(`expected five rows of five numbers, got ${described(answer)}.`);
    const response = (picture: Rows) => total(answer, (weight, i, j) => weight * at(picture, i, j));
    const ink = response(rows(5, 5, () => 1));
    if (Math.abs(ink) > 1e-6) return wrong(`plain ink gives ${ink.toFixed(3)}: what must all weights add up to?`);
    const fall = response(rows(5, 5, (i, j) => (i === j ? 1 : 0)));
    const others = [
      rows(5, 5, (i, j) => (i + j === 4 ? 1 : 0)),
      rows(5, 5, (i) => (i === 2 ? 1 : 0)),
      rows(5, 5, (_, j) => (j === 2 ? 1 : 0)),
    ].map(response);
    if (!(fall > 0)) return wrong("a stroke that falls to the right should give more than 0.");
    if (others.some((other) => other >= fall))
      return wrong(
        "a rising, level or upright stroke gives as much as a falling one: punish what lies beside the stroke.",
      );
    return right("it tells a falling stroke from the others, and plain ink gives 0.");
  },

  "04-b": (answer) => {
    const { neurons, output } = (answer ?? {}) as { neurons?: unknown; output?: unknown };
    if (!isRows(neurons, 2, 3)) throw new UnfitAnswer("expected `neurons`: two lists of three numbers.");
    const [p, q, bias] = asNumbers(output, 3, "`output`: three numbers") as [number, number, number];
    const of = (x: number, y: number) => {
      const [a, b] = neurons.map(([u, v, c]) => Math.max(0, (u as number) * x + (v as number) * y + (c as number)));
      return p * (a as number) + q * (b as number) + bias;
    };
    for (const [x, y] of [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ] as const)
      if (!agree([of(x, y)], [x === y ? 0 : 1]))
        return wrong(`for x = ${x}, y = ${y} your network gives ${of(x, y).toFixed(2)}: work out both neurons there.`);
    return right("two kinks are enough for what no single layer can do.");
  },

  "04-c": (answer) => {
    const count = asFunction(answer);
    const tried = (
      [
        [28, 2],
        [28, 0],
        [32, 0],
        [44, 2],
        [60, 0],
      ] as const
    ).map(([side, padding]) => {
      const given = asNumber(count(side, padding), "a number from your function");
      return { side, padding, given, off: given - parametersOfLeNet5(side, padding) };
    });
    const bad = tried.find(({ off }) => off !== 0);
    if (!bad) return right("your count is TensorFlow's.");
    const at = `for side ${bad.side} and padding ${bad.padding} you get ${bad.given}`;
    if (tried.every(({ off }) => off === bad.off))
      return wrong(`${at}, and are off by the same number everywhere: compare each layer with the table of section 5.`);
    return wrong(`${at}: how many numbers reach \`dense1\`?`);
  },
};

function parametersOfLeNet5(side: number, padding: number): number {
  const last = Math.floor((Math.floor((side + 2 * padding - 4) / 2) - 4) / 2);
  const dense = (inputs: number, outputs: number) => outputs * (inputs + 1);
  return 6 * 26 + 16 * 151 + dense(16 * last ** 2, 120) + dense(120, 84) + dense(84, 10);
}

const rows = (height: number, width: number, value: (i: number, j: number) => number): Rows =>
  Array.from({ length: height }, (_, i) => Array.from({ length: width }, (_, j) => value(i, j)));

const at = (picture: Rows, i: number, j: number): number => picture[i]?.[j] ?? 0;

const total = (filter: Rows, term: (weight: number, i: number, j: number) => number): number =>
  filter.flatMap((line, i) => line.map((weight, j) => term(weight, i, j))).reduce((a, b) => a + b, 0);

/** What a condition says; one that throws does not hold. */
function whether(condition: () => boolean): boolean {
  try {
    return condition();
  } catch {
    return false;
  }
}

const isRows = (answer: unknown, height: number, width: number): answer is Rows =>
  isList(answer) &&
  answer.length === height &&
  Array.from(answer).every((line) => isList(line) && line.length === width && Array.from(line).every(Number.isFinite));
