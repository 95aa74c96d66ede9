import type { Random } from "../../lib/src/common/random";

/** Damages a file. */
export type Mutation = (bytes: Uint8Array, random: Random) => Uint8Array;

const joined = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));
const someBytes = (random: Random): Uint8Array =>
  Uint8Array.from({ length: random.integer(1, 9) }, () => random.integer(0, 255));

function changed(bytes: Uint8Array, index: number, value: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[index] = value;
  return copy;
}

/** Ways to damage a file; each changes at least one byte of a file that has any. */
export const mutations: Record<string, Mutation> = {
  "flipped bit": (bytes, random) => {
    const at = random.integer(0, bytes.length - 1);
    return changed(bytes, at, (bytes[at] as number) ^ (1 << random.integer(0, 7)));
  },
  "flipped bit in the first bytes": (bytes, random) => {
    const at = random.integer(0, Math.min(bytes.length, 20) - 1);
    return changed(bytes, at, (bytes[at] as number) ^ (1 << random.integer(0, 7)));
  },
  "other byte": (bytes, random) => {
    const at = random.integer(0, bytes.length - 1);
    return changed(bytes, at, ((bytes[at] as number) + random.integer(1, 255)) % 256);
  },
  truncated: (bytes, random) => bytes.slice(0, random.integer(0, bytes.length - 1)),
  "truncated in the first bytes": (bytes, random) => bytes.slice(0, random.integer(0, Math.min(bytes.length, 20) - 1)),
  "bytes inserted": (bytes, random) => {
    const at = random.integer(0, bytes.length);
    return joined(bytes.slice(0, at), someBytes(random), bytes.slice(at));
  },
  "bytes appended": (bytes, random) => joined(bytes, someBytes(random)),
  "byte removed": (bytes, random) => {
    const at = random.integer(0, bytes.length - 1);
    return joined(bytes.slice(0, at), bytes.slice(at + 1));
  },
  "twice in a row": (bytes) => joined(bytes, bytes),
};

/** Ways to damage the header of an IDX file in particular. */
export const headerMutations: Record<string, Mutation> = {
  "other element type": (bytes, random) =>
    changed(bytes, 2, [0x08, 0x09, 0x0b, 0x0c, 0x0d, 0x0e, 0x0a, 0xff][random.integer(0, 7)] as number),
  "other number of dimensions": (bytes, random) =>
    changed(bytes, 3, [0, 1, 2, 3, 4, 17, 128, 255][random.integer(0, 7)] as number),
  "other dimension": (bytes, random) => {
    const copy = Uint8Array.from(bytes);
    const axis = random.integer(0, Math.max(0, (bytes[3] ?? 1) - 1));
    const value = [0, 1, 2, 27, 29, 0x7fffffff, 0x80000000, 0xffffffff][random.integer(0, 7)] as number;
    if (bytes.length >= 8 + 4 * axis) new DataView(copy.buffer).setUint32(4 + 4 * axis, value);
    return copy;
  },
  "dimensions in another order": (bytes) => {
    const rank = bytes[3] ?? 0;
    const swapped = Array.from({ length: rank }, (_, axis) => bytes.slice(4 + 4 * axis, 8 + 4 * axis)).reverse();
    return joined(bytes.slice(0, 4), ...swapped, bytes.slice(4 + 4 * rank));
  },
  "little-endian dimensions": (bytes) => {
    const rank = bytes[3] ?? 0;
    const header = Array.from({ length: rank }, (_, axis) => bytes.slice(4 + 4 * axis, 8 + 4 * axis).reverse());
    return joined(bytes.slice(0, 4), ...header, bytes.slice(4 + 4 * rank));
  },
};
