import assert from "node:assert/strict";
import { test } from "node:test";
import { digitsFor, rounded, roundedPlaces } from "../../lib/src/figures/rounding";
import { lengthOf, spanOf } from "../../lib/src/figures/scale";

test("rounded(values) keeps five digits, and gaps as JSON has them", () => {
  assert.deepEqual(rounded(new Float64Array([1.23456789, Number.NaN, 1e-9])), [1.2346, null, 1e-9]);
  assert.deepEqual(rounded([1.23456789], 7), [1.234568]);
});

test("roundedPlaces(values) keeps whole numbers as they are", () => {
  assert.deepEqual(roundedPlaces([123457, 1.234567, null]), [123457, 1.2346, null]);
});

test("digitsFor(values, span) is five unless a point would move by more than 1/2000 of what is shown", () => {
  for (const scale of ["linear", "log"] as const) {
    const place = (value: number) => (scale === "log" ? Math.log10(value) : value);
    for (const base of [1e-7, 2.502585, 123456, 1.7e9]) {
      for (const share of [1, 1e-2, 1e-4, 1e-6, 1e-8]) {
        const values = Array.from({ length: 50 }, (_, i) => base * (1 + (share * i) / 49));
        const span = spanOf([values], scale) as readonly [number, number];
        const digits = digitsFor(values, span, scale);
        const moved = rounded(values, digits).map((value, i) =>
          Math.abs(place(value as number) - place(values[i] as number)),
        );
        assert.ok(Math.max(...moved) <= lengthOf(span, scale) / 2000, `${base}, ${share}, ${scale}: ${digits}`);
        if (share === 1) assert.equal(digits, 5);
      }
    }
  }
});

test("digitsFor(values, span) takes the noise of arithmetic for what it is", () => {
  const noisy = [0.1 + 0.2, 0.3];
  assert.equal(new Set(rounded(noisy, digitsFor(noisy, spanOf([noisy], "linear")))).size, 1);
});
