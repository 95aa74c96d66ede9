/** Weights in the order in which the WebAssembly kernel's registers take them. */

/**
 * Splits output channels into blocks of `width` and inputs into pairs, zeros where either runs out.
 * @param kernel [rows, length, channels], the output channel last
 * @returns int16 [blocks, rows, pairs, width, 2]
 */
export function packKernel(kernel: Int8Array, rows: number, channels: number, width: number): Int16Array {
  const length = kernel.length / rows / channels;
  const pairs = Math.ceil(length / 2);
  const blocks = Math.ceil(channels / width);
  const packed = new Int16Array(blocks * rows * pairs * width * 2);
  for (let row = 0, from = 0; row < rows; row++) {
    for (let i = 0; i < length; i++) {
      for (let channel = 0; channel < channels; channel++) {
        const [block, lane] = [Math.floor(channel / width), channel % width];
        const pair = (block * rows + row) * pairs + (i >> 1);
        packed[(pair * width + lane) * 2 + (i & 1)] = kernel[from++] as number;
      }
    }
  }
  return packed;
}

/**
 * What turns the sums of each block of channels into outputs; zeros for channels that only fill the last block.
 * @returns [blocks, 2, width]: biases, int32, then multipliers, float32
 */
export function packChannels(bias: Int32Array, multipliers: Float32Array, width: number): Int32Array {
  const packed = new Int32Array(Math.ceil(bias.length / width) * 2 * width);
  const asFloats = new Float32Array(packed.buffer);
  for (let channel = 0; channel < bias.length; channel++) {
    const at = 2 * channel - (channel % width);
    packed[at] = bias[channel] as number;
    asFloats[at + width] = multipliers[channel] as number;
  }
  return packed;
}
