/** What lesson 03 asks, and how an answer is judged. */
import { isList } from "../common/checks";
import { random } from "../common/random";
import { agree, asFunction, asNumber, asNumbers } from "./answers";
import { type Judge, right, wrong } from "./verdict";

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

/** One step down a slope. */
const step: Judge = (answer) => {
  const move = (...input: number[]) => asNumber(asFunction(answer)(...input), "a number from your function");
  if (move(1, 2, 0) !== 1) return wrong("with a rate of 0 the weight must stay where it is.");
  if (move(1, 2, 0.1) >= 1) return wrong("where the slope is positive the loss rises to the right: go left.");
  const source = random(31);
  for (let i = 0; i < 20; i++) {
    const [weight, slope, rate] = [source.normal(), source.normal(), source.uniform()];
    if (!agree([move(weight, slope, rate)], [weight - rate * slope]))
      return wrong(
        "the direction is right, the length is not: half the rate, or half the slope, must make half the way.",
      );
  }
  return right("against the slope, and the steeper the farther.");
};

/** Softmax, by its properties. */
const softmax: Judge = (answer) => {
  const call = (scores: number[]) => asNumbers(asFunction(answer)(scores), scores.length, "as many numbers as scores");
  const source = random(32);
  const scores = Array.from({ length: 7 }, () => source.normal(0, 2));
  const p = call([...scores]);
  if (p.some((value) => value < 0)) return wrong("a probability cannot be negative: what makes any score positive?");
  if (!agree([sum(p)], [1])) return wrong("the probabilities must add up to 1: divide each by the same number.");
  const ratios = p.map((value) => value / (p[0] as number));
  const expected = scores.map((score) => Math.exp(score - (scores[0] as number)));
  if (!agree(ratios, expected))
    return wrong("they add up to 1, but one more point on a score must make a class 2.718 times as probable.");
  if (!agree(call([0, 0, 0, 0]), [0.25, 0.25, 0.25, 0.25])) return wrong("four equal scores must share evenly.");
  return right("positive, in the same order, and together 1.");
};

/** The loss of a network of zeros. */
const lossOfZeros: Judge = (answer) => {
  const loss = asNumber(answer);
  if (Math.abs(loss - Math.LN10) < 0.006)
    return right("ten equal scores share the probability, and −ln of a tenth it is.");
  if (Math.abs(loss + Math.LN10) < 0.006)
    return wrong("the size is right, but mind the sign: −ln of a number below 1 is positive.");
  if (Math.abs(loss - 0.1) < 0.001)
    return wrong("that is the probability of the true class; the loss is made from it.");
  if (Math.abs(loss - Math.log2(10)) < 0.01 || loss === 1) return wrong("take the natural logarithm, `Math.log`.");
  return wrong("all ten scores are 0: which probability does softmax give to the true class, and what is its −ln?");
};

/** A guess of what moved digits do; right within some points. */
const afterShift: Judge = (answer) => {
  const guess = asNumber(answer);
  if (guess < 0 || guess > 100) return wrong("per cent lie between 0 and 100.");
  if (guess > 0 && guess < 1) return wrong("is that a share? Per cent are a hundred times as much.");
  if (guess > 55)
    return wrong("fewer: think of a stroke three pixels wide, and where it lies on the template after the move.");
  if (guess < 30) return wrong("more: strokes that run from left to right still lie on much of their red.");
  return right("close. Run the next cell.");
};

const parameters: Judge = (answer) => {
  const count = asNumber(answer);
  if (count === 4010) return right("and LeCun et al. 1998 name the same number.");
  if (count === 4000) return wrong("these are the weights; each class has one number more.");
  return wrong("how many pixels has such an image, how many weights does a class have, and what comes on top?");
};

