import { Layer } from "./layer";
import { rounded } from "./requantize";

/**
 * Convolution of a picture of one channel, stride 1, and max-pooling of 2 × 2 windows. A vector holds four neighbouring
 * outputs of one channel, so that no lane is left empty however few channels there are.
 */
export function convolveImage(layer: Layer): void {
  const last = layer.columns - 4;
  for (let y = 0; y < layer.rows; y++) {
    for (let x = 0; x < layer.columns; x += 4) {
      // at the right edge four windows are computed that overlap with those before
      const left = min(x, last);
      const input = layer.input + 2 * y * layer.inputRow + 4 * left;
      const output = layer.output + y * layer.outputRow + left * layer.outputColumn;
      // what lies around a digit is 0, and 0 needs no multiplication: how long it takes depends on the image
      if (isBlank(layer, input)) {
        const sums = i32x4.splat(0);
        for (let block = layer.blocks - 1; block >= 0; block--) finish(layer, block, sums, sums, output);
      } else {
        for (let block = layer.blocks - 1; block >= 0; block--) multiply(layer, block, input, output);
      }
    }
  }
}

/** Whether all pixels that eight by two windows see are 0; a row's vectors overlap, to read little beyond them. */
function isBlank(layer: Layer, input: usize): bool {
  let any = i32x4.splat(0);
  const end = input + (layer.windowRows + 1) * layer.inputRow;
  const last = 4 * layer.pairs - 2;
  for (; input < end; input += layer.inputRow) {
    for (let at = 0; at < last; at += 16) any = v128.or(any, v128.load(input + at));
    any = v128.or(any, v128.load(input + last));
  }
  return !v128.any_true(any);
}

/**
 * Eight columns × two rows of windows × a block of two channels, in eight registers. One load holds the
 * pixel pairs of the windows in even columns, the load one pixel further on those in odd columns: after the
 * pooling both belong to the same four outputs.
 */
function multiply(layer: Layer, block: i32, input: usize, output: usize): void {
  let a0 = i32x4.splat(0);
  let a1 = a0;
  let b0 = a0;
  let b1 = a0;
  let c0 = a0;
  let c1 = a0;
  let d0 = a0;
  let d1 = a0;
  const length = 8 * layer.pairs;
  const skip = layer.inputRow - 4 * layer.pairs;
  let below = input + layer.inputRow;
  let weights = layer.weights + block * layer.windowRows * length;
  for (let rows = layer.windowRows; rows > 0; rows--) {
    const end = weights + length;
    do {
      const w0 = v128.load_splat<u32>(weights);
      const w1 = v128.load_splat<u32>(weights, 4);
      const a = v128.load(input);
      const b = v128.load(input, 2);
      const c = v128.load(below);
      const d = v128.load(below, 2);
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(a, w0));
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(a, w1));
      b0 = i32x4.add(b0, i32x4.dot_i16x8_s(b, w0));
      b1 = i32x4.add(b1, i32x4.dot_i16x8_s(b, w1));
      c0 = i32x4.add(c0, i32x4.dot_i16x8_s(c, w0));
      c1 = i32x4.add(c1, i32x4.dot_i16x8_s(c, w1));
      d0 = i32x4.add(d0, i32x4.dot_i16x8_s(d, w0));
      d1 = i32x4.add(d1, i32x4.dot_i16x8_s(d, w1));
      input += 4;
      below += 4;
      weights += 8;
    } while (weights < end);
    input += skip;
    below += skip;
  }
  const first = i32x4.max_s(i32x4.max_s(a0, b0), i32x4.max_s(c0, d0));
  const second = i32x4.max_s(i32x4.max_s(a1, b1), i32x4.max_s(c1, d1));
  finish(layer, block, first, second, output);
}

/** From the sums of four neighbouring outputs in two channels to their activations. */
function finish(layer: Layer, block: i32, first: v128, second: v128, output: usize): void {
  const channels = layer.channels + 16 * block;
  const low = f32x4.splat(layer.low);
  const high = f32x4.splat(layer.high);
  const even = i32x4.add(first, v128.load_splat<u32>(channels));
  const odd = i32x4.add(second, v128.load_splat<u32>(channels, 4));
  const evens = rounded(even, v128.load_splat<u32>(channels, 8), low, high);
  const odds = rounded(odd, v128.load_splat<u32>(channels, 12), low, high);
  // both channels of a pixel in one lane; the next pixel overwrites a last channel that only fills the block
  const pixels = v128.or(v128.and(evens, i32x4.splat(0xffff)), i32x4.shl(odds, 16));
  const step = layer.outputColumn;
  const to = output + 4 * block;
  v128.store_lane<u32>(to, pixels, 0);
  v128.store_lane<u32>(to + step, pixels, 1);
  v128.store_lane<u32>(to + 2 * step, pixels, 2);
  v128.store_lane<u32>(to + 3 * step, pixels, 3);
}
