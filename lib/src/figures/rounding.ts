import { isFiniteNumber, withGaps } from "./extremes";
import { lengthOf, type Scale, type Span } from "./scale";

// half a pixel of a figure two thousand wide
const finest = 1 / 2000;
const usual = 5;
// beyond them stands the noise of arithmetic
const mostDigits = 13;

/**
 * Digits that numbers need in a figure: five are more than a screen shows and half the size in a notebook, unless
 * rounding to them moves a point visibly, as where all values lie close together and far from zero.
 * @param span what the axis shows
 */
export function digitsFor(values: ArrayLike<number | null>, span: Span | undefined, scale: Scale = "linear"): number {
  // around a single value Plotly shows one, or one decade, on either side
  const length = (span && lengthOf(span, scale)) || 2;
  const place = (value: number) => (scale === "log" ? Math.log10(value) : value);
  let digits = usual;
  for (let i = 0; i < values.length && digits < mostDigits; i++) {
    const value = values[i];
    if (!isFiniteNumber(value) || value === 0) continue;
    const isMoved = () => Math.abs(place(Number(value.toPrecision(digits))) - place(value)) > finest * length;
    while (digits < mostDigits && isMoved()) digits++;
  }
  return digits;
}

/** Numbers to so many digits; null for what is not finite. */
export function rounded(values: ArrayLike<number | null>, digits = usual): (number | null)[] {
  return withGaps(values).map((value) => (value === null ? null : Number(value.toPrecision(digits))));
}

/** As `rounded`, but whole numbers stay as they are: steps, counts and times are read to the last digit. */
export function roundedPlaces(values: ArrayLike<number | null>, digits = usual): (number | null)[] {
  return withGaps(values).map((value) =>
    value === null || Number.isSafeInteger(value) ? value : Number(value.toPrecision(digits)),
  );
}
