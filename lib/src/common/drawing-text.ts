/** A drawing of 28 × 28 pixels as one short text, to be copied from a page to a notebook's cell and back. */

/**
 * A drawing as text: `drawing:`, then base64 of the pixels, in which a run of white is two bytes, 0 and its length,
 * and of a checksum. It also runs in the drawing pad's page, so it uses nothing of this file.
 * @param pixels 784 values, 0 to 255
 */
export function drawingText(pixels: ArrayLike<number>): string {
  const bytes: number[] = [];
  let check = 1;
  for (let i = 0; i < pixels.length; i++) {
    const value = pixels[i] as number;
    check = (31 * check + value) % 65521;
    const run = bytes.length - 2;
    const goesOn = value === 0 && i > 0 && pixels[i - 1] === 0 && (bytes[run + 1] as number) < 255;
    if (goesOn) bytes[run + 1] = (bytes[run + 1] as number) + 1;
    else if (value === 0) bytes.push(0, 1);
    else bytes.push(value);
  }
  return `drawing:${btoa(String.fromCharCode(...bytes, check >> 8, check & 255))}`;
}

/**
 * The pixels of a drawing's text; line breaks and spaces in it do not matter.
 * @returns uint8 [784]
 * @throws TypeError for what is no text, Error for one that does not begin as a drawing does or is damaged
 */
export function pixelsOfText(text: string): Uint8Array {
  if (typeof text !== "string")
    throw new TypeError(`Expected the text of a drawing, in quotes, got a value of type ${typeof text}.`);
  const packed = text.replace(/\s/g, "");
  if (!packed.startsWith("drawing:"))
    throw new Error(
      `Expected a text that begins with "drawing:", got "${packed.slice(0, 20)}": copy it again, from its first letter.`,
    );
  const bytes = Buffer.from(packed.slice("drawing:".length), "base64");
  const pixels: number[] = [];
  let check = 1;
  for (let i = 0; i < bytes.length - 2; i++) {
    const value = bytes[i] as number;
    const times = value === 0 ? (bytes[++i] as number) : 1;
    for (let k = 0; k < times; k++) {
      pixels.push(value);
      check = (31 * check + value) % 65521;
    }
  }
  const isWhole = pixels.length === 784 && bytes.length > 1 && bytes.readUInt16BE(bytes.length - 2) === check;
  if (isWhole) return Uint8Array.from(pixels);
  throw new Error(
    `Expected the 784 pixels of a drawing with their checksum, got a damaged text of ${packed.length} letters: ` +
      "copy it again, all of it.",
  );
}
