import assert from "node:assert/strict";
import { tf } from "../../lib/src/tensors/tensorflow";

/** Numbers that may differ by rounding; says where they part. */
export function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-6): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < expected.length; i++) {
    const [got, wanted] = [actual[i] as number, expected[i] as number];
    assert.ok(Math.abs(got - wanted) <= tolerance, `expected ${wanted} ± ${tolerance} at index ${i}, got ${got}`);
  }
}

/** The very same bits, NaN and −0 included. */
export function assertSameBits(actual: Float32Array, expected: Float32Array, what = "of all numbers"): void {
  const bytes = ({ buffer, byteOffset, byteLength }: Float32Array) => Buffer.from(buffer, byteOffset, byteLength);
  assert.ok(bytes(actual).equals(bytes(expected)), `expected the same bits ${what}`);
}

/** Runs `work` and holds the number of live tensors after it against the number before. */
export async function assertNoLeak(work: () => unknown): Promise<void> {
  const before = tf.memory().numTensors;
  await work();
  assert.equal(tf.memory().numTensors, before, "tensors were left behind");
}
