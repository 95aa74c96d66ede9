import { Layer } from "./layer";
import { requantize } from "./requantize";

/** Dense layer, blocks of sixteen units; writes activations, or float32 logits when `logits` is an address. */
export function dense(layer: Layer, logits: usize): void {
  const length = 64 * layer.pairs;
  for (let block = 0; block < layer.blocks; block++) {
    let s0 = i32x4.splat(0),
      s1 = s0,
      s2 = s0,
      s3 = s0;
    let weights = layer.weights + block * length;
    const end = weights + length;
    let input = layer.input;
    do {
      const pair = v128.load_splat<u32>(input);
      s0 = i32x4.add(s0, i32x4.dot_i16x8_s(pair, v128.load(weights)));
      s1 = i32x4.add(s1, i32x4.dot_i16x8_s(pair, v128.load(weights, 16)));
      s2 = i32x4.add(s2, i32x4.dot_i16x8_s(pair, v128.load(weights, 32)));
      s3 = i32x4.add(s3, i32x4.dot_i16x8_s(pair, v128.load(weights, 48)));
      input += 4;
      weights += 64;
    } while (weights < end);
    const channels = layer.channels + 128 * block;
    const low = f32x4.splat(layer.low);
    if (logits) {
      const to = logits + 64 * block;
      v128.store(to, scaled(s0, channels, low));
      v128.store(to, scaled(s1, channels + 16, low), 16);
      v128.store(to, scaled(s2, channels + 32, low), 32);
      v128.store(to, scaled(s3, channels + 48, low), 48);
    } else {
      const high = f32x4.splat(layer.high);
      const to = layer.output + 32 * block;
      v128.store(to, requantize(s0, s1, channels, 64, low, high));
      v128.store(to, requantize(s2, s3, channels + 32, 64, low, high), 16);
    }
  }
}

/** @param low −∞, or 0 after a ReLU */
function scaled(sums: v128, channels: usize, low: v128): v128 {
  const accumulators = i32x4.add(sums, v128.load(channels));
  return f32x4.max(low, f32x4.mul(f32x4.convert_i32x4_s(accumulators), v128.load(channels + 64)));
}
