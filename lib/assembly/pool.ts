import { Kind, Layer } from "./layer";

/** Pooling of any shape. Padding does not count: a window ends where its input does. */
export function pool(layer: Layer): void {
  for (let y = 0; y < layer.rows; y++) {
    const start = y * layer.strideRow - layer.beforeRows;
    const top = max(start, 0);
    const bottom = min(start + layer.windowRows, layer.lastRow + 1);
    for (let x = 0; x < layer.columns; x++) {
      const begin = x * layer.strideColumn - layer.beforeColumns;
      const left = max(begin, 0);
      const right = min(begin + layer.windowColumns, layer.lastColumn + 1);
      const pixels = layer.outputColumn;
      const input = layer.input + top * layer.inputRow + left * pixels;
      const output = layer.output + y * layer.outputRow + x * pixels;
      if (layer.kind == Kind.maxPool) largest(layer, input, bottom - top, right - left, output);
      else averages(layer, input, bottom - top, right - left, output);
    }
  }
}

/** The largest of each channel, eight channels at a time. */
function largest(layer: Layer, input: usize, rows: i32, columns: i32, output: usize): void {
  for (let block = layer.blocks - 1; block >= 0; block--) {
    let most = i16x8.splat(-256);
    for (let y = 0; y < rows; y++) {
      const row = input + y * layer.inputRow + 16 * block;
      for (let x = 0; x < columns; x++) most = i16x8.max_s(most, v128.load(row + x * layer.outputColumn));
    }
    // what fills the last block becomes 0, as in a convolution
    if (block == layer.blocks - 1) most = v128.and(most, v128.load(layer.channels));
    v128.store(output + 16 * block, most);
  }
}

/** The average of each channel, in the order and the roundings of the reference. */
function averages(layer: Layer, input: usize, rows: i32, columns: i32, output: usize): void {
  const count = <f32>(rows * columns);
  const all = layer.kind == Kind.averageAll;
  for (let channel = 0; channel < layer.outputColumn; channel += 2) {
    let codes: i64 = 0;
    let reals: f32 = 0;
    for (let y = 0; y < rows; y++) {
      const row = input + y * layer.inputRow + channel;
      for (let x = 0; x < columns; x++) {
        const code = <i32>load<i16>(row + x * layer.outputColumn);
        if (all) codes += code;
        else reals += layer.scale * <f32>code;
      }
    }
    const zeroPoint = <f32>layer.zeroPoint;
    const code = all
      ? nearest(<f32>codes * (layer.scale / (layer.scale * count))) + zeroPoint
      : nearest(reals / count / layer.scale + zeroPoint);
    store<i16>(output + channel, <i16>(<i32>min(max(code, 0), 255) - layer.zeroPoint));
  }
}
