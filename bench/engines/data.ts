/** MNIST and the shipped weights without the library, for engines that must not load it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export const pixelsPerImage = 784;

/** uint8 [n × 784] */
export const readImages = (folder: string, part: "train" | "t10k"): Uint8Array =>
  Uint8Array.from(readFileSync(join(folder, `${part}-images-idx3-ubyte`)).subarray(16));

/** uint8 [n] */
export const readLabels = (folder: string, part: "train" | "t10k"): Uint8Array =>
  Uint8Array.from(readFileSync(join(folder, `${part}-labels-idx1-ubyte`)).subarray(8));

/** float32 in [0, 1] */
export const normalised = (pixels: Uint8Array): Float32Array => Float32Array.from(pixels, (pixel) => pixel / 255);

/** Arrays by name, such as `conv1/kernel`, from a `.safetensors` file: header length, header (JSON), float32 data. */
export function readTensors(path: string): Record<string, { shape: number[]; data: Float32Array }> {
  const bytes = Uint8Array.from(readFileSync(path));
  const start = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const { __metadata__, ...entries } = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)));
  const read = ([name, { shape, data_offsets }]: [string, { shape: number[]; data_offsets: [number, number] }]) => {
    const [from, to] = data_offsets;
    return [name, { shape, data: new Float32Array(bytes.slice(start + from, start + to).buffer) }];
  };
  return Object.fromEntries((Object.entries(entries) as Parameters<typeof read>[0][]).map(read));
}
