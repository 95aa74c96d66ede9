/** Small whole numbers side by side: two of four bits a byte, four of two bits, the first in the lowest bits. */

/**
 * Packs whole numbers, each −2^(bits − 1) or more and below 2^(bits − 1), in two's complement; unused bits of the last
 * byte are 0.
 * @param bits of each number, 1 … 8
 */
export function packBits(values: Int8Array, bits: number): Uint8Array {
  const packed = new Uint8Array(Math.ceil((values.length * bits) / 8));
  for (const [i, value] of values.entries()) {
    const [byte, shift] = place(i, bits);
    const code = (value & (2 ** bits - 1)) << shift;
    packed[byte] = (packed[byte] as number) | code;
    // three, five, six and seven bits may begin in one byte and end in the next
    if (shift + bits > 8) packed[byte + 1] = code >> 8;
  }
  return packed;
}

/** Unpacks the first `count` numbers that `packBits` packed. */
export function unpackBits(packed: Uint8Array, count: number, bits: number): Int8Array {
  return Int8Array.from({ length: count }, (_, i) => {
    const [byte, shift] = place(i, bits);
    const code = ((packed[byte] as number) | ((packed[byte + 1] ?? 0) << 8)) >> shift;
    // to the top of an int32 and back, so that the sign spreads
    return (code << (32 - bits)) >> (32 - bits);
  });
}

/** In which byte, and how many bits from its lowest, number `i` begins. */
function place(i: number, bits: number): [byte: number, shift: number] {
  return [Math.floor((i * bits) / 8), (i * bits) % 8];
}
