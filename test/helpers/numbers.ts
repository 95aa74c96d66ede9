/** Holds the numbers in prose to the numbers that were measured. */

/** Decimal numbers of a text, such as 99.53 or 0.0412; whole numbers are too often just counts of things. */
export function decimals(text: string): string[] {
  return text.replace(/−/g, "-").match(/(?<![\w.,^])\d{1,6}(?:,\d{3})*\.\d+(?![\w.]*\w*[\d.]*\d\.)/g) ?? [];
}

/** All numbers of a text, whole ones too, thousands separators removed. */
export function numbers(text: string): number[] {
  const plain = text.replace(/(\d),(?=\d{3})/g, "$1").replace(/−/g, "-");
  return (plain.match(/\d+(?:\.\d+)?(?:e[+-]?\d+)?/gi) ?? []).map(Number);
}

/** Whether `written` is one of the `measured` numbers, or its hundredfold (a percentage), rounded as `written` is. */
export function isMeasured(written: string, measured: number[]): boolean {
  const plain = written.replace(/,/g, "");
  const digits = plain.split(".")[1]?.length ?? 0;
  const half = 0.5 * 10 ** -digits + 1e-9;
  const value = Number(plain);
  return measured.some((number) => Math.abs(number - value) <= half || Math.abs(100 * number - value) <= half);
}
