/** Checks at the doors of the builders of figures: what came where a list or a word is expected. */
import { isList, typeName } from "../common/checks";

/**
 * Checks that a list holds numbers; null and undefined, as JSON and sparse lists have them, are gaps.
 * @param what the list is, such as "`y` of loss"
 * @throws TypeError for anything but an array, or a typed array, of numbers
 */
export function checkNumbers(what: string, list: ArrayLike<number | null>): void {
  if (!isList(list)) throw new TypeError(`Expected ${what} as a list of numbers, got ${kindOf(list)}.`);
  for (let i = 0; i < list.length; i++) {
    const value: unknown = list[i];
    if (typeof value !== "number" && value !== null && value !== undefined)
      throw new TypeError(`Expected ${what} as a list of numbers, got ${kindOf(value)} at index ${i}.`);
  }
}

/**
 * Checks that a list holds texts or numbers, such as labels.
 * @throws TypeError for anything but an array, or a typed array, of them
 */
export function checkLabels(what: string, list: ArrayLike<string | number>): void {
  if (!isList(list)) throw new TypeError(`Expected ${what} as a list of texts or numbers, got ${kindOf(list)}.`);
  for (let i = 0; i < list.length; i++) {
    const value: unknown = list[i];
    if (typeof value !== "string" && typeof value !== "number")
      throw new TypeError(`Expected ${what} as a list of texts or numbers, got ${kindOf(value)} at index ${i}.`);
  }
}

/** Checks that something is a list of anything. */
export function checkList(what: string, list: ArrayLike<unknown>): void {
  if (!isList(list)) throw new TypeError(`Expected ${what} as a list, got ${kindOf(list)}.`);
}

/** @throws Error unless the value is one of the words */
export function checkWord(name: string, value: unknown, words: readonly string[]): void {
  if (words.includes(value as string)) return;
  const got = typeof value === "string" ? JSON.stringify(value) : kindOf(value);
  throw new Error(`Expected \`${name}\` to be ${words.join(" or ")}, got ${got}.`);
}

/** Checks that two lists match. */
export function sameLength(name: string, list: ArrayLike<unknown>, other: string, expected: number): void {
  if (list.length !== expected)
    throw new Error(`Expected \`${name}\` to hold ${expected} items like \`${other}\`, got ${list.length}.`);
}

/** What a value is, in words, and how its numbers are had. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "bigint") return "a bigint: pass `Number(…)` of it";
  if (typeof value !== "object") return `a ${typeof value}`;
  if ("dataSync" in value) return "a tensor: pass `await tensor.data()`";
  if ("stride" in value && "data" in value) return "an ndarray: pass its `.data`";
  const name = typeName(value);
  if (name === "Set" || name === "Map") return `a ${name}: pass \`[...]\` of its values`;
  if (name === "Date") return "a Date: pass its `.getTime()`";
  return /^[AEIO]/.test(name) ? `an ${name}` : `a ${name}`;
}
