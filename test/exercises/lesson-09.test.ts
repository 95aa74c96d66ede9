import { judges } from "../../lib/src/exercises/lesson-09";
import { holdsJudges } from "../helpers/judging";

type Scale = (list: number[], bits: number) => number;

const squared = (list: number[], step: number, bits: number) => {
  const end = 2 ** (bits - 1) - 1;
  return list.reduce((sum, w) => sum + (step * Math.min(end, Math.max(-end, Math.round(w / step))) - w) ** 2, 0);
};
const fromLargest: Scale = (list, bits) => Math.max(...list.map(Math.abs)) / (2 ** (bits - 1) - 1);
const searched =
  (candidates: number): Scale =>
  (list, bits) => {
    const steps = Array.from({ length: candidates }, (_, i) => (fromLargest(list, bits) * (i + 1)) / candidates);
    return steps.reduce((a, b) => (squared(list, b, bits) < squared(list, a, bits) ? b : a));
  };
/** Golden-section-like: a coarse search, then a finer one around it. */
const refined: Scale = (list, bits) => {
  const coarse = searched(40)(list, bits);
  const near = Array.from({ length: 60 }, (_, i) => coarse * (0.9 + i / 300));
  return near.reduce((a, b) => (squared(list, b, bits) < squared(list, a, bits) ? b : a));
};
const gridFor = (low: number, high: number, bits: number) => {
  const [from, to] = [Math.min(low, 0), Math.max(high, 0)];
  const scale = (to - from) / (2 ** bits - 1);
  return { scale, zeroPoint: Math.round(-from / scale) };
};

holdsJudges(judges, {
  "09-1": {
    right: [
      (x: number, scale: number) => scale * Math.round(x / scale),
      (x: number, scale: number) => scale * Math.floor(x / scale + 0.5),
      (x: number, scale: number) => Math.fround(scale * Math.round(x / scale)),
    ],
    wrong: [
      (x: number, scale: number) => Math.round(x / scale),
      (x: number, scale: number) => scale * Math.trunc(x / scale),
      (x: number, scale: number) => scale * Math.floor(x / scale),
      (x: number) => x,
      (x: number, scale: number) => scale * Math.min(3, Math.max(-3, Math.round(x / scale))),
      (x: number, scale: number) => scale * Math.min(127, Math.max(-127, Math.round(x / scale))),
      0.3,
    ],
    secret: /round/,
  },
  "09-2": {
    right: [
      [4 / 255, 64],
      [0.0157, 64],
      [0.016, 64],
      [0.01569, 64],
    ],
    wrong: [
      [4 / 256, 64],
      [0.0156, 64],
      [4 / 254, 63],
      [4 / 255, 63.75],
      [4 / 255, 63],
      [0.0157, -64],
      [64, 4 / 255],
      [4 / 255],
    ],
    secret: /0\.015|\b64\b|4 \/ 255/,
  },
  "09-3": { right: [3, [-1, 0, 1].length], wrong: [1, 2, 7, 15, 1.15], secret: /\b3\b|three/ },
  "09-4": { right: ["dense1", " Dense1"], wrong: ["conv1", "conv2", "dense2", "logits", 3], secret: /dense1(?!", ")/ },
  "09-a": {
    right: ["dense2", "DENSE2 "],
    wrong: ["conv1", "conv2", "dense1", "logits", 0.66],
    secret: /dense2(?!", ")/,
  },
  "09-b": {
    right: [22_318, 150 + 2_400 + 12_000 + 5_040 + 840 + 8 * 236],
    wrong: [20_430, 21_374, 178_544, 63_358, 20_430 + 472],
    secret: /22[,_ ]?318/,
  },
  "09-c": {
    right: [
      gridFor,
      (low: number, high: number, bits: number) => {
        const { scale } = gridFor(low, high, bits);
        return { scale: Math.fround(scale), zeroPoint: 0 - Math.round(Math.min(low, 0) / scale) };
      },
    ],
    wrong: [
      (low: number, high: number, bits: number) => {
        const scale = (high - low) / (2 ** bits - 1);
        return { scale, zeroPoint: Math.round(-low / scale) };
      },
      (low: number, high: number, bits: number) => ({ ...gridFor(low, high, bits), zeroPoint: 0 }),
      (low: number, high: number, bits: number) => {
        const grid = gridFor(low, high, bits);
        return { ...grid, zeroPoint: -Math.min(low, 0) / grid.scale };
      },
      (low: number, high: number, bits: number) => ({ scale: (high - low) / 2 ** (bits - 1), zeroPoint: 1 }),
      (low: number, high: number) => [low, high],
    ],
    secret: /Math\.(min|max)/,
  },
  "09-d": {
    right: [searched(200), refined],
    wrong: [fromLargest, (list: number[], bits: number) => 0.4 * fromLargest(list, bits), () => 0.1, () => -1],
    secret: /mean|0\.\d/,
  },
});
