/** What lesson 01 asks, and how an answer is judged. */
import { random } from "../common/random";
import { agree, asFunction, asNumber, asNumbers, asWord } from "./answers";
import { type Judge, right, wrong } from "./verdict";

/** Labels of 300 images, and predictions of which one in four is drawn blindly. */
function someAnswers(seed: number): { labels: Uint8Array; predictions: Uint8Array } {
  const source = random(seed);
  const draw = () => Math.floor(source.uniform(0, 10));
  const labels = Uint8Array.from({ length: 300 }, draw);
  const predictions = labels.map((label) => (source.uniform() < 0.25 ? draw() : label));
  return { labels, predictions };
}

export const judges: Record<string, Judge> = {
  "01-1": (answer) => {
    const share = asNumber(answer, "a share in percent, such as 50");
    if (agree([share], [0.1]) || agree([share], [10])) return right("blind guessing gets one image in ten.");
    return wrong("each image has one label, and the guess is one of ten. How often do the two meet?");
  },
  "01-2": (answer) => {
    const digit = asNumber(answer, "a digit, as a number");
    if (digit === 9) return right("and no probability says that this was another digit, upside down.");
    if (digit === 6) return wrong("the network sees only where the ink is now. Turn your head, and look again.");
    return wrong("draw the digit on paper, and turn the paper by half a turn. What would a stranger read?");
  },
  "01-3": (answer) => {
    const letter = asWord(answer, ["a", "b", "c"]);
    if (letter === "c") return right("there are ten answers, and some digit is always ahead, on empty paper too.");
    if (letter === "a") return wrong("look at `ask`: how many numbers come back, and is there one for “no digit”?");
    return wrong("nobody has taught the network to be undecided: it has never been shown an empty page.");
  },
  "01-a": (answer) => {
    const turned = asFunction(answer);
    const source = random(11);
    const pixels = Uint8Array.from({ length: 784 }, () => Math.floor(source.uniform(0, 256)));
    const given = pixels.slice();
    const result = asNumbers(turned(given), 784, "the pixels of the turned picture, a list of numbers");
    const isMirrored = result.every((value, i) => value === pixels[28 * Math.floor(i / 28) + 27 - (i % 28)]);
    if (isMirrored)
      return wrong("each row runs backwards, as in a mirror. In half a turn the top goes to the bottom too.");
    const isFlipped = result.every((value, i) => value === pixels[28 * (27 - Math.floor(i / 28)) + (i % 28)]);
    if (isFlipped) return wrong("the top is at the bottom, but in half a turn the left goes to the right too.");
    if (!result.every((value, i) => value === pixels[783 - i]))
      return wrong("follow one pixel: where does the very first one, at the top left, go to?");
    if (!agree(Array.from(given), Array.from(pixels)))
      return wrong("the picture is turned, but so is the one that you were given: work on a copy of it.");
    return right("and turned twice it is the same picture again.");
  },
  "01-b": (answer) => {
    const accuracyOf = asFunction(answer);
    for (const seed of [1, 2]) {
      const { labels, predictions } = someAnswers(seed);
      const hits = labels.filter((label, i) => label === predictions[i]).length;
      const share = asNumber(accuracyOf(labels, predictions), "a share between 0 and 1");
      if (agree([share], [1 - hits / 300])) return wrong("this is the share of mistakes.");
      if (agree([share], [(100 * hits) / 300])) return wrong("give a share, not per cent.");
      if (share > 1) return wrong("a share lies between 0 and 1: divide the count by the number of images.");
      if (!agree([share], [hits / 300])) return wrong("count where the two lists agree, place by place.");
    }
    return right("that is what `evaluate` calls `accuracy`.");
  },
  "01-c": (answer) => {
    const mostConfused = asFunction(answer);
    const { labels, predictions } = someAnswers(3);
    const put = (label: number, prediction: number, from: number, count: number) => {
      for (let i = from; i < from + 7 * count; i += 7) [labels[i], predictions[i]] = [label, prediction];
    };
    // fewer than the images that are read right, class by class
    put(4, 9, 0, 13);
    // more than that only if the order of the two is lost
    put(5, 3, 1, 9);
    put(3, 5, 2, 9);
    const pair = asNumbers(mostConfused(labels, predictions), 2, "a pair [label, prediction]");
    if (pair[0] === pair[1]) return wrong("label and prediction are the same here: count only mistakes.");
    if (agree(pair, [9, 4]))
      return wrong("the two digits are right, but the label comes first, the prediction second.");
    if (!agree(pair, [4, 9]))
      return wrong("another pair occurs more often: count each pair, then take the highest count.");
    return right("a table of all such counts is called a confusion matrix; you will meet it in lesson 07.");
  },
};
