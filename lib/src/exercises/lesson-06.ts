/** What lesson 06 asks, and how an answer is judged. */
import { loadComparison } from "../data/results";
import { sgd } from "../train/optimizer";
import { agree, asFunction, asNumber, asNumbers, asWord } from "./answers";
import { type Judge, right, wrong } from "./verdict";

type Curve = (...input: number[]) => number;

/** An answer as a function from numbers to one number. */
const asCurve = (answer: unknown): Curve => {
  const call = asFunction(answer);
  return (...input) => asNumber(call(...input), "a function that returns a finite number");
};

/** Whether two functions agree on each of the inputs. */
const same = (a: Curve, b: Curve, inputs: number[][]): boolean =>
  agree(
    inputs.map((input) => a(...input)),
    inputs.map((input) => b(...input)),
  );

const knobs = {
  momentum: "no momentum",
  "weight decay": "no weight decay",
  "warm-up": "no warm-up",
  augmentation: "no augmentation",
  schedule: "constant rate",
} as const;

export const judges: Record<string, Judge> = {
  "06-1": (answer) => {
    const velocity = asNumber(answer);
    if (agree([velocity], [1 / (1 - 0.9)]))
      return right("there 0.9 v + 1 gives back v: a steady gradient is counted over and over.");
    if (agree([velocity], [1]))
      return wrong("that is the velocity after one step; nine tenths of it stay at the next one.");
    return wrong("it stops growing where one more step changes nothing: for which v does 0.9 v + 1 give back v?");
  },

  "06-2": (answer) => {
    const rule = asCurve(answer);
    const inputs = [
      [2, 3, 0.1, 0.5],
      [-1.5, 0.25, 0.2, 0.3],
      [0.7, -2, 0.05, 2],
    ];
    const wanted: Curve = (weight = 0, velocity = 0, rate = 0, decay = 0) =>
      weight * (1 - rate * decay) - rate * velocity;
    if (same(rule, wanted, inputs)) return right("the weight shrinks by its share, and the step is made as before.");
    if (!agree([rule(2, 3, 0.1, 0)], [1.7]))
      return wrong("with a decay of 0 it should be the plain step, weight minus rate times velocity.");
    if (!agree([rule(2, 0, 0.1, 0.5)], [1.9]))
      return wrong("with a velocity of 0 only a share of the weight goes: which product is that share?");
    return wrong("velocity 0 and decay 0 are right, but not both together: is the step itself shrunk too?");
  },

  "06-3": (answer) => {
    const rate = asCurve(answer);
    if (!agree([rate(0, 40, 0.3)], [0.3])) return wrong("at step 0 the rate should be the highest one.");
    if (!agree([rate(40, 40, 0.3)], [0]))
      return wrong("at step T the rate should be 0: is the angle there half a turn, in radians?");
    const wanted: Curve = (t = 0, T = 1, highest = 0) => (highest * (1 + Math.cos((Math.PI * t) / T))) / 2;
    const inputs = [7, 20, 31].map((t) => [t, 40, 0.3]);
    return same(rate, wanted, inputs)
      ? right("both ends and the way between them are right.")
      : wrong("both ends are right, but not the way between them: it should follow the formula's cosine.");
  },

  "06-4": (answer) => {
    const word = asWord(answer, Object.keys(knobs) as (keyof typeof knobs)[]);
    const { arms } = loadComparison("knobs");
    const accuracyWithout = (knob: keyof typeof knobs) => arms.find(({ name }) => name === knobs[knob])?.mean ?? 1;
    const lowest = Math.min(...Object.keys(knobs).map((knob) => accuracyWithout(knob as keyof typeof knobs)));
    if (accuracyWithout(word) === lowest) return right("the network without it ends lowest, see below.");
    if (word === "schedule")
      return wrong("close. What does section 1 say about the length of a step without the running sum?");
    return wrong("leaving out another one costs more; run on, and look at the longest bar.");
  },

  "06-a": (answer) => {
    if (typeof answer === "function" && answer.length > 0)
      return wrong("give a function without arguments that makes the rule, as `momentum` does.");
    const make = asFunction(answer);
    const rule = asFunction(make());
    const fresh = asFunction(make());
    const optimizer = sgd()(2);
    const weights = Float32Array.of(1, -2);
    let mine = [1, -2];
    for (const gradient of [
      [1, 0.5],
      [-2, 0.5],
      [0.25, -1],
      [3, 2],
    ]) {
      optimizer.update(weights, Float32Array.from(gradient), 0.1);
      mine = asNumbers(rule(mine, gradient, 0.1), 2, "two new weights");
    }
    if (!agree(asNumbers(fresh([1, 1], [1, 1], 0.1), 2), [0.81, 0.81]))
      return wrong("the very first step is off: from a velocity of 0, add the gradient first, then look ahead.");
    if (agree(mine, Array.from(weights))) return right("four steps agree with the library's `sgd()`.");
    return wrong(
      "the first step is right, later ones are not: is the velocity kept, and the new one used in the step?",
    );
  },

  "06-b": (answer) => {
    const factor = asNumber(answer);
    if (factor > 4 && factor < 8.5) return right("the running sum predicts more than that: a guide, not a law.");
    if (factor > 8.5 && factor < 12)
      return wrong("that is what the running sum predicts; measure it with the range test.");
    if (factor > 0.5 && factor < 1.5)
      return wrong("that looks like the rate of the new cliff: divide it by that of the old one.");
    if (factor > 0 && factor < 1) return wrong("divide the other way round: the new cliff's rate by the old one's.");
    return wrong("divide the rate of the first loss above 3 without momentum by the one with it.");
  },

  "06-c": (answer) => {
    const rate = asCurve(answer);
    const starts = [0, 10, 30, 70].map((step) => rate(step, 10, 0.4));
    if (!agree(starts, Array(4).fill(0.4)))
      return wrong("a cycle should begin at the highest rate; which steps begin one when first is 10?");
    if (![9, 29, 69].every((step) => rate(step, 10, 0.4) < 0.02))
      return wrong("a cycle should end near a rate of 0, just before the next one begins.");
    const inputs = [0, 1, 4, 7, 15, 22, 41, 66].map((step) => [step, 10, 0.4]);
    const fits = [0, 1].some((less) => same(rate, restarted(less), inputs));
    return fits
      ? right("each cycle is half a cosine, twice as long as the one before.")
      : wrong(
          "cycles begin and end in the right places, but are not half a cosine each, twice as long as the one before.",
        );
  },
};

/** Cosine with restarts; a cycle of n steps ends at 0, or one step before (`less` 0), both are in use. */
const restarted =
  (less: number): Curve =>
  (step = 0, first = 1, highest = 0) => {
    let [place, length] = [step, first];
    while (place >= length) {
      place -= length;
      length *= 2;
    }
    return (highest * (1 + Math.cos((Math.PI * place) / (length - less)))) / 2;
  };
