/** What lesson 10 asks, and how an answer is judged. */
import { random } from "../common/random";
import { roundHalfToEven } from "../int8/requantize";
import { agree, asFunction, asNumber, asWord } from "./answers";
import { type Judge, right, type Verdict, wrong } from "./verdict";

export const judges: Record<string, Judge> = {
  "10-1": (answer) => {
    const backward = asFunction(answer);
    const ask = (x: number, gradient: number) => asNumber(backward(x, gradient), "a function that returns numbers");
    const dice = random(101);
    const gradients = Array.from({ length: 20 }, () => dice.uniform(0.1, 3) * (dice.uniform(0, 1) < 0.5 ? -1 : 1));
    const atZero = gradients.map((gradient) => ask(0, gradient));
    if (atZero.every((slope) => slope === 1))
      return wrong("that is the slope of the dashed line alone: what becomes of `gradient`?");
    const inside = gradients.every((gradient) => agree([ask(dice.uniform(-0.99, 2.49), gradient)], [gradient], 1e-6));
    if (!inside)
      return wrong("look at places on the grid, between −1 and 2.5: what is the slope of the dashed line there?");
    const above = gradients.every((gradient) => ask(dice.uniform(2.51, 9), gradient) === 0);
    if (!above) return wrong("right on the grid; now look above it, where the dashed line is flat.");
    const below = gradients.every((gradient) => ask(dice.uniform(-9, -1.01), gradient) === 0);
    return below ? right("a mask, and nothing more.") : wrong("right on the grid and above it; look below it, too.");
  },

  "10-2": (answer) => {
    const guess = asNumber(answer, "a number of per cent");
    if (guess < 0 || guess > 100) return wrong("an accuracy lies between 0 and 100 per cent.");
    if (guess <= 1) return wrong("in per cent, please: a number between 0 and 100.");
    // the shipped float network: 42 errors
    if (guess > 99.58) return wrong("that would be more than the float network has; the next cell shows what it is.");
    if (guess < 99)
      return wrong("you trust it too little: three values a weight go further than that. Run the next cell.");
    return right("you trust it, and within half a point you are right. The next cell shows how much it is.");
  },

  "10-3": (answer) => {
    const toCode = asFunction(answer);
    const ask = (sum: number, factor: number) => asNumber(toCode(sum, factor), "a function that returns numbers");
    const dice = random(103);
    const agrees = (sum: number, factor: number) =>
      ask(sum, factor) === Math.min(255, Math.max(0, roundHalfToEven(sum * factor)));
    const draws = (from: number, to: number) => Array.from({ length: 40 }, () => Math.round(dice.uniform(from, to)));
    const factor = Math.fround(dice.uniform(0.001, 0.002));
    const all = (sums: number[], by = factor) => sums.every((sum) => agrees(sum, by));
    if (!all(draws(1_000, 60_000))) return wrong("look at ordinary sums first: multiply by the factor, then round.");
    if (!all(draws(-90_000, -1_000))) return wrong("look at sums below 0: which is the lowest code there is?");
    if (!all(draws(400_000, 900_000))) return wrong("look at very large sums: which is the highest code there is?");
    if (!all([1, 3, 5, 7, 9, 101], 0.5)) return wrong("nearly: look at halves, which go to the even neighbour.");
    return right("one multiplication, one rounding, two ends.");
  },

  "10-4": (answer) => byWord(asWord(answer, ["integers", "float", "both", "neither"])),

  "10-a": (answer) => {
    const largestSum = asFunction(answer);
    const dice = random(104);
    // filters of one sign too: there the bias decides
    for (const [bias, from, to] of [
      [0, -127, 127],
      [-20_000, -127, 127],
      [1_234, 0, 127],
      [-1_234, -127, 0],
    ] as const) {
      const codes = Int8Array.from({ length: 25 }, () => Math.round(dice.uniform(from, to)));
      const said = asNumber(largestSum(codes, bias), "a function that returns numbers");
      const [up, down] = [codes.map((code) => Math.max(0, code)), codes.map((code) => Math.max(0, -code))];
      const sumOf = (list: Int8Array) => 255 * list.reduce((sum, code) => sum + code, 0);
      const reached = Math.max(Math.abs(sumOf(up) + bias), Math.abs(sumOf(down) - bias));
      if (said < reached)
        return wrong(
          `some inputs go beyond your number (bias ${bias}): look at both signs, at the bias, and at the largest input.`,
        );
      if (said > sumOf(up) + sumOf(down) + Math.abs(bias))
        return wrong("no input can exceed it, but it is larger than it need be: add up the sizes, nothing more.");
    }
    return right("no image whatever can exceed it.");
  },

  "10-b": (answer) => {
    const rate = asNumber(answer, "one of the two rates");
    if (rate === 0.01) return right("a bad scale forgives little; with LSQ both rates end close together.");
    if (rate === 0.02) return wrong("train both from a fresh copy, and compare them on the same test images.");
    return wrong("give one of the two rates: that of section 2, or half of it.");
  },

  "10-c": (answer) =>
    asWord(answer, ["trunc", "floor", "ceil"]) === "ceil"
      ? right("above 0 the other two are the same, and below 0 everything becomes 0.")
      : wrong("compare all three with each other on the same images; think of what is cut at 0."),
};

function byWord(pair: "integers" | "float" | "both" | "neither"): Verdict {
  if (pair === "integers") return right("whole numbers add up to the same in any order. The next cell shows it.");
  if (pair === "neither") return wrong("less is lost than you fear: does a sum of whole numbers depend on its order?");
  return wrong("two programs add in different orders: for which kind of number does that matter?");
}
