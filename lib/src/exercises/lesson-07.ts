/** What lesson 07 asks, and how an answer is judged. */
import { random } from "../common/random";
import { predictionsOf, wilsonInterval } from "../metrics/accuracy";
import { mcnemar } from "../metrics/mcnemar";
import { type RiskPoint, riskCoverage } from "../metrics/risk-coverage";
import { softmax } from "../metrics/softmax";
import { agree, asFunction, asNumber, asNumbers } from "./answers";
import { type Judge, right, wrong } from "./verdict";

export const judges: Record<string, Judge> = {
  "07-1"(answer) {
    const pair = asNumbers(answer, 2, "a list of two digits").sort((a, b) => a - b);
    if (agree(pair, [4, 9])) return right("the matrix below counts seven such errors.");
    if (pair[0] === pair[1]) return wrong("name two different digits.");
    return wrong("other digits are mixed up more often. Which two differ only in whether a loop is closed at the top?");
  },

  "07-2"(answer) {
    const limit = asNumber(answer);
    // the simulation says about 30
    if (limit >= 42) return wrong("half of the exams have fewer errors than the mean of 42; the limit lies below it.");
    if (limit < 26) return wrong("so few errors come up too seldom. Chance moves a count less than that.");
    if (limit > 34) return wrong("chance moves a count more than that: many exams have fewer errors.");
    return right("close to what the simulation below shows.");
  },

  "07-3"(answer) {
    const precisionOf = asFunction(answer);
    const matrix = someMatrix();
    for (const digit of [0, 1, 2]) {
      const called = matrix.reduce((sum, row) => sum + at(row, digit), 0);
      const got = asNumber(precisionOf(matrix, digit), "a share from your function");
      const expected = at(matrix[digit] ?? [], digit) / called;
      if (agree([got], [100 * expected])) return wrong("give a share, not per cent.");
      if (!agree([got], [expected]))
        return wrong(
          "tried on a matrix of 3 × 3, it gives another share. Which numbers stand where the answer was this digit?",
        );
    }
    const never = [
      [5, 0],
      [3, 0],
    ];
    if (precisionOf(never, 1) !== 0)
      return wrong("what if the network never gave that answer? Nothing divided by nothing is NaN.");
    return right("right on three digits of a random matrix, and on a digit that was never the answer.");
  },

  "07-4"(answer) {
    const count = asFunction(answer);
    const { labels, first, second } = twoReaders();
    const got = asNumbers(count(labels, first, second), 2, "a list of two counts");
    const { onlyFirst, onlySecond } = mcnemar(labels, first, second);
    if (agree(got, [onlyFirst, onlySecond])) return right("it counts 200 random answers as McNemar's test does.");
    if (agree(got, [onlySecond, onlyFirst])) return wrong("the two counts have changed places.");
    return wrong(
      "on 200 random answers it counts otherwise. Does it ask that one network is right *and* the other wrong?",
    );
  },

  "07-a"(answer) {
    const images = asNumber(answer, "a number of images");
    if (images <= 0 || images % 10_000 !== 0) return wrong("give a whole number of ten thousands.");
    if (overlapAt(images)) return wrong("with so many images the two intervals still overlap.");
    if (!overlapAt(images - 10_000)) return wrong("they are apart there, but with fewer images already.");
    return right("ten thousand test images cannot tell such networks apart.");
  },

  "07-b"(answer) {
    const cheapest = asFunction(answer);
    const points = somePoints();
    const choices = [0.01, 5, 20, 300].map((errorCost) => {
      const got = asNumber(cheapest(points, 400, errorCost, 2), "a threshold from your function");
      return { errorCost, chosen: points.find(({ threshold }) => threshold === got) };
    });
    /** The first price of an error at which another point is cheaper, if refusing everything would cost `askAll`. */
    const dearAt = (askAll: number) =>
      choices.find(({ errorCost, chosen }) => {
        const cost = ({ coverage, errors }: RiskPoint) => errors * errorCost + (1 - coverage) * askAll;
        return !chosen || cost(chosen) > Math.min(...points.map(cost)) + 1e-9;
      });
    if (choices.some(({ chosen }) => !chosen)) return wrong("what it returns is the threshold of none of the points.");
    const dear = dearAt(400 * 2);
    if (!dear) return right("cheapest for four prices of an error.");
    if (!dearAt(2)) return wrong("a coverage is a share: how many *images* are refused?");
    return wrong(
      `with errors at ${dear.errorCost} and refused images at 2 there is a cheaper point. What does each point cost?`,
    );
  },

  "07-c"(answer) {
    const vote = asFunction(answer);
    const logitsOfEach = [1, 2, 3].map((seed) => Float32Array.from({ length: 200 }, scattered(seed)));
    const mean = sumOf(logitsOfEach.map((logits) => softmax(logits, { classes: 4 })));
    const got = asNumbers(vote(logitsOfEach, 4), 50, "a list of predicted classes");
    if (agree(got, Array.from(predictionsOf(mean, { classes: 4 }))))
      return right("three random networks vote as they should.");
    if (agree(got, Array.from(predictionsOf(sumOf(logitsOfEach), { classes: 4 }))))
      return wrong(
        "it averages something else than probabilities. One network with large logits can then outvote the others.",
      );
    return wrong(
      "three random networks with four classes vote otherwise. Is each row of a network made into probabilities of its own?",
    );
  },

  "07-d"(answer) {
    const pValue = asFunction(answer);
    for (const [a, b] of [
      [3, 9],
      [9, 3],
      [5, 5],
      [24, 19],
      [0, 6],
      [40, 22],
    ] as const) {
      const got = asNumber(pValue(a, b), "a chance from your function");
      const expected = exactP(a, b);
      if (agree([got], [expected], 1e-6)) continue;
      if (agree([2 * got], [expected], 1e-6))
        return wrong(`at ${a} : ${b} it gives half of it. Splits to the other side are as uneven.`);
      return wrong(`at ${a} : ${b} it gives another chance. Is the split that was seen counted too, and none twice?`);
    }
    return right("the chance of six splits is exact.");
  },
};

