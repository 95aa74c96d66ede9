/**
 * Two vectors of four int32 accumulators to eight centred int16 activations: × multiplier in float32, between the bounds,
 * rounded half to even. Bounds are whole numbers, so it makes no difference that they come before the rounding.
 * @param channels address of eight biases and eight multipliers
 */
export function requantize(first: v128, second: v128, channels: usize, step: usize, low: v128, high: v128): v128 {
  return i16x8.narrow_i32x4_s(
    rounded(first, channels, step, low, high),
    rounded(second, channels + 16, step, low, high),
  );
}

function rounded(sums: v128, channels: usize, step: usize, low: v128, high: v128): v128 {
  const accumulators = i32x4.add(sums, v128.load(channels));
  const product = f32x4.mul(f32x4.convert_i32x4_s(accumulators), v128.load(channels + step));
  const bounded = f32x4.pmin(high, f32x4.pmax(low, product));
  // between −255 and 255 a sum with 1.5 × 2²³ has no bits left for the fraction: the addition rounds, half to even
  return i32x4.sub(f32x4.add(bounded, f32x4.splat(12582912)), i32x4.splat(0x4b400000));
}
