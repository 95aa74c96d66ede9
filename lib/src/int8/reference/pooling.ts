/** Pooling in integers: largest or average code of each window. */

import { windowsAlong } from "../../common/windows";
import { type QuantizedActivations, sizeOf } from "../activations";
import type { QuantizedPool2d } from "../model";
import { type Requantization, roundHalfToEven } from "../requantize";

/** Runs one layer on one image; the result lies in a buffer that the next call overwrites. */
export type LayerStep = (input: Uint8Array) => Uint8Array;

/** Reduces the codes of a window, the first `count` of `codes`, to one code. */
type Summary = (codes: Uint8Array, count: number) => number;

/** Prepares a pooling layer to be run on many images. */
export function preparePool2d(
  layer: QuantizedPool2d,
  input: QuantizedActivations,
  output: QuantizedActivations,
  mode: Requantization,
): LayerStep {
  const { poolSize, strides, padding } = layer;
  const summarise = layer.kind === "maxPool2d" ? largest : averager(layer, input, output, mode);
  const [height, width, channels] = input.shape as [number, number, number];
  const rows = windowsAlong(height, poolSize[0], strides[0], padding);
  const columns = windowsAlong(width, poolSize[1], strides[1], padding);
  const window = new Uint8Array(Math.min(height, poolSize[0]) * Math.min(width, poolSize[1]));
  const activations = new Uint8Array(sizeOf(output.shape));
  return (pixels) => {
    let at = 0;
    for (const row of rows) {
      const [top, bottom] = [row.start + row.first, row.start + row.last];
      for (const column of columns) {
        const [left, right] = [column.start + column.first, column.start + column.last];
        for (let channel = 0; channel < channels; channel++) {
          let count = 0;
          for (let y = top; y < bottom; y++)
            for (let x = left; x < right; x++) window[count++] = pixels[(y * width + x) * channels + channel] as number;
          activations[at++] = summarise(window, count);
        }
      }
    }
    return activations;
  };
}

const largest: Summary = (codes, count) => {
  let most = 0;
  for (let i = 0; i < count; i++) most = Math.max(most, codes[i] as number);
  return most;
};

/**
 * The average of a window. ONNX Runtime averages real numbers in float32, whose rounding errors decide which way a half
 * goes, but adds codes when one window covers the whole image; TensorFlow Lite adds codes and rounds halves up.
 */
function averager(
  { poolSize: [poolHeight, poolWidth] }: QuantizedPool2d,
  { shape: [height, width], quantization: { scale, zeroPoint } }: QuantizedActivations,
  { shape: [rows, columns] }: QuantizedActivations,
  mode: Requantization,
): Summary {
  const { fround } = Math;
  if (mode === "fixed") return (codes, count) => Math.floor((sumOf(codes, count) + Math.floor(count / 2)) / count);
  if (poolHeight === height && poolWidth === width && rows === 1 && columns === 1) {
    return (codes, count) => {
      const multiplier = fround(scale / fround(scale * count));
      return roundHalfToEven(fround(fround(sumOf(codes, count) - zeroPoint * count) * multiplier)) + zeroPoint;
    };
  }
  const reals = Float32Array.from({ length: 256 }, (_, code) => scale * (code - zeroPoint));
  return (codes, count) => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum = fround(sum + (reals[codes[i] as number] as number));
    const average = fround(fround(sum / count) / scale);
    return Math.min(255, Math.max(0, roundHalfToEven(fround(average + zeroPoint))));
  };
}

function sumOf(codes: Uint8Array, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += codes[i] as number;
  return sum;
}
