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

function isWithin(value: number, { above = -Infinity, from = -Infinity, to = Infinity }: Bounds): boolean {
  return value > above && value >= from && value <= to;
}

function words({ above, from, to }: Bounds): string {
  if (above !== undefined) return ` above ${above}`;
  if (from === undefined) return "";
  return to === undefined ? `, ${from} or more` : ` in ${from} … ${to}`;
}

function refused(name: string, value: unknown, expected: string): Error {
  // names of arguments stand in backticks, words do not
  const sentence = `Expected ${/^\w+$/.test(name) ? `\`${name}\`` : name} ${expected}, got`;
  if (typeof value === "number") return new RangeError(`${sentence} ${value}.`);
  return new TypeError(`${sentence} ${typeof value === "string" ? JSON.stringify(value) : String(value)}.`);
}
