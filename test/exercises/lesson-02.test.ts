import type { NdArray } from "ndarray";
import { judges } from "../../lib/src/exercises/lesson-02";
import { holdsJudges } from "../helpers/judging";

const place = (p: number): readonly [number, number] => [Math.floor(p / 28), p % 28];

/** Pixels moved to the right and down. */
const shifted = (pixels: Uint8Array, right: number, down: number) =>
  pixels.map((_, p) => {
    const [row, column] = [place(p)[0] - down, place(p)[1] - right];
    return row >= 0 && row < 28 && column >= 0 && column < 28 ? (pixels[28 * row + column] as number) : 0;
  });

/** The mean of a coordinate of all pixels, weighted by their ink. */
function centre(pixels: Uint8Array, axis: 0 | 1): number {
  const ink = pixels.reduce((a, b) => a + b, 0);
  return pixels.reduce((sum, value, p) => sum + value * place(p)[axis], 0) / ink;
}

/** How often each label occurs. */
const countsOf = (labels: number[]) => labels.map((label) => labels.filter((other) => other === label).length);

const pictureAt = (bytes: Uint8Array, n: number) => {
  const header = new DataView(bytes.buffer, bytes.byteOffset);
  const size = header.getUint32(8) * header.getUint32(12);
  return bytes.subarray(16 + n * size, 16 + (n + 1) * size);
};

holdsJudges(judges, {
  "02-1": { right: [2368, 16 + 3 * 28 * 28], wrong: [2352, 2369, 2360, 3152, 3136, 784, "many"], secret: /2,?368/ },
  "02-2": {
    right: [[28, -1], Int32Array.of(28, -1)],
    wrong: [[28, 1], [-28, -1], [-1, 28], [1, -28], [28]],
    secret: /28, ?[-−]1/,
  },
  "02-3": { right: [80, 80.88, 75, 85], wrong: [0.8, 50, 20, 99, 120, -3], secret: /8\d(?!\d)/ },
  "02-4": {
    right: [
      [0, 1, 8],
      [8, 0, 1],
      [1, 1, 8, 0],
    ],
    wrong: [[0, 8], [0, 1, 3, 8], [], [6, 9], "some"],
    secret: /0, 1/,
  },
  "02-a": {
    right: [
      pictureAt,
      (bytes: Uint8Array, n: number) => pictureAt(bytes, n).slice(),
      (bytes: Uint8Array, n: number) => {
        const [height, width] = [256 * (bytes[10] as number) + (bytes[11] as number), bytes[15] as number];
        return Array.from({ length: height * width }, (_, i) => bytes[16 + n * height * width + i]);
      },
    ],
    wrong: [
      (bytes: Uint8Array, n: number) => bytes.subarray(16 + 784 * n, 16 + 784 * (n + 1)),
      (bytes: Uint8Array, n: number) => bytes.subarray(24 * n, 24 * (n + 1)),
      (bytes: Uint8Array, n: number) => pictureAt(bytes, n + 1),
      (bytes: Uint8Array) => bytes.subarray(16),
      (bytes: Uint8Array, n: number) => Array.from({ length: 784 }, (_, i) => bytes[16 + 784 * n + i]),
    ],
    secret: /subarray|getUint32|16 \+/,
  },
  "02-b": {
    right: [
      (image: NdArray) => image.transpose(1, 0).step(-1, 1),
      (image: NdArray) => image.step(1, -1).transpose(1, 0),
    ],
    wrong: [
      (image: NdArray) => image.transpose(1, 0),
      (image: NdArray) => image.transpose(1, 0).step(1, -1),
      (image: NdArray) => image.step(-1, 1),
      (image: NdArray) => image,
      (image: NdArray) => image.data,
    ],
    secret: /transpose|step\(/,
  },
  "02-c": {
    right: [
      (labels: number[]) => labels[countsOf(labels).indexOf(Math.max(...countsOf(labels)))],
      (labels: number[]) => {
        const counts = new Array<number>(10).fill(0);
        for (const label of labels) counts[label] = (counts[label] as number) + 1;
        return labels.find((label) => counts[label] === Math.max(...counts));
      },
    ],
    wrong: [
      (labels: number[]) => labels[0],
      (labels: number[]) => Math.max(...countsOf(labels)),
      (labels: number[]) => [...labels].sort((a, b) => a - b)[Math.floor(labels.length / 2)],
      (labels: number[]) => {
        const counts = new Array<number>(10).fill(0);
        for (const label of labels) counts[label] = (counts[label] as number) + 1;
        return counts.indexOf(Math.max(...counts));
      },
      // the first to reach the count, the last of equals
      (labels: number[]) =>
        labels.find((label, i) => countsOf(labels.slice(0, i + 1))[i] === Math.max(...countsOf(labels)) || label < 0),
      (labels: number[]) => labels[countsOf(labels).lastIndexOf(Math.max(...countsOf(labels)))],
    ],
    secret: /find|indexOf|Math\.max/,
  },
  "02-d": {
    right: [
      (pixels: Uint8Array) => shifted(pixels, Math.round(14 - centre(pixels, 1)), Math.round(14 - centre(pixels, 0))),
      (pixels: Uint8Array) =>
        Array.from(shifted(pixels, 14 - Math.round(centre(pixels, 1)), 14 - Math.round(centre(pixels, 0)))),
    ],
    wrong: [
      (pixels: Uint8Array) => pixels,
      (pixels: Uint8Array) => shifted(pixels, Math.round(14 - centre(pixels, 0)), Math.round(14 - centre(pixels, 1))),
      (pixels: Uint8Array) => shifted(pixels, -2, 2),
      (pixels: Uint8Array) => shifted(pixels, Math.round(centre(pixels, 1) - 14), Math.round(centre(pixels, 0) - 14)),
      () => new Uint8Array(784),
      (pixels: Uint8Array) =>
        shifted(pixels, Math.round(13.5 - centre(pixels, 1)), Math.round(13.5 - centre(pixels, 0))),
      (pixels: Uint8Array) => shifted(pixels, Math.floor(14 - centre(pixels, 1)), Math.floor(14 - centre(pixels, 0))),
    ],
    secret: /round/i,
  },
});
