/** Weights in the order in which the WebAssembly kernel's registers take them. */

/**
 * Splits output channels into blocks of `width` and inputs into pairs, filled up with zeros.
 * @param kernel [rows, length, channels], the output channel last
 * @returns int16 [blocks, rows, pairs, width, 2]
 */
export function packKernel(kernel: Int8Array, rows: number, channels: number, width: number): Int16Array {
  const length = kernel.length / rows / channels;
  const blocks = Math.ceil(channels / width);
  const packed = new Int16Array(blocks * rows * Math.ceil(length / 2) * width * 2);
  let at = 0;
  for (let block = 0; block < blocks; block++) {
    for (let row = 0; row < rows; row++) {
      for (let input = 0; input < length; input += 2) {
        for (let channel = block * width; channel < (block + 1) * width; channel++, at += 2) {
          if (channel >= channels) continue;
          const from = (row * length + input) * channels + channel;
          packed[at] = kernel[from] as number;
          if (input + 1 < length) packed[at + 1] = kernel[from + channels] as number;
        }
      }
    }
  }
  return packed;
}

/**
 * The biases and multipliers of each block of channels; zeros for channels that only fill the last block.
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
