import { judges } from "../../lib/src/exercises/lesson-01";
import { holdsJudges } from "../helpers/judging";

type Labels = Uint8Array;
const hits = (labels: Labels, predictions: Labels) => labels.filter((label, i) => label === predictions[i]).length;

/** The most frequent pair among the places that `isCounted`. */
function pairBy(labels: Labels, predictions: Labels, isCounted: (label: number, answer: number) => boolean): number[] {
  const counts = new Array<number>(100).fill(0);
  labels.forEach((label, i) => {
    const answer = predictions[i] as number;
    if (isCounted(label, answer)) counts[10 * label + answer] = (counts[10 * label + answer] as number) + 1;
  });
  const best = counts.indexOf(Math.max(...counts));
  return [Math.floor(best / 10), best % 10];
}

holdsJudges(judges, {
  "01-1": { right: [0.1, 10, 1 / 10], wrong: [0.5, 1, 0, "ten", 90], secret: /\b10\b|0\.1|tenth/ },
  "01-2": { right: [9, 9.0], wrong: [6, 8, 0, "six", Number.NaN], secret: /\b9\b|nine/ },
  "01-3": { right: ["c", " C"], wrong: ["a", "b", "d", 3], secret: /one digit|ahead/ },
  "01-a": {
    right: [
      (pixels: Uint8Array) => Uint8Array.from(pixels).reverse(),
      (pixels: Uint8Array) => Array.from(pixels, (_, i) => pixels[783 - i]),
      (pixels: Uint8Array) => pixels.map((_, i) => pixels[pixels.length - 1 - i] as number),
    ],
    wrong: [
      (pixels: Uint8Array) => pixels,
      (pixels: Uint8Array) => pixels.reverse(),
      (pixels: Uint8Array) => pixels.map((_, i) => pixels[28 * Math.floor(i / 28) + 27 - (i % 28)] as number),
      (pixels: Uint8Array) => pixels.map((_, i) => pixels[784 - i] as number),
      (pixels: Uint8Array) => pixels.map((_, i) => pixels[28 * (27 - Math.floor(i / 28)) + (i % 28)] as number),
      (pixels: Uint8Array) => Array.from(pixels, (_, i) => pixels[784 - i]),
      (pixels: Uint8Array) => {
        pixels.slice().reverse();
      },
    ],
    secret: /reverse|783/,
  },
  "01-b": {
    right: [
      (labels: Labels, predictions: Labels) => hits(labels, predictions) / labels.length,
      (labels: Labels, predictions: Labels) => {
        let count = 0;
        for (let i = 0; i < labels.length; i++) if (labels[i] === predictions[i]) count++;
        return count / predictions.length;
      },
    ],
    wrong: [
      (labels: Labels, predictions: Labels) => hits(labels, predictions),
      (labels: Labels, predictions: Labels) => (100 * hits(labels, predictions)) / labels.length,
      (labels: Labels, predictions: Labels) => 1 - hits(labels, predictions) / labels.length,
      (labels: Labels) => 1 / labels.length,
    ],
    secret: /===|filter/,
  },
  "01-c": {
    right: [
      (labels: Labels, predictions: Labels) => pairBy(labels, predictions, (label, answer) => label !== answer),
      (labels: Labels, predictions: Labels) => {
        const counts = new Map<string, number>();
        labels.forEach((label, i) => {
          const key = `${label} ${predictions[i]}`;
          if (label !== predictions[i]) counts.set(key, (counts.get(key) ?? 0) + 1);
        });
        return [...counts]
          .reduce((a, b) => (b[1] > a[1] ? b : a))[0]
          .split(" ")
          .map(Number);
      },
    ],
    wrong: [
      (labels: Labels, predictions: Labels) => pairBy(labels, predictions, (label, answer) => label === answer),
      (labels: Labels, predictions: Labels) => pairBy(predictions, labels, (label, answer) => label !== answer),
      (labels: Labels, predictions: Labels) => {
        // the order of the two is lost
        const [low, high] = [labels.map((label, i) => Math.min(label, predictions[i] as number)), labels.slice()];
        labels.forEach((label, i) => {
          high[i] = Math.max(label, predictions[i] as number);
        });
        return pairBy(low, high, (label, answer) => label !== answer);
      },
      (labels: Labels, predictions: Labels) => {
        const first = labels.findIndex((label, i) => label !== predictions[i] && label !== 4);
        return [labels[first], predictions[first]];
      },
      () => "a pair",
    ],
    secret: /\b4\b|\b9\b/,
  },
});
