import type {
  Quantization,
  QuantizedConv2d,
  QuantizedDense,
  QuantizedModel,
  QuantizedPool2d,
} from "../../lib/src/int8/model";

type Grid = number[][][];

/**
 * Inference of one image by the definitions: nested loops over [y][x][channel], padding written out, 64-bit
 * accumulators. Shares nothing with the library.
 */
export function inferSlowly(
  model: QuantizedModel,
  pixels: Uint8Array,
  mode: "float" | "fixed",
): { logits: number[]; activations: number[] } {
  const [height, width, channels] = model.inputShape;
  let grid: Grid = range(height).map((y) =>
    range(width).map((x) => range(channels).map((c) => pixels[(y * width + x) * channels + c] as number)),
  );
  let quantization = model.input;
  const activations: number[] = [];
  for (const layer of model.layers) {
    if (layer.kind === "flatten") grid = [[grid.flat(2)]];
    else if (layer.kind === "maxPool2d") grid = pool(grid, layer, (codes) => Math.max(...codes));
    else if (layer.kind === "averagePool2d")
      grid = pool(grid, layer, average(quantization, mode === "float" && isWhole(grid, layer) ? "whole" : mode));
    else {
      const sums =
        layer.kind === "dense" ? [[product(grid.flat(2), layer, quantization)]] : convolve(grid, layer, quantization);
      const { output } = layer;
      if (output === undefined)
        return { logits: toLogits(sums.flat(2), layer as QuantizedDense, quantization), activations };
      grid = sums.map((row) =>
        row.map((cell) => cell.map((sum, channel) => requantize(sum, channel, layer, quantization, output, mode))),
      );
      quantization = output;
      activations.push(...grid.flat(2));
    }
  }
  throw new Error("no logits");
}

function convolve(grid: Grid, layer: QuantizedConv2d, { zeroPoint }: Quantization): bigint[][][] {
  const [kernelHeight, kernelWidth] = layer.kernelSize;
  const channels = (grid[0] as number[][])[0]?.length as number;
  const padded = pad(grid, layer.kernelSize, layer, zeroPoint);
  return positions(padded, layer.kernelSize, layer.strides).map((row) =>
    row.map(([top, left]) =>
      Array.from(layer.bias, (bias, filter) => {
        let sum = BigInt(bias);
        for (let y = 0; y < kernelHeight; y++)
          for (let x = 0; x < kernelWidth; x++)
            for (let c = 0; c < channels; c++) {
              const weight = layer.kernel[
                ((y * kernelWidth + x) * channels + c) * layer.bias.length + filter
              ] as number;
              const value = (padded[top + y] as number[][])[left + x]?.[c] as number;
              sum += (BigInt(value) - BigInt(zeroPoint)) * BigInt(weight);
            }
        return sum;
      }),
    ),
  );
}

function product(values: number[], { kernel, bias }: QuantizedDense, { zeroPoint }: Quantization): bigint[] {
  return Array.from(bias, (start, unit) =>
    values.reduce(
      (sum, value, i) => sum + (BigInt(value) - BigInt(zeroPoint)) * BigInt(kernel[i * bias.length + unit] as number),
      BigInt(start),
    ),
  );
}

function pool(grid: Grid, layer: QuantizedPool2d, summarise: (codes: number[]) => number): Grid {
  const [poolHeight, poolWidth] = layer.poolSize;
  const padded = pad(grid, layer.poolSize, layer, Number.NaN);
  return positions(padded, layer.poolSize, layer.strides).map((row) =>
    row.map(([top, left]) => {
      const cells = padded.slice(top, top + poolHeight).flatMap((line) => line.slice(left, left + poolWidth));
      const inside = cells.filter((cell) => !cell.some(Number.isNaN));
      return (cells[0] as number[]).map((_, c) => summarise(inside.map((cell) => cell[c] as number)));
    }),
  );
}

/** Whether the one window is the whole image: ONNX Runtime then computes as in QLinearGlobalAveragePool. */
function isWhole(grid: Grid, { poolSize, ...layer }: QuantizedPool2d): boolean {
  const padded = pad(grid, poolSize, layer, 0);
  return [grid, padded].every((each) => each.length === poolSize[0] && each[0]?.length === poolSize[1]);
}

