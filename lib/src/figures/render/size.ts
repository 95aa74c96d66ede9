// forty million pixels of four bytes are 160 MB, and more than any page shows; Skia's canvas ends at the side
const mostPixels = 40e6;
const longestSide = 32_767;

/**
 * Checks that a picture can be drawn.
 * @param width and `height` in device pixels
 * @param advice what to do
 * @throws RangeError for more than 40 million pixels, or a side beyond 32,767
 */
export function checkPixels(width: number, height: number, advice: string): void {
  if (width * height <= mostPixels && Math.max(width, height) <= longestSide) return;
  const written = [mostPixels, longestSide, width, height].map((pixels) => Math.ceil(pixels).toLocaleString("en-US"));
  throw new RangeError(
    `Expected a picture of at most ${written[0]} pixels, ${written[1]} a side, got ${written[2]} × ${written[3]}: ${advice}.`,
  );
}
