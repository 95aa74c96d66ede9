import { judges } from "../../lib/src/exercises/lesson-06";
import { holdsJudges } from "../helpers/judging";

type Rule = (weights: number[], gradient: number[], rate: number) => number[];

/** An optimiser with momentum, whose step is made of gradient and velocity. */
const withVelocity = (step: (gradient: number, velocity: number) => number) => (): Rule => {
  const velocity = [0, 0];
  return (weights, gradient, rate) =>
    weights.map((w, i) => {
      const g = gradient[i] as number;
      velocity[i] = 0.9 * (velocity[i] as number) + g;
      return w - rate * step(g, velocity[i] as number);
    });
};

const half = (share: number) => (1 + Math.cos(Math.PI * share)) / 2;

const restarts = (step: number, first: number, highest: number): number =>
  step < first ? highest * half(step / first) : restarts(step - first, 2 * first, highest);

holdsJudges(judges, {
  "06-1": { right: [10, 9.99999], wrong: [1, 9, 0.9, 1.9], secret: /\b10\b|1 ?\/ ?\(1 - 0\.9\)/ },
  "06-2": {
    right: [
      (w: number, v: number, rate: number, decay: number) => (1 - rate * decay) * w - rate * v,
      (w: number, v: number, rate: number, decay: number) => w - rate * (v + decay * w),
    ],
    wrong: [
      (w: number, v: number, rate: number, decay: number) => (1 - decay) * w - rate * v,
      (w: number, v: number, rate: number, decay: number) => (1 - rate * decay) * (w - rate * v),
      (w: number, v: number, rate: number, decay: number) => (1 + rate * decay) * w - rate * v,
      (w: number, v: number, rate: number, decay: number) => (1 - rate * decay) * w + rate * v,
    ],
    secret: /1 - rate|rate \* decay|rate times decay/,
  },
  "06-3": {
    right: [
      (t: number, T: number, highest: number) => highest * half(t / T),
      (t: number, T: number, highest: number) => highest * Math.cos((Math.PI * t) / T / 2) ** 2,
    ],
    wrong: [
      (t: number, T: number, highest: number) => highest * Math.cos((Math.PI * t) / T),
      (t: number, T: number, highest: number) => highest * (1 - t / T),
      (t: number, T: number, highest: number) => highest * half((180 * t) / T),
      (t: number, T: number, highest: number) => highest * Math.cos((Math.PI * t) / T / 2),
    ],
    secret: /Math\.cos|Math\.PI/,
  },
  "06-4": {
    right: ["momentum", " Momentum"],
    wrong: ["schedule", "augmentation", "warm-up", "weight decay"],
    secret: /momentum/i,
  },
  "06-a": {
    right: [
      withVelocity((g, v) => g + 0.9 * v),
      () => {
        const optimizer = withVelocity((g, v) => v * 0.9 + g)();
        return (w: number[], g: number[], rate: number) => Float32Array.from(optimizer(w, g, rate));
      },
    ],
    wrong: [
      withVelocity((_, v) => v),
      withVelocity((g) => g),
      withVelocity((g, v) => 0.9 * g + v),
      (w: number[], g: number[], rate: number) => w.map((x, i) => x - rate * (g[i] as number)),
      () => (w: number[], g: number[], rate: number) => w.map((x, i) => x - 1.9 * rate * (g[i] as number)),
    ],
    secret: /gradient\[i\] \+|0\.9 \*/,
  },
  "06-b": { right: [5.9, 7], wrong: [10, 1, 0.15, 100], secret: /\b[67]\b|\b10\b/ },
  "06-c": {
    right: [
      restarts,
      (step: number, first: number, highest: number) => {
        const cycle = Math.floor(Math.log2(step / first + 1));
        return highest * half((step - first * (2 ** cycle - 1)) / (first * 2 ** cycle));
      },
      (step: number, first: number, highest: number) => {
        let length = first;
        for (; step >= length; length *= 2) step -= length;
        return highest * half(step / (length - 1));
      },
    ],
    wrong: [
      (step: number, first: number, highest: number) => highest * half((step % first) / first),
      (step: number, first: number, highest: number) => highest * half(step / first),
      (step: number, first: number, highest: number) => (restarts(step, first, highest) > 0 ? highest : 0),
      (step: number, first: number, highest: number) => {
        let length = first;
        for (; step >= length; length *= 2) step -= length;
        return highest * (1 - step / length);
      },
    ],
    secret: /while|Math\.cos|log2/,
  },
});
