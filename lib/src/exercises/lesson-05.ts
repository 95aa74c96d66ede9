/** What lesson 05 asks, and how an answer is judged. */
import { isList } from "../common/checks";
import { agree, asFunction, asNumber, asNumbers } from "./answers";
import { type Judge, right, type Verdict, wrong } from "./verdict";

/** An entry of the lesson's tape, as far as it is looked at. */
interface Recorded {
  value: number;
  inputs: unknown[];
  slopes: number[];
}

const entry = (value: number) => ({ name: "given", value, inputs: [], slopes: [], gradient: 0 });

const entries = (count: number) => (count === 1 ? "1 entry" : `${count} entries`);

/** What is wrong with an entry, if anything. */
function flaw(made: unknown, value: number, inputs: unknown[], slopes: number[]): Verdict | undefined {
  const { value: given, inputs: from, slopes: towards } = Object(made) as Recorded;
  if (!isList(from) || !isList(towards))
    return wrong("expected an entry of the tape: return what `record(…)` returns.");
  if (!agree([given], [value])) return wrong("the value is not right for every input: try one by hand.");
  if (from.length !== inputs.length || !inputs.every((input) => from.includes(input)))
    return wrong(
      `the third argument of \`record\` should list exactly what the value is made of: here ${entries(inputs.length)}.`,
    );
  if (towards.length !== from.length)
    return wrong(`the value is made of ${entries(from.length)}, but the number of slopes is ${towards.length}.`);
  // a reader may list the inputs in another order
  const sorted = inputs.map((input) => towards[from.indexOf(input)] ?? Number.NaN);
  if (!agree(sorted, slopes))
    return wrong("the value is right, a slope is not: nudge one input. How far does the value move?");
  return undefined;
}

export const judges: Record<string, Judge> = {
  "05-1": (answer) => {
    const slope = asNumber(answer);
    if (Math.abs(slope - 8) < 0.1) return right("2 · 1 · 4 = 8. The three slopes on the path from x to the loss.");
    if (slope === 12) return wrong("that is the slope after w. Start at x: its first arrow carries another number.");
    if (slope === 2 || slope === 7)
      return wrong("the path has three arrows, and their slopes are combined as the chain rule says.");
    return wrong("walk from x to the loss and write down the slope on each of the three arrows.");
  },
  "05-2": (answer) => {
    const relu = asFunction(answer);
    for (const value of [1.5, -2, 0.01, -0.3, 7]) {
      const input = entry(value);
      const found = flaw(relu(input), Math.max(0, value), [input], [value > 0 ? 1 : 0]);
      if (found) return found;
    }
    return right("above 0 it passes the gradient on unchanged, below it passes nothing.");
  },
  "05-3": (answer) => {
    const count = asNumber(answer);
    if (count === 10) return right("only the biases of the logits: their input is 1, and no weight lies behind them.");
    if (count === 0) return wrong("nearly, but a bias is added as it is: its slope does not need an input.");
    if (count === 850) return wrong("the right layer. Which of its weights have an input other than 0?");
    if (count === 61_706) return wrong("a slope is the gradient times an input, and most inputs are nothing here.");
    return wrong("go layer by layer from the loss: what passes through a weight that is 0, and what enters it?");
  },
  "05-4": (answer) => {
    const deviation = asNumber(answer);
    if (Math.abs(deviation - 20) < 0.5) return right("it grows with the root of how many there are.");
    if (deviation === 400) return wrong("that would be so if all had the same sign. Some cancel.");
    return wrong("more numbers make a larger sum, but they partly cancel: it is between the extremes.");
  },
  "05-a": (answer) => {
    const slopes = asNumbers(answer, 2);
    if (agree(slopes, [2, 5])) return right("what reaches b on its two paths adds up.");
    if (agree(slopes, [5, 2])) return wrong("these are the right numbers in the wrong order: a comes first.");
    if (!agree(slopes.slice(0, 1), [2]))
      return wrong("the slope after a is not right: a product's slope is the other factor.");
    return wrong("the slope after a is right; b reaches the result on two paths. Have you added both?");
  },
  "05-b": (answer) => {
    const inputs = [25, 150, 400, 120, 84];
    const list = asNumbers(answer, 5);
    const names = ["conv1", "conv2", "dense1", "dense2", "logits"];
    if (agree(list, inputs)) return wrong("these are the numbers of inputs: put each into the rule.");
    if (
      agree(
        list,
        inputs.map((n) => 2 / n),
      )
    )
      return wrong("these are variances; a standard deviation is their root.");
    const byRule = inputs.map((n) => Math.sqrt(2 / n));
    // three decimals suffice
    if (agree(list, byRule, 0.0006)) return right("the more inputs, the smaller the weights.");
    const bad = byRule.findIndex((root, i) => Math.abs((list[i] as number) / root - 1) > 0.05);
    if (bad < 0) return wrong("near, but not what the rule says: compute each root, and keep four decimals of it.");
    return wrong(`look at ${names[bad]}: how many products does one of its neurons add up?`);
  },
  "05-c": (answer) => {
    const [loss, slope] = asNumbers(answer, 2) as [number, number];
    if (Math.abs(loss - Math.log(10)) > 0.006)
      return wrong("the first loss is not right: what are ten equal logits after softmax?");
    if (slope !== 0)
      return wrong("the loss is right. Follow the gradient backwards: by what is it multiplied at the logits?");
    return right("and yet it learns: after one step the weights of the logits are no longer 0.");
  },
  "05-d": (answer) => {
    const dot = asFunction(answer);
    for (const numbers of [[2], [0.5, -3], [1, 2, -0.7]]) {
      const weights = numbers.map((value) => entry(value));
      const inputs = numbers.map((value, i) => entry(value * value - i));
      const value = weights.reduce((total, weight, i) => total + weight.value * (inputs[i] as Recorded).value, 0);
      const slopes = [...inputs, ...weights].map((each) => each.value);
      const found = flaw(dot(weights, inputs), value, [...weights, ...inputs], slopes);
      if (found) return found;
    }
    return right("one entry for the whole sum.");
  },
};
