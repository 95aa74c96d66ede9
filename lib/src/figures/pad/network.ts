/** LeNet-5 as the drawing pad carries it: its weights in few bytes, and its forward pass in plain loops. */

/** One array of a model's weights, as TensorFlow's tensors are. */
export interface PadWeights {
  shape: readonly number[];
  dataSync(): ArrayLike<number>;
}

/** Kernel and bias of each layer. */
const shapes = [[5, 5, 1, 6], [6], [5, 5, 6, 16], [16], [400, 120], [120], [120, 84], [84], [84, 10], [10]];

/**
 * Weights in base64: of each kernel one byte a weight, and for each of its outputs the step between two bytes as
 * float32; biases as float32.
 * @param weights of LeNet-5 with ten classes, padding "same", in order: `model.getWeights()`
 * @throws Error when they have other shapes
 */
export function packWeights(weights: readonly PadWeights[]): string {
  const given = weights.map(({ shape }) => `[${shape.join(", ")}]`).join(" ");
  const wanted = shapes.map((shape) => `[${shape.join(", ")}]`).join(" ");
  if (given !== wanted)
    throw new Error(
      `Expected the weights of LeNet-5 with padding "same", of shapes ${wanted}, got ${given || "none"}.`,
    );
  const parts = weights.flatMap((tensor) => {
    const values = tensor.dataSync();
    if (tensor.shape.length === 1) return [bytesOf(Float32Array.from(values))];
    const outputs = tensor.shape.at(-1) as number;
    const steps = new Float32Array(outputs);
    for (let i = 0; i < values.length; i++)
      steps[i % outputs] = Math.max(steps[i % outputs] as number, Math.abs(values[i] as number) / 127);
    const codes = Int8Array.from(values, (value, i) => Math.round(value / (steps[i % outputs] || 1)));
    return [bytesOf(codes), bytesOf(steps)];
  });
  return Buffer.concat(parts).toString("base64");
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Int8Array | Float32Array) =>
  new Uint8Array(buffer, byteOffset, byteLength);

/**
 * All 61,706 weights from their base64, kernel and bias of one layer after the other. It also runs in the drawing
 * pad's page, so it uses nothing of this file.
 * @param sizes weights and outputs of each layer
 */
export function unpackWeights(packed: string, sizes: readonly (readonly [number, number])[]): Float32Array {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const weights: number[] = [];
  let at = 0;
  for (const [count, outputs] of sizes) {
    for (let i = 0; i < count; i++)
      weights.push(view.getInt8(at + i) * view.getFloat32(at + count + 4 * (i % outputs), true));
    at += count + 4 * outputs;
    for (let i = 0; i < outputs; i++) weights.push(view.getFloat32(at + 4 * i, true));
    at += 4 * outputs;
  }
  return Float32Array.from(weights);
}

/** Weights and outputs of each of LeNet-5's layers that have any. */
export const layerSizes = shapes
  .filter(({ length }) => length > 1)
  .map((shape) => [shape.reduce((a, b) => a * b), shape.at(-1) as number] as const);

/**
 * What LeNet-5 makes of an image: ten probabilities. It also runs in the drawing pad's page, so it uses nothing of this
 * file.
 * @param pixels 784 values, 0 to 255
 * @param weights as `unpackWeights` gives them
 */
export function probabilitiesOf(pixels: ArrayLike<number>, weights: Float32Array): number[] {
  let values = Float32Array.from(pixels, (pixel) => pixel / 255);
  let [side, channels, at] = [28, 1, 0];
  // twice: convolve with filters of 5 × 5, cut what is negative, keep the largest of each 2 × 2
  for (const [filters, padding] of [
    [6, 2],
    [16, 0],
  ] as const) {
    const size = side + 2 * padding - 4;
    const bias = at + 25 * channels * filters;
    const pooled = new Float32Array((size / 2) ** 2 * filters);
    for (let place = 0; place < size * size * filters; place++) {
      const f = place % filters;
      const x = Math.floor(place / filters) % size;
      const y = Math.floor(place / filters / size);
      let sum = weights[bias + f] as number;
      for (let tap = 0; tap < 25; tap++) {
        const row = y + Math.floor(tap / 5) - padding;
        const column = x + (tap % 5) - padding;
        if (row < 0 || row >= side || column < 0 || column >= side) continue;
        const from = (row * side + column) * channels;
        for (let c = 0; c < channels; c++)
          sum += (values[from + c] as number) * (weights[at + (tap * channels + c) * filters + f] as number);
      }
      const to = ((y >> 1) * (size / 2) + (x >> 1)) * filters + f;
      pooled[to] = Math.max(pooled[to] as number, sum);
    }
    [values, side, channels, at] = [pooled, size / 2, filters, bias + filters];
  }
  for (const units of [120, 84, 10]) {
    const bias = at + values.length * units;
    const sums = weights.slice(bias, bias + units);
    for (let i = 0; i < values.length; i++)
      for (let u = 0; u < units; u++)
        sums[u] = (sums[u] as number) + (values[i] as number) * (weights[at + i * units + u] as number);
    values = units === 10 ? sums : sums.map((sum) => Math.max(0, sum));
    at = bias + units;
  }
  const highest = Math.max(...values);
  const powers = Array.from(values, (value) => Math.exp(value - highest));
  return powers.map((power) => power / powers.reduce((a, b) => a + b));
}
