import { Layer } from "./layer";
import { requantize } from "./requantize";

/** Convolution, four windows side by side at a time. */
export function convolve(layer: Layer): void {
  const step = layer.strideColumn;
  for (let y = 0; y < layer.rows; y++) {
    const row = layer.input + y * layer.strideRow;
    for (let x = 0; x < layer.columns; x += 4) {
      // at the right edge the last window is computed again, and not stored
      const last = row + layer.lastColumn * step;
      const a = row + x * step;
      const b = min(a + step, last);
      const c = min(b + step, last);
      const d = min(c + step, last);
      const output = layer.output + y * layer.outputRow + x * layer.outputColumn;
      const outputs = min(4, layer.columns - x);
      for (let block = layer.blocks - 1; block >= 0; block--) multiply(layer, block, a, b, c, d, output, outputs);
    }
  }
}

/** Convolution and max-pooling of 2 × 2 windows. */
export function convolveAndPool(layer: Layer): void {
  for (let y = 0; y < layer.rows; y++) {
    const top = layer.input + 2 * y * layer.strideRow;
    const bottom = layer.input + min(2 * y + 1, layer.lastRow) * layer.strideRow;
    for (let x = 0; x < layer.columns; x++) {
      const left = 2 * x * layer.strideColumn;
      const right = min(2 * x + 1, layer.lastColumn) * layer.strideColumn;
      const output = layer.output + y * layer.outputRow + x * layer.outputColumn;
      for (let block = layer.blocks - 1; block >= 0; block--)
        multiply(layer, block, top + left, top + right, bottom + left, bottom + right, output, 1);
    }
  }
}

/**
 * Four windows × a block of eight channels, in eight registers. Each step multiplies a pair of inputs of each window
 * with the weights of all channels: two products and their sum in every lane.
 * @param outputs how many neighbouring outputs there are: if only one, the largest of the four
 */
function multiply(layer: Layer, block: i32, a: usize, b: usize, c: usize, d: usize, output: usize, outputs: i32): void {
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
  // from the last block to the first, pixels in order: the next pixel overwrites the channels that only fill a block
  const to = output + 16 * block;
  if (outputs == 1) {
    // a larger sum makes no smaller activation: the largest sum is as good as the largest activation
    a0 = i32x4.max_s(i32x4.max_s(a0, b0), i32x4.max_s(c0, d0));
    a1 = i32x4.max_s(i32x4.max_s(a1, b1), i32x4.max_s(c1, d1));
  }
  const step = layer.outputColumn;
  v128.store(to, requantize(a0, a1, channels, 32, low, high));
  if (outputs > 1) v128.store(to + step, requantize(b0, b1, channels, 32, low, high));
  if (outputs > 2) v128.store(to + 2 * step, requantize(c0, c1, channels, 32, low, high));
  if (outputs > 3) v128.store(to + 3 * step, requantize(d0, d1, channels, 32, low, high));
}
