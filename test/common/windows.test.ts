import assert from "node:assert/strict";
import { test } from "node:test";
import { outputLength, paddingAround, windowsAlong } from "../../lib/src/common/windows";
import { tf } from "../../lib/src/tensors/tensorflow";

test("outputLength and paddingAround say where TensorFlow's windows stand", () => {
  for (let length = 1; length <= 9; length++)
    for (let size = 1; size <= 5; size++)
      for (let stride = 1; stride <= 4; stride++)
        for (const padding of ["same", "valid"] as const) {
          if (padding === "valid" && size > length) continue;
          const [before, after] = paddingAround(length, size, stride, padding);
          // a filter that lets its element `before` through: the first output is the first input
          const [shape, first] = tf.tidy(() => {
            const ramp = tf.reshape(tf.range(1, length + 1), [1, length, 1, 1]) as tf.Tensor4D;
            const filter = tf.tensor4d(
              Array.from({ length: size }, (_, i) => Number(i === before)),
              [size, 1, 1, 1],
            );
            const output = tf.conv2d(ramp, filter, [stride, 1], padding);
            return [output.shape, output.dataSync()[0]];
          });
          const what = `${length} ${size} ${stride} ${padding}`;
          assert.equal(outputLength(length, size, stride, padding), shape[1], what);
          assert.equal(first, 1, what);
          assert.ok(after === before || after === before + 1, what);
          const reach = ((shape[1] as number) - 1) * stride + size;
          if (before + after > 0) assert.equal(before + length + after, reach, what);
          else assert.ok(reach <= length, what);
        }
});

test("outputLength(length, size, stride, padding) is below 1 when no window fits", () => {
  assert.equal(outputLength(3, 4, 1, "valid"), 0);
  assert.ok(outputLength(3, 9, 2, "valid") < 1);
});

test("windowsAlong(length, size, stride, padding) says where windows begin and what of them lies inside", () => {
  assert.deepEqual(windowsAlong(5, 3, 2, "same"), [
    { start: -1, first: 1, last: 3 },
    { start: 1, first: 0, last: 3 },
    { start: 3, first: 0, last: 2 },
  ]);
  assert.deepEqual(windowsAlong(6, 3, 2, "valid"), [
    { start: 0, first: 0, last: 3 },
    { start: 2, first: 0, last: 3 },
  ]);
  assert.deepEqual(windowsAlong(1, 4, 1, "same"), [{ start: -1, first: 1, last: 2 }]);
});
