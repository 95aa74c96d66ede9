import { Layer } from "./layer";
import { requantize } from "./requantize";

/** Convolution, four windows side by side at a time. */
export function convolve(layer: Layer): void {
  const last = layer.lastColumn;
  for (let y = 0; y < layer.rows; y++) {
    const row = layer.input + y * layer.strideRow;
    const output = layer.output + y * layer.outputRow;
    for (let x = 0; x < layer.columns; x += 4) {
      // at the right edge the last window is computed again, to the same place
      const b = min(x + 1, last);
      const c = min(x + 2, last);
      const d = min(x + 3, last);
      const step = layer.strideColumn;
      const place = layer.outputColumn;
      for (let block = layer.blocks - 1; block >= 0; block--) {
        const at = output + 16 * block;
        multiply(
          layer,
          block,
          row + x * step,
          row + b * step,
          row + c * step,
          row + d * step,
          false,
          at + x * place,
          at + b * place,
          at + c * place,
          at + d * place,
        );
      }
    }
  }
}

/** Convolution and max-pooling of 2 × 2 windows: the largest of four accumulators is requantised, which gives the same bits. */
export function convolveAndPool(layer: Layer): void {
  for (let y = 0; y < layer.rows; y++) {
    const top = layer.input + 2 * y * layer.strideRow;
    const bottom = layer.input + min(2 * y + 1, layer.lastRow) * layer.strideRow;
    for (let x = 0; x < layer.columns; x++) {
      const left = 2 * x * layer.strideColumn;
      const right = min(2 * x + 1, layer.lastColumn) * layer.strideColumn;
      const output = layer.output + y * layer.outputRow + x * layer.outputColumn;
      for (let block = layer.blocks - 1; block >= 0; block--)
        multiply(
          layer,
          block,
          top + left,
          top + right,
          bottom + left,
          bottom + right,
          true,
          output + 16 * block,
          0,
          0,
          0,
        );
    }
  }
}

/**
 * Four windows × one block of eight channels, in eight registers. Each step multiplies a pair of inputs of every window with the
 * weights of all channels: lane by lane, two products and their sum.
 */
function multiply(
  layer: Layer,
  block: i32,
  a: usize,
  b: usize,
  c: usize,
  d: usize,
  pool: bool,
  toA: usize,
  toB: usize,
  toC: usize,
  toD: usize,
): void {
  let a0 = i32x4.splat(0),
    a1 = a0,
    b0 = a0,
    b1 = a0,
    c0 = a0,
    c1 = a0,
    d0 = a0,
    d1 = a0;
  const length = 32 * layer.pairs;
  const skip = layer.inputRow - 4 * layer.pairs;
  let weights = layer.weights + block * layer.windowRows * length;
  for (let row = layer.windowRows; row > 0; row--) {
    const end = weights + length;
    do {
      const w0 = v128.load(weights);
      const w1 = v128.load(weights, 16);
      const pairA = v128.load_splat<u32>(a);
      const pairB = v128.load_splat<u32>(b);
      const pairC = v128.load_splat<u32>(c);
      const pairD = v128.load_splat<u32>(d);
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(pairA, w0));
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(pairA, w1));
      b0 = i32x4.add(b0, i32x4.dot_i16x8_s(pairB, w0));
      b1 = i32x4.add(b1, i32x4.dot_i16x8_s(pairB, w1));
      c0 = i32x4.add(c0, i32x4.dot_i16x8_s(pairC, w0));
      c1 = i32x4.add(c1, i32x4.dot_i16x8_s(pairC, w1));
      d0 = i32x4.add(d0, i32x4.dot_i16x8_s(pairD, w0));
      d1 = i32x4.add(d1, i32x4.dot_i16x8_s(pairD, w1));
      a += 4;
      b += 4;
      c += 4;
      d += 4;
      weights += 32;
    } while (weights < end);
    a += skip;
    b += skip;
    c += skip;
    d += skip;
  }
  const channels = layer.channels + 64 * block;
  const low = f32x4.splat(layer.low);
  const high = f32x4.splat(layer.high);
  // Channels that fill the last block are 0, and the next pixel overwrites them: pixels in order, the last block first.
  if (pool) {
    const largest0 = i32x4.max_s(i32x4.max_s(a0, b0), i32x4.max_s(c0, d0));
    const largest1 = i32x4.max_s(i32x4.max_s(a1, b1), i32x4.max_s(c1, d1));
    v128.store(toA, requantize(largest0, largest1, channels, 32, low, high));
  } else {
    v128.store(toA, requantize(a0, a1, channels, 32, low, high));
    v128.store(toB, requantize(b0, b1, channels, 32, low, high));
    v128.store(toC, requantize(c0, c1, channels, 32, low, high));
    v128.store(toD, requantize(d0, d1, channels, 32, low, high));
  }
}
