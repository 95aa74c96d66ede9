/** Checks of arguments; their errors say what was expected and what came. */

/** @throws RangeError unless the value is a finite number, 0 or more */
export function checkRange(name: string, value: number): void {
  if (!(value >= 0 && Number.isFinite(value))) {
    throw new RangeError(`Expected \`${name}\` to be a finite number, 0 or more, got ${value}.`);
  }
}
