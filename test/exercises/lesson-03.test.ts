import { judges } from "../../lib/src/exercises/lesson-03";
import { holdsJudges } from "../helpers/judging";

const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
const shares = (values: number[]) => values.map((value) => value / sum(values));
const softmax = (scores: number[]) => shares(scores.map(Math.exp));
const lessLargest = (scores: number[]) => scores.map((score) => score - Math.max(...scores));
const halfSquare = (mean: number[]) => sum(mean.map((value) => value ** 2)) / 2;

holdsJudges(judges, {
  "03-1": {
    right: [(w: number, s: number, r: number) => w - r * s, (w: number, s: number, r: number) => -(s * r - w)],
    wrong: [
      (w: number, s: number, r: number) => w + r * s,
      (w: number, s: number) => w - s,
      (_: number, s: number, r: number) => -r * s,
      (w: number, s: number, r: number) => w - r * Math.sign(s),
      () => undefined,
      0.5,
    ],
    secret: /weight\s*[-−]\s*rate|rate\s*[*×·]/,
  },
  "03-2": {
    right: [
      softmax,
      (scores: number[]) => softmax(lessLargest(scores)),
      (scores: number[]) => Float64Array.from(softmax(scores)),
    ],
    wrong: [
      (scores: number[]) => scores.map(Math.exp),
      (scores: number[]) => shares(scores),
      (scores: number[]) => shares(scores.map((score) => 2 ** score)),
      (scores: number[]) => shares(scores.map(Math.abs)),
      (scores: number[]) => sum(scores.map(Math.exp)),
      [0.5, 0.5],
    ],
    secret: /Math\.exp|exp\(/,
  },
  "03-3": {
    right: [Math.LN10, 2.3],
    wrong: [-Math.LN10, Number.POSITIVE_INFINITY, 0.1, 0, 1, 10, Math.log2(10), -1],
    secret: /2\.30|ln\(?10/,
  },
  "03-4": { right: [40, 45, 50], wrong: [92, 80, 10, 0.42, 120], secret: /\b4\d\b/ },
  "03-a": { right: [4010, 20 * 20 * 10 + 10], wrong: [4000, 7850, 400, 410], secret: /40[01]0|4,0[01]0/ },
  "03-b": {
    right: [
      (scores: number[]) => softmax(lessLargest(scores)),
      (scores: number[]) => {
        const largest = [...scores].sort((a, b) => b - a)[0] as number;
        const total = sum(scores.map((score) => Math.exp(score - largest)));
        return scores.map((score) => Math.exp(score - largest - Math.log(total)));
      },
      (scores: number[]) => scores.map((score) => 1 / sum(scores.map((other) => Math.exp(other - score)))),
    ],
    wrong: [
      (scores: number[]) => softmax(scores.map((score) => score - sum(scores) / scores.length)),
      (scores: number[]) => softmax(scores.map((score) => score - (scores[0] as number))),
      (scores: number[]) => softmax(scores.map((score) => score - Math.min(...scores))),
      (scores: number[]) => softmax(scores.map((score) => Math.min(700, score))),
      softmax,
      (scores: number[]) => softmax(scores.map((score) => score / Math.max(...scores.map(Math.abs)))),
      (scores: number[]) => softmax(scores.map((score) => score - 900)),
      (scores: number[]) => lessLargest(scores).map(Math.exp),
    ],
    secret: /subtract|Math\.max/,
  },
  "03-c": {
    right: [
      (z: number[], y: number[]) => z.map((score, k) => 2 * (score - (y[k] as number))),
      (z: number[], y: number[]) => z.map((score, k) => score - (y[k] as number) + score - (y[k] as number)),
    ],
    wrong: [
      (z: number[], y: number[]) => z.map((score, k) => score - (y[k] as number)),
      (z: number[], y: number[]) => z.map((score, k) => 2 * ((y[k] as number) - score)),
      (z: number[], y: number[]) => z.map((score, k) => (score - (y[k] as number)) ** 2),
      (z: number[], y: number[]) => softmax(z).map((p, k) => p - (y[k] as number)),
    ],
    secret: /2\s*[*×·]\s*\(/,
  },
  "03-d": {
    right: [
      (means: number[][]) => ({ weights: means, biases: means.map((mean) => -halfSquare(mean)) }),
      (means: number[][]) => ({
        weights: means.map((mean) => mean.map((value) => 2 * value)),
        biases: means.map((mean) => 7 - 2 * halfSquare(mean)),
      }),
    ],
    wrong: [
      (means: number[][]) => ({ weights: means, biases: means.map(() => 0) }),
      (means: number[][]) => ({ weights: means, biases: means.map(halfSquare) }),
      (means: number[][]) => ({ weights: means, biases: means.map((mean) => -2 * halfSquare(mean)) }),
      (means: number[][]) => ({ weights: means }),
      (means: number[][]) => means,
      () => null,
      (means: number[][]) => ({
        weights: means.map((mean) => mean.map((v) => -v)),
        biases: means.map((m) => -halfSquare(m)),
      }),
    ],
    secret: /half|\/\s*2/,
  },
});
