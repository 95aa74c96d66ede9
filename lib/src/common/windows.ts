/** Positions of the windows of convolution and pooling along one axis. */

/** `"valid"`: windows lie inside the input; `"same"`: padding, with which stride 1 keeps the length. */
export type Padding = "same" | "valid";

/** How many windows of `size` fit along `length`, as TensorFlow counts them; 0 or less when not even one does. */
export function outputLength(length: number, size: number, stride: number, padding: Padding): number {
  return padding === "same" ? Math.ceil(length / stride) : Math.floor((length - size) / stride) + 1;
}

/** The padding before the first element and after the last; TensorFlow puts the smaller half first. */
export function paddingAround(
  length: number,
  size: number,
  stride: number,
  padding: Padding,
): [before: number, after: number] {
  if (padding === "valid") return [0, 0];
  const total = Math.max(0, (outputLength(length, size, stride, padding) - 1) * stride + size - length);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

/** Where each window begins (below 0: in the padding), and which elements, `first` to before `last`, lie inside. */
export function windowsAlong(
  length: number,
  size: number,
  stride: number,
  padding: Padding,
): { start: number; first: number; last: number }[] {
  const [before] = paddingAround(length, size, stride, padding);
  return Array.from({ length: outputLength(length, size, stride, padding) }, (_, i) => {
    const start = i * stride - before;
    return { start, first: Math.max(0, -start), last: Math.min(size, length - start) };
  });
}
