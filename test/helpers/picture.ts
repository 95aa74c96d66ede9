import { createCanvas, loadImage } from "@napi-rs/canvas";

/** A decoded picture: what a test asks of it. */
export interface Decoded {
  width: number;
  height: number;
  /** red, green, blue of a device pixel */
  at: (x: number, y: number) => [number, number, number];
  /** share of pixels darker than paper */
  ink: number;
  /** whether anything but paper lies within `margin` pixels of an edge */
  touchesEdge: (margin?: number) => boolean;
}

/** Decodes a PNG with a decoder that is not ours. */
export async function decode(png: Uint8Array): Promise<Decoded> {
  const image = await loadImage(Buffer.from(png));
  const { width, height } = image;
  const context = createCanvas(width, height).getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const at = (x: number, y: number): [number, number, number] => {
    const i = (y * width + x) * 4;
    return [data[i] as number, data[i + 1] as number, data[i + 2] as number];
  };
  const isInk = (x: number, y: number) => at(x, y).some((channel) => channel < 250);
  let inked = 0;
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) if (isInk(x, y)) inked++;
  const touchesEdge = (margin = 2) => {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const nearEdge = x < margin || y < margin || x >= width - margin || y >= height - margin;
        if (nearEdge && isInk(x, y)) return true;
      }
    }
    return false;
  };
  return { width, height, at, ink: inked / (width * height), touchesEdge };
}
