/**
 * Four int32 accumulators, bias included, to four centred activations: × multiplier in float32, between
 * the bounds, rounded half to even. Bounds are whole numbers, so that it makes no difference whether
 * they come before the rounding or after it.
 */
export function rounded(accumulators: v128, multipliers: v128, low: v128, high: v128): v128 {
  const products = f32x4.mul(f32x4.convert_i32x4_s(accumulators), multipliers);
  const bounded = f32x4.pmin(high, f32x4.pmax(low, products));
  // between −255 and 255 a sum with 1.5 × 2²³ has no bits left for a fraction: the addition rounds, half to even
  return i32x4.sub(f32x4.add(bounded, f32x4.splat(12582912)), i32x4.splat(0x4b400000));
}

/**
 * Eight sums to eight centred activations, int16.
 * @param channels address of the biases; the multipliers come `step` bytes later
 */
export function requantize(first: v128, second: v128, channels: usize, step: usize, low: v128, high: v128): v128 {
  const multipliers = channels + step;
  return i16x8.narrow_i32x4_s(
    rounded(i32x4.add(first, v128.load(channels)), v128.load(multipliers), low, high),
    rounded(i32x4.add(second, v128.load(channels, 16)), v128.load(multipliers, 16), low, high),
  );
}
