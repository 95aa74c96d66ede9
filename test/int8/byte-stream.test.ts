import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteReader, ByteWriter } from "../../lib/src/int8/byte-stream";

const fail = (problem: string): never => {
  throw new Error(problem);
};

test("ByteWriter writes little-endian, ByteReader reads it back, also from the middle of a buffer", () => {
  const bytes = new ByteWriter()
    .unsigned(7, 1)
    .unsigned(0x1234, 2)
    .unsigned(-2, 4)
    .float32(1.5)
    .bytes(Uint8Array.of(9))
    .finish();
  assert.deepEqual([...bytes], [7, 0x34, 0x12, 0xfe, 0xff, 0xff, 0xff, 0, 0, 0xc0, 0x3f, 9]);
  const reader = new ByteReader(Uint8Array.of(1, 2, 3, ...bytes).subarray(1), 2, fail);
  assert.deepEqual([reader.unsigned(1), reader.unsigned(2), reader.unsigned(4)], [7, 0x1234, 0xfffffffe]);
  assert.deepEqual([reader.float32(), reader.remaining, [...reader.bytes(1)], reader.remaining], [1.5, 1, [9], 0]);
});

test("ByteReader calls `fail` where the bytes end too early", () => {
  const reader = new ByteReader(new Uint8Array(6), 3, fail);
  assert.throws(() => reader.unsigned(4), /^Error: expected 4 more bytes at byte 3, got 3$/);
  assert.throws(() => reader.bytes(2 ** 40), /^Error: expected 1099511627776 more bytes at byte 3, got 3$/);
  assert.equal(reader.bytes(3).length, 3);
  assert.throws(() => reader.float32(), /^Error: expected 4 more bytes at byte 6, got 0$/);
});
