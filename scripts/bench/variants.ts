/** Ways to use one engine, of which the fastest is measured. */
export interface Variant {
  label: string;
  options?: Record<string, unknown>;
  env?: Record<string, string>;
}

/** What the trial of the variants gave. */
export interface Chosen {
  variant: string;
  /** all variants by label: seconds an epoch or microseconds a call, on few images; empty when none were tried */
  tried: Record<string, number>;
}

/** Measures every variant once and takes the fastest; or the first, when there is no choice or `fixed` forbids it. */
export async function choose<V extends Variant>(
  variants: readonly V[],
  measure: ((variant: V) => Promise<number>) | undefined,
  { fixed = false }: { fixed?: boolean } = {},
): Promise<{ variant: V; chosen: Chosen }> {
  const [first] = variants as readonly [V];
  if (!measure || variants.length === 1) return { variant: first, chosen: { variant: first.label, tried: {} } };
  const times: number[] = [];
  for (const variant of variants) times.push(await measure(variant));
  const variant = fixed ? first : (variants[times.indexOf(Math.min(...times))] as V);
  const tried = Object.fromEntries(variants.map(({ label }, i) => [label, times[i] as number]));
  return { variant, chosen: { variant: variant.label, tried } };
}