/** Softmax that survives scores of any size. */
const safeSoftmax: Judge = (answer) => {
  const source = random(33);
  const draws = (size: number) => Array.from({ length: source.integer(2, 8) }, () => source.integer(-size, size));
  const holds = (scores: number[]) => {
    const powers = scores.map((score) => Math.exp(score - Math.max(...scores)));
    const what = `as many probabilities as scores for [${scores.join(", ")}]`;
    const expected = powers.map((power) => power / sum(powers));
    return agree(asNumbers(asFunction(answer)([...scores]), scores.length, what), expected);
  };
  if (!holds([1, -2, 0.5])) return wrong("for small scores the result must be that of softmax.");
  const far = [
    [900, 901],
    [-900, -901, -900],
    [2000, 0],
    [0, 2000],
    [-3000, 0, 0],
  ];
  for (const scores of [...far, ...[5, 50, 500, 5000, 50_000].map(draws)])
    if (!holds(scores))
      return wrong(
        `[${scores.join(", ")}] should work too: what may be added to all scores for free, and how large may a power get?`,
      );
  return right("no overflow, and the same probabilities.");
};

/** The slopes of Σ (z − y)², by nudging. */
const squaredSlope: Judge = (answer) => {
  const source = random(34);
  for (let i = 0; i < 5; i++) {
    const scores = Array.from({ length: 10 }, () => source.normal());
    const truth = scores.map((_, k) => (k === i ? 1 : 0));
    const slopes = asNumbers(asFunction(answer)([...scores], [...truth]), 10, "a slope for each score");
    const lossOf = (list: number[]) => sum(list.map((score, k) => (score - (truth[k] as number)) ** 2));
    const nudged = scores.map((_, k) => {
      const moved = scores.map((score, j) => (j === k ? score + 1e-6 : score));
      return (lossOf(moved) - lossOf(scores)) / 1e-6;
    });
    const twice = slopes.map((slope) => 2 * slope);
    if (agree(twice, nudged, 1e-3)) return wrong("half of what nudging gives: a square's slope has a factor.");
    const turned = slopes.map((slope) => -slope);
    if (agree(turned, nudged, 1e-3))
      return wrong("the sizes are right, the signs are not: raise a score that is too high. Where does the loss go?");
    if (!agree(slopes, nudged, 1e-3))
      return wrong("nudging a score changes the loss by another amount: take the slope of one square.");
  }
  return right("it agrees with nudging.");
};

/** Whether all rows differ from the first as the means do, times one number above 0. */
function areParallel(rows: number[][], means: number[][]): boolean {
  const fromFirst = (lists: number[][]) => lists.flatMap((list) => list.map((v, i) => v - (lists[0]?.[i] as number)));
  const [a, b] = [fromFirst(rows), fromFirst(means)];
  const factor = sum(a.map((value, i) => value * (b[i] as number))) / sum(b.map((value) => value ** 2));
  return (
    factor > 0 &&
    agree(
      a,
      b.map((value) => factor * value),
    )
  );
}

/** One layer that answers as the nearest mean does. */
const nearestMean: Judge = (answer) => {
  const source = random(35);
  const point = (size: number) => Array.from({ length: size }, () => source.normal());
  for (let trial = 0; trial < 100; trial++) {
    const means = Array.from({ length: 4 }, () => point(6).map((value) => value * (1 + (trial % 3))));
    const layer = Object(asFunction(answer)(means.map((mean) => [...mean]))) as { weights?: unknown; biases?: unknown };
    const biases = asNumbers(layer.biases, 4, "`biases`, one a class");
    if (!isList(layer.weights) || layer.weights.length !== 4)
      return wrong("return `weights` with a row for each class.");
    const rows = Array.from(layer.weights, (row) => asNumbers(row, 6, "a row of weights as long as a mean"));
    const x = point(6);
    const scores = rows.map((row, k) => (biases[k] as number) + sum(row.map((weight, i) => weight * (x[i] as number))));
    const distances = means.map((mean) => sum(mean.map((value, i) => (value - (x[i] as number)) ** 2)));
    if (scores.indexOf(Math.max(...scores)) === distances.indexOf(Math.min(...distances))) continue;
    if (areParallel(rows, means))
      return wrong("the weights are right, the biases are not: what else differs from class to class, for any image?");
    return wrong(
      "the largest score is not that of the nearest mean: multiply the square out, drop what all classes share.",
    );
  }
  return right("the largest score is that of the nearest mean, for 100 random points.");
};

export const judges: Record<string, Judge> = {
  "03-1": step,
  "03-2": softmax,
  "03-3": lossOfZeros,
  "03-4": afterShift,
  "03-a": parameters,
  "03-b": safeSoftmax,
  "03-c": squaredSlope,
  "03-d": nearestMean,
};
