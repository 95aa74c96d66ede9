import { deflateSync } from "node:zlib";

/** An opaque picture: `width` × `height` device pixels of four bytes each (red, green, blue, alpha). */
export interface Pixels {
  data: Uint8Array | Uint8ClampedArray;
  width: number;
  height: number;
}

/**
 * Encodes a picture as a PNG with a palette: a third of the size of true colour for charts and digits. Up to 256 colours
 * are kept exactly; of more, the rare ones move to their nearest frequent neighbour.
 * @param scale device pixels per CSS pixel; written into the file, so that browsers show it at CSS size without being told
 */
export function indexedPng({ data, width, height }: Pixels, scale = 1): Uint8Array {
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
    ...(scale === 1 ? [] : [chunk("eXIf", densityExif(width, height, scale))]),
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

/**
 * Exif that gives the picture its CSS size: resolution 72 × scale per inch and the dimensions to show it at. The HTML
 * standard calls the result the density-corrected natural size.
 */
function densityExif(width: number, height: number, scale: number): Buffer {
  const exif = Buffer.alloc(108);
  exif.write("II*\0", 0, "latin1");
  exif.writeUInt32LE(8, 4);
  const entry = (at: number, tag: number, type: number, value: number) => {
    exif.writeUInt16LE(tag, at);
    exif.writeUInt16LE(type, at + 2);
    exif.writeUInt32LE(1, at + 4);
    exif.writeUInt32LE(value, at + 8);
  };
  exif.writeUInt16LE(4, 8);
  entry(10, 0x011a, 5, 92); // x resolution, a fraction at 92
  entry(22, 0x011b, 5, 100); // y resolution, a fraction at 100
  entry(34, 0x0128, 3, 2); // unit: inch
  entry(46, 0x8769, 4, 62); // more entries at 62
  exif.writeUInt16LE(2, 62);
  entry(64, 0xa002, 4, Math.round(width / scale));
  entry(76, 0xa003, 4, Math.round(height / scale));
  for (const at of [92, 100]) {
    exif.writeUInt32LE(Math.round(72 * scale), at);
    exif.writeUInt32LE(1, at + 4);
  }
  return exif;
}

function chunk(type: string, body: Buffer): Buffer {
  const out = Buffer.alloc(body.length + 12);
  out.writeUInt32BE(body.length, 0);
  out.write(type, 4, "latin1");
  body.copy(out, 8);
  out.writeUInt32BE(crc(out.subarray(4, body.length + 8)), body.length + 8);
  return out;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

/** Cyclic redundancy check as PNG wants it; Node's own came after version 20.9. */
function crc(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes) c = (crcTable[(c ^ byte) & 255] as number) ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}
