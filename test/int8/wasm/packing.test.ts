import assert from "node:assert/strict";
import { test } from "node:test";
import { packChannels, packKernel } from "../../../lib/src/int8/wasm/packing";

test("packKernel(kernel, rows, channels, width) puts pairs of inputs next to each other, channel by channel", () => {
  // two rows of three inputs, three channels: the hundreds are the row, the tens the input, the ones the channel
  const kernel = Int8Array.of(11, 12, 13, 21, 22, 23, 31, 32, 33, 111, 112, 113, 121, 122, 123, -31, -32, -33);
  assert.deepEqual(
    [...packKernel(kernel, 2, 3, 2)],
    [
      ...[11, 21, 12, 22, 31, 0, 32, 0, 111, 121, 112, 122, -31, 0, -32, 0],
      ...[13, 23, 0, 0, 33, 0, 0, 0, 113, 123, 0, 0, -33, 0, 0, 0],
    ],
  );
});

test("packKernel(kernel, rows, channels, width) loses no weight, whatever the shape", () => {
  for (const [rows, length, channels, width] of [
    [1, 1, 1, 16],
    [5, 30, 16, 8],
    [3, 7, 9, 2],
    [1, 85, 33, 16],
  ] as const) {
    const kernel = Int8Array.from({ length: rows * length * channels }, (_, i) => (i % 127) + 1);
    const packed = packKernel(kernel, rows, channels, width);
    assert.equal(packed.length, Math.ceil(channels / width) * width * rows * Math.ceil(length / 2) * 2);
    assert.deepEqual(packed.filter((weight) => weight !== 0).sort(), Int16Array.from(kernel).sort());
  }
});

test("packChannels(bias, multipliers, width) puts biases and multipliers of a block together, zeros at the end", () => {
  const packed = packChannels(Int32Array.of(1, -2, 3), Float32Array.of(0.5, 2, -1), 2);
  const floats = new Float32Array(packed.buffer);
  assert.deepEqual([packed[0], packed[1], floats[2], floats[3]], [1, -2, 0.5, 2]);
  assert.deepEqual([packed[4], packed[5], floats[6], floats[7]], [3, 0, -1, 0]);
});
