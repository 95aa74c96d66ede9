import { Layer } from "./layer";

/** Widens the bytes of an image to int16 and subtracts the zero point, row by row; the frame around them stays 0. */
export function centre(layer: Layer, pixels: usize): void {
  const zero = i16x8.splat(<i16>layer.zeroPoint);
  const length = layer.columns;
  for (let row = 0; row < layer.rows; row++, pixels += length) {
    const to = layer.output + row * layer.outputRow;
    let i = 0;
    for (; i + 8 <= length; i += 8) v128.store(to + 2 * i, i16x8.sub(v128.load_ext<u8>(pixels + i), zero));
    for (; i < length; i++) store<i16>(to + 2 * i, <i16>(<i32>load<u8>(pixels + i) - layer.zeroPoint));
  }
}
