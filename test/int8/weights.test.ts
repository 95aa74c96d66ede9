import assert from "node:assert/strict";
import { test } from "node:test";
import { packBits, unpackBits } from "../../lib/src/int8/weights";

test("packBits(values, bits) puts the first number into the lowest bits", () => {
  assert.deepEqual([...packBits(Int8Array.of(1, -1, 7), 4)], [0xf1, 0x07]);
  assert.deepEqual([...packBits(Int8Array.of(1, 0, -1, -1, 1), 2)], [0b11110001, 0b01]);
  assert.deepEqual([...packBits(Int8Array.of(-128, 127), 8)], [0x80, 0x7f]);
  assert.deepEqual([...packBits(Int8Array.of(3, -4, 1), 3)], [0b01100011, 0b0]);
  assert.deepEqual([...packBits(new Int8Array(0), 4)], []);
});

test("unpackBits(packBits(values)) gives every value back, for each number of bits and any length", () => {
  for (let bits = 2; bits <= 8; bits++) {
    const all = Int8Array.from({ length: 2 ** bits }, (_, i) => i - 2 ** (bits - 1));
    for (let length = 0; length <= Math.min(all.length, 20); length++) {
      for (const values of [all.slice(0, length), all.slice(-length || all.length)]) {
        const packed = packBits(values, bits);
        assert.equal(packed.length, Math.ceil((values.length * bits) / 8));
        assert.deepEqual(unpackBits(packed, values.length, bits), values);
      }
    }
  }
});
