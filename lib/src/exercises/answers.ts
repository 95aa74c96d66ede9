/** An answer as what its task asks for; what is something else is refused in a sentence that the reader sees. */
import { isList, typeName } from "../common/checks";

/** An answer of the wrong kind. */
export class UnfitAnswer extends Error {}

/** A finite number. */
export function asNumber(answer: unknown, what = "a number"): number {
  if (typeof answer === "number" && Number.isFinite(answer)) return answer;
  throw new UnfitAnswer(`expected ${typeof answer === "number" ? "a finite number" : what}, got ${described(answer)}.`);
}

/** A list of finite numbers, of one length if `length` is given; a tensor's values are taken as they lie. */
export function asNumbers(answer: unknown, length?: number, what = "a list of numbers"): number[] {
  const values = isTensor(answer) ? answer.dataSync() : answer;
  if (!isList(values)) throw new UnfitAnswer(`expected ${what}, got ${described(answer)}.`);
  if (length !== undefined && values.length !== length)
    throw new UnfitAnswer(`expected ${what}; the length of the list should be ${length}, but is ${values.length}.`);
  const list = Array.from(values);
  const unfit = list.findIndex((value) => !Number.isFinite(value));
  if (unfit >= 0)
    throw new UnfitAnswer(`expected ${what}, but item ${unfit} of the list is ${described(list[unfit])}.`);
  return list as number[];
}

/** One of the words, in any case. */
export function asWord<Word extends string>(answer: unknown, words: readonly Word[]): Word {
  const word = words.find((one) => typeof answer === "string" && answer.trim().toLowerCase() === one.toLowerCase());
  if (word !== undefined) return word;
  const choice = words.map((one) => `"${one}"`).join(", ");
  throw new UnfitAnswer(`expected one of ${choice}, got ${described(answer)}.`);
}

/** A function; `call(…)` gives what it returns, and refuses a promise and the missing `return`. */
export function asFunction(answer: unknown): (...input: unknown[]) => unknown {
  if (typeof answer !== "function") throw new UnfitAnswer(`expected a function, got ${described(answer)}.`);
  return (...input) => {
    const result: unknown = answer(...input);
    if (result === undefined) throw new UnfitAnswer("your function returns nothing: is its `return` missing?");
    if (isPromise(result)) throw new UnfitAnswer("your function returns a promise: write it without `async`.");
    return result;
  };
}

/** Whether two lists agree, number by number, to a share of the larger one (or of 1). */
export function agree(a: readonly number[], b: readonly number[], tolerance = 1e-4): boolean {
  const close = (x: number, y: number) => Math.abs(x - y) <= tolerance * Math.max(1, Math.abs(x), Math.abs(y));
  return a.length === b.length && a.every((x, i) => close(x, b[i] as number));
}

/** A value in a few words: `3`, `"x"`, `a list of 10`, `nothing (undefined)`. */
export function described(value: unknown): string {
  if (value === undefined) return "nothing (`undefined`)";
  if (value === null || typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === "function") return "a function";
  if (isPromise(value)) return "a promise: put `await` before it";
  if (isTensor(value)) return `a tensor of shape [${value.shape}]`;
  if (isList(value)) return `a list of ${value.length}`;
  return `a value of type ${typeName(value)}`;
}

function isTensor(value: unknown): value is { shape: number[]; dataSync(): ArrayLike<number> } {
  return typeof value === "object" && value !== null && "dataSync" in value && "shape" in value;
}

function isPromise(value: unknown): boolean {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}
