/** A label as text; a number that is none as tables write it. */
export function labelText(label: string | number): string {
  return typeof label === "number" && !Number.isFinite(label) ? unwritable(label) : String(label);
}

/** NaN and the infinities, for readers. */
export function unwritable(value: number): string {
  return value === Number.POSITIVE_INFINITY ? "∞" : value === Number.NEGATIVE_INFINITY ? "−∞" : "–";
}

/**
 * Names that Plotly tells apart, for categories and groups: the labels where it can, else their places 0, 1, 2 … Two
 * equal labels would be one category, an empty one stands for none, and Plotly looks names up in a plain object.
 */
export function distinctNames(labels: readonly string[]): string[] {
  const isSafe = (label: string) => label !== "" && !(label in Object.prototype);
  const areNames = new Set(labels).size === labels.length && labels.every(isSafe);
  return areNames ? [...labels] : labels.map((_, i) => String(i));
}

/** Ticks for an axis of categories whose names are not its labels: as many as stand apart on `pixels` CSS pixels. */
export function labelTicks(labels: readonly string[], names: readonly string[], pixels: number): object {
  if (labels.every((label, i) => label === names[i])) return {};
  const step = Math.max(1, Math.ceil((labels.length * 16) / pixels));
  const shown = labels.map((_, i) => i).filter((i) => i % step === 0);
  return { tickmode: "array", tickvals: shown, ticktext: shown.map((i) => labels[i]) };
}
