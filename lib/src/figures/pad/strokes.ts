/** Where the pen went: points [x, y], in any unit, y downwards. */
export type Stroke = readonly (readonly [number, number])[];

/**
 * Strokes as an image such as MNIST's: as large as fits a box of 20 × 20 pixels, drawn with a soft round pen, its
 * centre of mass in the middle of 28 × 28. It also runs in the drawing pad's page, so it uses nothing of this file.
 * @param strokes at least one point
 * @param smallest what is smaller than this, in the unit of the points, is not blown up to the whole box
 * @returns uint8 [784]; 0 is background, 255 is full ink
 */
export function pixelsOfStrokes(strokes: readonly Stroke[], smallest: number): Uint8Array {
  const pen = 1.3; // half its width, in pixels
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const [x, y] of strokes.flat() as [number, number][]) {
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
  }
  const scale = (20 - 2 * pen) / Math.max(right - left, bottom - top, smallest);
  // first with the box in the middle, then moved by what the centre of mass is off
  let [middleX, middleY] = [(left + right) / 2, (top + bottom) / 2];
  const pixels = new Uint8Array(784);
  for (let round = 0; round < 2; round++) {
    let [mass, sumX, sumY] = [0, 0, 0];
    for (let p = 0; p < 784; p++) {
      const x = middleX + ((p % 28) - 14) / scale;
      const y = middleY + (Math.floor(p / 28) - 14) / scale;
      let nearest = Infinity;
      for (const stroke of strokes) {
        for (let i = 0; i < stroke.length; i++) {
          const [x0, y0] = stroke[Math.max(0, i - 1)] as [number, number];
          const [x1, y1] = stroke[i] as [number, number];
          const [dx, dy] = [x1 - x0, y1 - y0];
          const along = ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy || 1);
          const t = Math.min(1, Math.max(0, along));
          nearest = Math.min(nearest, Math.hypot(x - x0 - t * dx, y - y0 - t * dy));
        }
      }
      const ink = Math.min(1, Math.max(0, pen + 0.5 - nearest * scale));
      pixels[p] = Math.round(255 * ink);
      mass += ink;
      sumX += ink * x;
      sumY += ink * y;
    }
    [middleX, middleY] = [sumX / mass, sumY / mass];
  }
  return pixels;
}
