/** What lesson 08 asks, and how an answer is judged. */
import { random } from "../common/random";
import { rankCorrelation } from "../metrics/rank-correlation";
import { agree, asFunction, asNumber, asNumbers } from "./answers";
import { type Judge, right, wrong } from "./verdict";

export const judges: Record<string, Judge> = {
  "08-1"(answer) {
    const sharesOf = asFunction(answer);
    const [maps, weights] = [numbers(3, 9), numbers(1, 3)[0] as number[]];
    const got = asNumbers(sharesOf(maps, weights), 9, "a list of shares");
    const expected = cellSums(maps, (k) => weights[k] as number);
    if (agree(got, expected)) return right("three random maps of nine cells agree.");
    const total = expected.reduce((a, b) => a + b, 0);
    if (
      agree(
        got.map((share) => share * total),
        expected,
      )
    )
      return wrong("the shares should add up to the logit, not to 1.");
    if (agree(got, expected.map(cut))) return wrong("a share may be negative: a cell can speak against the class.");
    return wrong("three random maps of nine cells have other shares. Does each cell take its value from *every* map?");
  },

  "08-2"(answer) {
    const centre = asNumber(answer);
    if (agree([centre], [4.5])) return right("so the outermost cells keep away from the border.");
    if (agree([centre], [0.9])) return wrong("that is where stretching would draw it.");
    if (agree([centre], [2]))
      return wrong("that counts cells of `pool1`; how many pixels apart are they, and where is the first?");
    return wrong("first find the middle one of the five cells of `pool1`, then the pixels that this one is made of.");
  },

  "08-3"(answer) {
    const mended = asFunction(answer);
    const [features, gradients] = [numbers(4, 9), numbers(4, 9, 82)];
    const got = asNumbers(mended(features, gradients), 9, "a list of shares");
    const expected = cellSums(features, (k, cell) => at(gradients, k, cell));
    if (agree(got, expected)) return right("each cell keeps its own gradient.");
    if (agree(got, expected.map(cut))) return wrong("the negative shares are missing: they count here.");
    if (
      agree(
        got,
        cellSums(features, (k) => meanOf(gradients[k] as number[])),
      )
    )
      return wrong("this still averages the gradient over each map, as Grad-CAM does.");
    return wrong("four random maps of nine cells have other shares. What weighs the value of one cell of one map?");
  },

  "08-a"(answer) {
    const runnerUp = asFunction(answer);
    for (const logits of numbers(20, 10, 83)) {
      const order = Array.from(logits.keys()).sort((a, b) => (logits[b] ?? 0) - (logits[a] ?? 0));
      const [first, second] = order;
      const got = asNumber(runnerUp(Float32Array.from(logits)), "a class from your function");
      if (got === first) return wrong("that is the class with the largest logit, the answer itself.");
      if (got === order.at(-1) || got === order.at(-2))
        return wrong("that class has a small logit: begin at the other end.");
      if (got !== second)
        return wrong("on ten random logits it gives another class. Does it return the class, or the logit?");
    }
    return right("twenty rows of random logits agree.");
  },

  "08-b"(answer) {
    const correlation = asFunction(answer);
    const lists = numbers(8, 12, 84);
    const given = JSON.stringify(lists);
    for (const [i, a] of lists.entries()) {
      for (const b of [lists[(i + 1) % 8] as number[], a.map((value) => value ** 3), a.map((value) => -value)]) {
        const got = asNumber(correlation(a, b), "a number from your function");
        if (JSON.stringify(lists) !== given) return wrong("it changes the lists that it is given. Sort a copy.");
        if (!agree([got], [rankCorrelation(a, b)]))
          return wrong(
            "on random lists it gives another value. Try [10, 20, 40] with itself, then with [40, 20, 10]: 1 and −1.",
          );
      }
    }
    return right("random lists, the same order and the opposite one agree.");
  },
};

/** `rows` lists of `length` random numbers, of both signs. */
function numbers(rows: number, length: number, seed = 81): number[][] {
  const dice = random(seed);
  return Array.from({ length: rows }, () => Array.from({ length }, () => dice.normal()));
}

const at = (lists: number[][], k: number, cell: number): number => lists[k]?.[cell] ?? 0;

const cut = (share: number): number => Math.max(0, share);

const meanOf = (list: number[]): number => list.reduce((a, b) => a + b, 0) / list.length;

/** For each cell, the sum over the maps of value times weight. */
function cellSums(maps: number[][], weight: (k: number, cell: number) => number): number[] {
  return Array.from(maps[0] ?? [], (_, cell) =>
    maps.reduce((sum, _map, k) => sum + at(maps, k, cell) * weight(k, cell), 0),
  );
}
