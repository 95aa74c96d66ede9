import assert from "node:assert/strict";
import { test } from "node:test";
import { drawingText } from "../../lib/src/common/drawing-text";
import { readDrawing } from "../../lib/src/data/drawing";

test("readDrawing(text) gives uint8 [1, 28, 28], as images of a data set", () => {
  const pixels = Uint8Array.from({ length: 784 }, (_, p) => (p % 5 === 0 ? p % 256 : 0));
  const images = readDrawing(drawingText(pixels));
  assert.deepEqual([images.shape, images.dtype], [[1, 28, 28], "uint8"]);
  assert.equal(images.get(0, 10, 20), pixels[300]);
  assert.throws(() => readDrawing("drawing:AAAA"), /damaged text/);
});
