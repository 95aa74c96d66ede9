/** What lesson 09 asks, and how an answer is judged. */
import { random } from "../common/random";
import { asFunction, asNumber, asNumbers, asWord, UnfitAnswer } from "./answers";
import { type Judge, right, wrong } from "./verdict";

const layers = ["conv1", "conv2", "dense1", "dense2", "logits"] as const;

export const judges: Record<string, Judge> = {
  "09-1": (answer) => {
    const toPoint = asFunction(answer);
    const dice = random(91);
    const drawn = Array.from({ length: 40 }, () => [dice.uniform(-3, 3), dice.uniform(0.02, 0.7)] as const);
    // the last two need more codes than a byte has
    for (const [x, scale] of [...drawn, [9.2, 0.03], [-9.2, 0.03]] as const) {
      const point = asNumber(toPoint(x, scale), "a number from your function");
      const code = point / scale;
      // float32 is exact enough
      if (Math.abs(code - Math.round(code)) > 1e-6 * Math.max(1, Math.abs(code)))
        return wrong("what comes back is no point of the grid: a point is a whole number of scales.");
      if (Math.abs(code) < Math.abs(x / scale) - 1.001)
        return wrong("this grid has no ends: look at numbers far from 0.");
      if (Math.abs(point - x) > 0.5 * scale + 1e-6 * Math.abs(x))
        return wrong(
          "a point of the grid, but not always the nearest: compare with the picture, negative numbers too.",
        );
    }
    return right("the nearest point each time, and never further away than half a scale.");
  },
  "09-2": (answer) => {
    const [scale, zeroPoint] = asNumbers(answer, 2, "the scale and the zero point") as [number, number];
    if (scale > 1 && Math.abs(zeroPoint) < 1) return wrong("the scale comes first, then the zero point.");
    if (Math.abs(scale - 4 / 256) < 3e-5) return wrong("between 256 points lie only 255 steps.");
    // to three decimals it is 0.016
    if (scale !== 0.016 && Math.abs(scale - 4 / 255) > 2e-5)
      return wrong("look at the scale: the distance from the lowest to the highest number, divided by the steps.");
    if (!Number.isInteger(zeroPoint)) return wrong("the scale is right, but a code is a whole number.");
    if (zeroPoint !== 64) return wrong("the scale is right; how many steps is it from the lowest number up to 0?");
    return right("and 0 is now exactly on the grid.");
  },
  "09-3": (answer) => {
    const codes = asNumber(answer, "how many codes");
    if (codes === 1) return wrong("that is the largest code; codes have both signs, and 0 is one, too.");
    if (codes === 2) return wrong("codes have both signs, and small weights are rounded to a code as well.");
    if (codes !== 3) return wrong("divide the largest weight by the scale and round: no code of the filter is larger.");
    return right("−1, 0 and 1: as if this filter had 2 bits.");
  },
  "09-4": (answer) =>
    asWord(answer, layers) === "dense1"
      ? right("the next cell shows how clearly.")
      : wrong("another one hurts more: where has the largest of a channel's weights most others beside it?"),
  "09-a": (answer) =>
    asWord(answer, layers) === "dense2"
      ? right("its rarest outputs are the largest, and ten images show few of them.")
      : wrong("compare in proportion: the maximum of ten images divided by that of many, layer by layer."),
  "09-b": (answer) => {
    const bytes = asNumber(answer, "a number of bytes");
    if (bytes === 20_430) return wrong("these are the kernels; biases and scales are missing.");
    if (bytes === 21_374) return wrong("biases and scales take four bytes each: add both.");
    if (Math.abs(bytes - 178_544) < 2) return wrong("those are bits: a byte has eight.");
    if (bytes !== 22_318)
      return wrong("add weights × bits / 8 for each layer, then four bytes for each bias and scale.");
    return right("about a third of the file of 8 bits.");
  },
  "09-c": (answer) => {
    const gridFor = asFunction(answer);
    for (const [low, high, bits] of ranges()) {
      const { scale, zeroPoint } = gridOf(gridFor(low, high, bits));
      const [from, to, end] = [Math.min(low, 0), Math.max(high, 0), 2 ** bits - 1];
      const at = `From ${low.toFixed(2)} to ${high.toFixed(2)} with ${bits} bits`;
      if (!Number.isInteger(zeroPoint) || zeroPoint < 0 || zeroPoint > end)
        return wrong(`${at}: the zero point has to be one of the codes.`);
      if (scale > (1.01 * (to - from)) / end) return wrong(`${at}: the scale is too large, codes are wasted.`);
      for (let i = 0; i <= 50; i++) {
        const x = from + ((to - from) * i) / 50;
        const code = Math.min(end, Math.max(0, Math.round(x / scale) + zeroPoint));
        if (Math.abs(scale * (code - zeroPoint) - x) > 0.501 * scale)
          return wrong(`${at}: ${x.toFixed(2)} comes back with an error of more than half a scale.`);
      }
    }
    return right("every number comes back within half a scale, and 0 exactly.");
  },
  "09-d": (answer) => {
    const bestScale = asFunction(answer);
    const dice = random(94);
    for (const bits of [2, 3, 4]) {
      const list = Array.from({ length: 120 }, (_, i) => (i === 0 ? 5 : 1) * dice.normal());
      const scale = asNumber(bestScale([...list], bits), "a number from your function");
      if (!(scale > 0)) return wrong("a scale is a number above 0.");
      const most = Math.max(...list.map(Math.abs)) / (2 ** (bits - 1) - 1);
      const tried = Array.from({ length: 1000 }, (_, i) => squaredError(list, (most * (i + 1)) / 1000, bits));
      if (squaredError(list, scale, bits) > 1.03 * Math.min(...tried))
        return wrong(
          `with ${bits} bits another scale has a smaller squared error: try more of them, and smaller ones.`,
        );
    }
    return right("no scale that this check tried is noticeably better.");
  },
};

/** Ranges to make grids for: on both sides of 0, and on one. */
function ranges(): [low: number, high: number, bits: number][] {
  const dice = random(93);
  const both = [8, 8, 4, 3, 2].map((bits): [number, number, number] => [
    dice.uniform(-4, -1),
    dice.uniform(1, 9),
    bits,
  ]);
  return [...both, [0, 6, 8], [2, 5, 8], [-7, -3, 4]];
}

function gridOf(answer: unknown): { scale: number; zeroPoint: number } {
  const { scale, zeroPoint } = Object(answer) as Record<string, unknown>;
  const grid = { scale: asNumber(scale, "a `scale`"), zeroPoint: asNumber(zeroPoint, "a `zeroPoint`") };
  if (grid.scale > 0) return grid;
  throw new UnfitAnswer("a scale is a number above 0.");
}

function squaredError(list: readonly number[], scale: number, bits: number): number {
  const end = 2 ** (bits - 1) - 1;
  return list.reduce((sum, w) => sum + (scale * Math.min(end, Math.max(-end, Math.round(w / scale))) - w) ** 2, 0);
}
