import type { BenchVariant } from "lenet-lab";

/** Ways to use one engine, of which the fastest is measured. */
export interface Variant {
  label: string;
  options?: Record<string, unknown>;
  env?: Record<string, string>;
}

/**
 * Takes the fastest variant, or the first when nothing is to be tried or the engine's is `fixed`.
 * @param measure the time of each variant, measured in turn
 */
export async function choose(
  variants: readonly Variant[],
  measure: ((variants: readonly Variant[]) => Promise<number[]>) | undefined,
  { fixed = false }: { fixed?: boolean } = {},
): Promise<{ variant: Variant; chosen: BenchVariant }> {
  const [first] = variants as readonly [Variant];
  if (!measure || variants.length === 1) return { variant: first, chosen: { variant: first.label, tried: {} } };
  const times = await measure(variants);
  const variant = fixed ? first : (variants[times.indexOf(Math.min(...times))] as Variant);
  const tried = Object.fromEntries(variants.map(({ label }, i) => [label, times[i] as number]));
  return { variant, chosen: { variant: variant.label, tried } };
}
