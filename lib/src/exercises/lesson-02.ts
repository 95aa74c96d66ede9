/** What lesson 02 asks, and how an answer is judged. */
import ndarray = require("ndarray");

import { random } from "../common/random";
import { agree, asFunction, asNumber, asNumbers, described, UnfitAnswer } from "./answers";
import { type Judge, right, wrong } from "./verdict";

/** Bytes drawn with a seed, none of them 0. */
function someBytes(count: number, seed: number): Uint8Array {
  const source = random(seed);
  return Uint8Array.from({ length: count }, () => source.integer(1, 255));
}

/** Ink and centre of mass of 784 pixels. */
function centreOf(pixels: ArrayLike<number>): { ink: number; row: number; column: number } {
  let [ink, row, column] = [0, 0, 0];
  for (let p = 0; p < 784; p++) {
    const value = pixels[p] as number;
    [ink, row, column] = [ink + value, row + value * Math.floor(p / 28), column + value * (p % 28)];
  }
  return { ink, row: row / ink, column: column / ink };
}

export const judges: Record<string, Judge> = {
  "02-1": (answer) => {
    const byte = asNumber(answer, "a number of bytes");
    if (byte === 16 + 3 * 784) return right("the header, and three pictures before it.");
    if (byte === 3 * 784)
      return wrong("that would be so if the file began with the first picture. What stands before it?");
    if (byte === 16 + 4 * 784)
      return wrong("there the fourth picture ends. How many pictures lie before its beginning?");
    if (byte === 16 + 3 * 784 + 1) return wrong("nearly: the first byte of the file has the number 0.");
    return wrong(
      "add up what stands before it: the header, and the pictures before the fourth, of 28 × 28 bytes each.",
    );
  },
  "02-2": (answer) => {
    const [row, column] = asNumbers(answer, 2, "two strides") as [number, number];
    if (row === 28 && column === -1) return right("rows run as before, columns backwards.");
    if (row === -1 && column === 28) return wrong("the other way round? The stride from row to row comes first.");
    if (column === -1) return wrong("the columns are right. How far is it from one row to the next, in a mirror too?");
    if (column === 1) return wrong("with this second stride the columns run as in the picture itself.");
    return wrong("from one pixel to its neighbour on the right of the mirror image, which way do you go in memory?");
  },
  "02-3": (answer) => {
    const percent = asNumber(answer, "a percentage");
    if (percent < 0 || percent > 100) return wrong("a percentage lies between 0 and 100.");
    if (percent > 0 && percent <= 1) return wrong("write it as a percentage, between 0 and 100.");
    // of the 47 million pixels of the training set
    if (Math.abs(percent - 80.88) <= 8) return right("near enough. The cell below has the exact share.");
    if (percent < 80.88) return wrong("there is more white than that. Count dots and numbers in one row of the 5.");
    return wrong("there is less white than that. Count dots and numbers in one row of the 5.");
  },
  "02-4": (answer) => {
    const digits = [...new Set(asNumbers(answer, undefined, "a list of digits"))].sort((a, b) => a - b);
    const wanted = [0, 1, 8];
    if (agree(digits, wanted)) return right("all others turn into signs that are no digits, or into other digits.");
    if (digits.length === 0) return wrong("there are some: look for digits whose left half mirrors their right half.");
    const extra = digits.filter((digit) => !wanted.includes(digit));
    if (extra.length > 0) return wrong(`hold a ${extra[0]} before a mirror: is it what you would write?`);
    return wrong(
      "what you name is right, but there are more. Look for digits whose left half mirrors their right half.",
    );
  },
  "02-a": (answer) => {
    const pictureAt = asFunction(answer);
    const [count, height, width] = [50, 4, 6];
    const data = someBytes(count * height * width, 21);
    // a view that begins eight bytes into its buffer, as a part of a larger file does
    const bytes = new Uint8Array(new ArrayBuffer(24 + data.length), 8);
    const header = new DataView(bytes.buffer, bytes.byteOffset);
    for (const [i, value] of [0x803, count, height, width].entries()) header.setUint32(4 * i, value);
    bytes.set(data, 16);
    for (const n of [0, 3]) {
      const found = asNumbers(pictureAt(bytes, n), undefined, "the bytes of a picture");
      if (found.length === 784)
        return wrong("the check's file holds pictures of 4 × 6: take the size from the header.");
      const size = height * width;
      if (found.length !== size) return wrong(`the picture has ${size} bytes, your function returns ${found.length}.`);
      if (!agree(found, Array.from(data.subarray(n * size, n * size + size))))
        return wrong("these are as many bytes as a picture has, but not those of this picture. Where does it begin?");
    }
    return right("it reads a file with pictures of 4 × 6 too.");
  },
  "02-b": (answer) => {
    const image = ndarray(someBytes(28 * 28, 22), [28, 28]);
    const turned = asFunction(answer)(image) as typeof image;
    if (typeof turned?.get !== "function" || turned.shape?.join() !== "28,28")
      throw new UnfitAnswer(`expected an array of shape 28 × 28, got ${described(turned)}.`);
    const isTurn = (where: (row: number, column: number) => number) => {
      const places = Array.from({ length: 784 }, (_, p) => [Math.floor(p / 28), p % 28] as const);
      return places.every(([row, column]) => turned.get(row, column) === where(row, column));
    };
    if (isTurn((row, column) => image.get(27 - column, row)))
      return wrong("this is a turn to the right: the top left has gone to the top right.");
    if (isTurn((row, column) => image.get(column, row)))
      return wrong("only rows and columns are swapped: one step is left.");
    if (!isTurn((row, column) => image.get(column, 27 - row)))
      return wrong("follow one corner: in a turn to the left, the top right goes to the top left.");
    if (turned.data !== image.data) return wrong("the picture is right, but its bytes are a copy.");
    return right("a quarter turn, and not one byte was moved.");
  },
  "02-c": (answer) => {
    const vote = asFunction(answer);
    const cases: [number[], number, string][] = [
      [[7, 7, 7], 7, "all agree here."],
      [[2, 9, 9, 3, 9], 9, "the nearest picture is outvoted here."],
      [[8, 3, 5, 3, 8, 1], 8, "two labels are equally frequent here: which comes first in the list?"],
      [[2, 7, 2, 7, 4], 2, "two labels are equally frequent here: which comes first in the list?"],
      [[0, 0, 6, 6, 6], 6, "count again: the highest count wins."],
      [[4], 4, "one vote is a vote."],
    ];
    for (const [labels, wanted, hint] of cases)
      if (asNumber(vote(labels.slice()), "a label") !== wanted) return wrong(`${labels.join(", ")}: ${hint}`);
    return right("so do k neighbours decide.");
  },
  "02-d": (answer) => {
    const recentre = asFunction(answer);
    for (const [row, column, seed] of [
      [4, 5, 23],
      [12, 9, 24],
      [6, 13, 25],
    ] as const) {
      const pixels = new Uint8Array(784);
      someBytes(80, seed).forEach((value, i) => {
        pixels[28 * (row + Math.floor(i / 8)) + column + (i % 8)] = value;
      });
      const result = asNumbers(recentre(pixels.slice()), 784, "the pixels of a picture");
      const [before, after] = [centreOf(pixels), centreOf(result)];
      if (Math.abs(after.ink - before.ink) > 1e-6)
        return wrong("some ink fell off the page: is the shift a whole number, and does it go the right way?");
      const off = Math.max(Math.abs(after.row - 14), Math.abs(after.column - 14));
      if (!(off <= 0.501))
        return wrong(`after it, a centre of mass is ${off.toFixed(2)} pixels off. Check rows and columns.`);
    }
    return right("the centre of mass is where MNIST has it.");
  },
};