const at = (list: ArrayLike<number>, i: number): number => list[i] ?? 0;

const someMatrix = (dice = random(71)) => [0, 1, 2].map(() => [0, 1, 2].map(() => dice.integer(1, 40)));

function twoReaders(dice = random(72)) {
  const draw = () => Array.from({ length: 200 }, () => dice.integer(0, 2));
  return { labels: draw(), first: draw(), second: draw() };
}

function overlapAt(images: number): boolean {
  const [fewer, more] = [0.004, 0.005].map((rate) => wilsonInterval(Math.round(rate * images), images));
  return images === 0 || (fewer?.high ?? 0) >= (more?.low ?? 0);
}

/** Coverage and errors of a reader of 400 images that is more often right when it is sure. */
function somePoints(dice = random(73)): RiskPoint[] {
  const sure = Array.from({ length: 400 }, () => dice.uniform());
  return riskCoverage(
    sure,
    sure.map((value) => dice.uniform() < 0.5 + value / 2),
  );
}

/** Logits of very different size, from a seed. */
const scattered =
  (seed: number, dice = random(74, seed)) =>
  () =>
    dice.normal(0, 3 * seed * seed);

const sumOf = (lists: ArrayLike<number>[]): number[] =>
  Array.from(lists[0] ?? [], (_, i) => lists.reduce((sum, list) => sum + at(list, i), 0));

function exactP(onlyFirst: number, onlySecond: number): number {
  const labels = new Array<number>(onlyFirst + onlySecond).fill(1);
  return mcnemar(
    labels,
    labels.map((_, i) => (i < onlyFirst ? 1 : 0)),
    labels.map((_, i) => (i < onlyFirst ? 0 : 1)),
  ).p;
}
