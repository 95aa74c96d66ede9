/**
 * A step of a network as `lib/src/int8/wasm/program.ts` writes it: 4 bytes a field, in this order; lengths in bytes.
 */
@unmanaged
export class Layer {
  kind: Kind;
  /** address of the first input, the padding's if there is any */
  input: usize;
  output: usize;
  weights: usize;
  /** address of the biases and multipliers, or of the mask of a pooling layer */
  channels: usize;
  /** how many blocks of output channels there are */
  blocks: i32;
  /** pairs of inputs in one row of a window */
  pairs: i32;
  /** rows and columns of a window */
  windowRows: i32;
  windowColumns: i32;
  /** rows and columns of the output */
  rows: i32;
  columns: i32;
  /** the last row and column of the input, or of the convolution under the pooling, that a window may use */
  lastRow: i32;
  lastColumn: i32;
  /** from one row of the input to the next */
  inputRow: i32;
  /** from one window to the next */
  strideRow: i32;
  strideColumn: i32;
  /** from one row and column of the output to the next */
  outputRow: i32;
  outputColumn: i32;
  /** rows and columns that the first window begins before the input: pooling only */
  beforeRows: i32;
  beforeColumns: i32;
  /** the bounds of the output, minus its zero point */
  low: f32;
  high: f32;
  /** of the input and of the output */
  zeroPoint: i32;
  scale: f32;
}

export const enum Kind {
  end,
  centre,
  convolve,
  convolveAndPool,
  convolveImage,
  dense,
  logits,
  maxPool,
  averagePool,
  averageAll,
}
