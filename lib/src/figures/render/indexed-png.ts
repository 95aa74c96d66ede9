import { deflateSync } from "node:zlib";
import { crc32 } from "../../common/crc32";

/** An opaque picture: `width` × `height` device pixels of four bytes each (red, green, blue, alpha). */
export interface Pixels {
  data: Uint8Array | Uint8ClampedArray;
  width: number;
  height: number;
}

/**
 * Encodes a picture as a PNG with a palette: a third of the size of true colour for charts and digits. Up to 256
 * colours are kept exactly; of more, the rare ones move to their nearest frequent neighbour.
 */
export function indexedPng({ data, width, height }: Pixels): Uint8Array {
  const { palette, indexOf } = choosePalette(data);
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0, from = 0, to = 0; y < height; y++) {
    to++; // the row's filter byte stays 0: filters do not help palette indices
    for (let x = 0; x < width; x++, from += 4) rows[to++] = indexOf.get(colourAt(data, from)) as number;
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8); // 8 bits a pixel, palette, deflate, standard filters, not interlaced
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("PLTE", Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]))),
    chunk("IDAT", deflateSync(rows, { level: 9, memLevel: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function colourAt(data: Uint8Array | Uint8ClampedArray, offset: number): number {
  return ((data[offset] as number) << 16) | ((data[offset + 1] as number) << 8) | (data[offset + 2] as number);
}

/** At most 256 colours, and for every colour of the picture the index of the one that stands for it. */
function choosePalette(data: Uint8Array | Uint8ClampedArray): { palette: number[]; indexOf: Map<number, number> } {
  const counts = new Map<number, number>();
  for (let i = 0; i < data.length; i += 4) {
    const colour = colourAt(data, i);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const byCount = [...counts].sort((a, b) => b[1] - a[1]).map(([colour]) => colour);
  let palette = byCount;
  // frequent colours first, each apart from those before it; wider apart until they fit
  for (let apart = 6; palette.length > 256; apart *= 1.4) palette = thinned(byCount, apart);
  const exact = palette === byCount;
  return { palette, indexOf: new Map(byCount.map((colour, i) => [colour, exact ? i : nearest(palette, colour)])) };
}

function thinned(colours: number[], apart: number): number[] {
  const kept: number[] = [];
  for (const colour of colours) {
    if (kept.every((other) => distance(colour, other) >= apart * apart)) kept.push(colour);
    if (kept.length > 256) break;
  }
  return kept;
}

function nearest(palette: number[], colour: number): number {
  let best = 0;
  for (let i = 1; i < palette.length; i++) {
    if (distance(palette[i] as number, colour) < distance(palette[best] as number, colour)) best = i;
  }
  return best;
}

function distance(a: number, b: number): number {
  const red = (a >> 16) - (b >> 16);
  const green = ((a >> 8) & 255) - ((b >> 8) & 255);
  const blue = (a & 255) - (b & 255);
  return red * red + green * green + blue * blue;
}

function chunk(type: string, body: Buffer): Buffer {
  const out = Buffer.alloc(body.length + 12);
  out.writeUInt32BE(body.length, 0);
  out.write(type, 4, "latin1");
  body.copy(out, 8);
  out.writeUInt32BE(crc32(out.subarray(4, body.length + 8)), body.length + 8);
  return out;
}