/** In float32 as ONNX Runtime's QLinearAveragePool does it, or in whole numbers as TensorFlow Lite does. */
function average({ scale, zeroPoint }: Quantization, mode: "float" | "fixed" | "whole"): (codes: number[]) => number {
  const halfToEven = (value: number) => (Math.abs(value % 1) === 0.5 ? 2 * Math.round(value / 2) : Math.round(value));
  return (codes) => {
    const [count, float32] = [codes.length, new Float32Array(5)];
    const sum = codes.reduce((a, b) => a + b);
    if (mode === "fixed") return Number((BigInt(sum) + BigInt(count >> 1)) / BigInt(count));
    if (mode === "whole") {
      float32[0] = scale * count;
      float32[1] = scale / (float32[0] as number);
      float32[2] = (sum - zeroPoint * count) * (float32[1] as number);
      return halfToEven(float32[2] as number) + zeroPoint;
    }
    for (const code of codes) {
      float32[0] = scale * (code - zeroPoint);
      float32[1] = (float32[1] as number) + (float32[0] as number);
    }
    float32[2] = (float32[1] as number) / count;
    float32[3] = (float32[2] as number) / scale;
    float32[4] = (float32[3] as number) + zeroPoint;
    return halfToEven(float32[4] as number);
  };
}

/** A frame of `value`, as in TensorFlow's "SAME": for ⌈length / stride⌉ windows, the larger half last. */
function pad(
  grid: Grid,
  size: readonly [number, number],
  { strides, padding }: { strides: readonly [number, number]; padding: string },
  value: number,
): Grid {
  if (padding === "valid") return grid;
  const [height, width] = [grid.length, (grid[0] as number[][]).length];
  const total = [height, width].map((length, axis) =>
    Math.max(
      0,
      (Math.ceil(length / (strides[axis] as number)) - 1) * (strides[axis] as number) + (size[axis] as number) - length,
    ),
  ) as [number, number];
  const [top, left] = total.map((both) => both >> 1) as [number, number];
  const empty = (grid[0] as number[][])[0]?.map(() => value) as number[];
  return range(height + total[0]).map((y) => range(width + total[1]).map((x) => grid[y - top]?.[x - left] ?? empty));
}

/** Where windows begin that lie within the grid. */
function positions(
  grid: Grid,
  size: readonly [number, number],
  strides: readonly [number, number],
): [number, number][][] {
  const starts = (length: number, axis: 0 | 1) =>
    range(length).filter((at) => at % strides[axis] === 0 && at + size[axis] <= length);
  return starts(grid.length, 0).map((y) => starts((grid[0] as number[][]).length, 1).map((x) => [y, x]));
}

function requantize(
  sum: bigint,
  channel: number,
  { scales, relu }: { scales: Float32Array; relu: boolean },
  input: Quantization,
  output: Quantization,
  mode: "float" | "fixed",
): number {
  const rounded = (mode === "float" ? inFloat32 : inFixedPoint)(
    sum,
    input.scale,
    scales[channel] as number,
    output.scale,
  );
  const value = rounded + output.zeroPoint;
  if (relu && value < output.zeroPoint) return output.zeroPoint;
  return Math.min(Math.max(value, 0), 255);
}

function inFloat32(sum: bigint, inputScale: number, weightScale: number, outputScale: number): number {
  const float32 = new Float32Array(4);
  float32[0] = inputScale * weightScale;
  float32[1] = (float32[0] as number) / outputScale;
  float32[2] = Number(sum);
  float32[3] = (float32[1] as number) * (float32[2] as number);
  const product = float32[3] as number;
  return Math.abs(product % 1) === 0.5 ? 2 * Math.round(product / 2) : Math.round(product);
}

/** TensorFlow Lite's MultiplyByQuantizedMultiplier with gemmlowp's definitions, in BigInt. */
function inFixedPoint(sum: bigint, inputScale: number, weightScale: number, outputScale: number): number {
  const real = (inputScale * weightScale) / outputScale;
  let shift = Math.floor(Math.log2(real)) + 1;
  let multiplier = BigInt(Math.round((real / 2 ** shift) * 2 ** 31));
  if (multiplier === 1n << 31n) [multiplier, shift] = [1n << 30n, shift + 1];
  if (shift < -31) return 0;
  const doubled = (shift > 0 ? sum << BigInt(shift) : sum) * multiplier;
  // BigInt divides towards 0, as C does
  const high = (doubled + (doubled >= 0n ? 1n << 30n : 1n - (1n << 30n))) / (1n << 31n);
  if (shift >= 0) return Number(high);
  const mask = (1n << BigInt(-shift)) - 1n;
  const up = (high & mask) > (mask >> 1n) + (high < 0n ? 1n : 0n);
  return Number((high >> BigInt(-shift)) + (up ? 1n : 0n));
}

function toLogits(sums: bigint[], { scales, relu }: QuantizedDense, { scale }: Quantization): number[] {
  return sums.map((sum, unit) => {
    const logit = Math.fround(Math.fround(Number(sum)) * Math.fround(scale * (scales[unit] as number)));
    return relu && logit < 0 ? 0 : logit;
  });
}

const range = (length: number): number[] => Array.from({ length }, (_, i) => i);
