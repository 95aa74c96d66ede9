/**
 * Checks of arguments; their errors say what was expected and what came. In the whole library a number that is not
 * whole or out of its range is a RangeError, and so is a list that is too short; a value of the wrong type is a
 * TypeError; what does not fit together (lengths, shapes, names), or is none of the words allowed, is an Error.
 */

/** The range of a number: above something, from something on, or from one to another, both of which are in it. */
export type Bounds =
  | { above?: number; from?: undefined; to?: undefined }
  | { above?: undefined; from: number; to?: number };

/**
 * @param name of an argument, or words that say what it is
 * @throws RangeError unless the value is a whole number within `bounds`, TypeError unless it is a number at all
 */
export function checkWhole(name: string, value: number, bounds: Bounds = {}): void {
  if (!(Number.isSafeInteger(value) && isWithin(value, bounds)))
    throw refused(name, value, `to be a whole number${words(bounds)}`);
}

/** As `checkWhole`, for any number but NaN and the infinities. */
export function checkFinite(name: string, value: number, bounds: Bounds = {}): void {
  if (!(Number.isFinite(value) && isWithin(value, bounds)))
    throw refused(name, value, `to be a finite number${words(bounds)}`);
}

/** As `checkWhole`, for any number above 0, infinity too. */
export function checkPositive(name: string, value: number): void {
  if (!(value > 0)) throw refused(name, value, "to be above 0");
}

/** As `checkWhole`, for any number from 0 to just below 1. */
export function checkFraction(name: string, value: number): void {
  if (!(value >= 0 && value < 1)) throw refused(name, value, "in [0, 1)");
}

/** As `checkWhole`, for lists: arrays, typed arrays, and what else has a `length` and items; a string is none. */
export function checkList(name: string, value: unknown): void {
  if (isList(value)) return;
  const got = typeof value === "object" && value !== null ? withAdvice(value) : shown(value);
  throw new TypeError(`Expected ${quoted(name)} as a list, got ${got}.`);
}

/** Whether something has a `length` and items: not by class, because a notebook's cells have arrays of their own. */
export function isList(value: unknown): value is ArrayLike<unknown> {
  if (typeof value !== "object" || value === null) return false;
  return Array.isArray(value) || Number.isSafeInteger((value as { length?: unknown }).length);
}

/** What came instead of a list, and how to make one of it. */
function withAdvice(value: object): string {
  // by what they have, because nothing here may load ndarray or TensorFlow
  if ("shape" in value && "dataSync" in value) return "a tensor: call `dataSync()`";
  if ("shape" in value && "data" in value) return "an ndarray: pass its `.data`";
  if (Symbol.iterator in value) return `${typeName(value)}: spread it, \`[...it]\``;
  return typeName(value);
}

/** `"Uint8Array"` and the like: by name, because a worker, a frame or a notebook's cell may have classes of its own. */
export function typeName(value: unknown): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}

/** A value as it stands in a sentence. */
export function shown(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

function isWithin(value: number, { above = -Infinity, from = -Infinity, to = Infinity }: Bounds): boolean {
  return value > above && value >= from && value <= to;
}

function words({ above, from, to }: Bounds): string {
  if (above !== undefined) return ` above ${above}`;
  if (from === undefined) return "";
  return to === undefined ? `, ${from} or more` : ` in ${from} … ${to}`;
}

function refused(name: string, value: unknown, expected: string): Error {
  const Kind = typeof value === "number" ? RangeError : TypeError;
  return new Kind(`Expected ${quoted(name)} ${expected}, got ${shown(value)}.`);
}

/** Names of arguments stand in backticks, words do not. */
function quoted(name: string): string {
  return /^\w+$/.test(name) ? `\`${name}\`` : name;
}
