import assert from "node:assert/strict";
import { test } from "node:test";
import ndarray from "ndarray";
import { textImage } from "../../lib/src/figures/text-image";

test("textImage(image) packs two by four pixels into each character", () => {
  // the left column and the lower right pixel
  const image = ndarray(new Uint8Array([9, 0, 9, 0, 9, 0, 9, 9]), [4, 2]);
  assert.equal(textImage(image), "⣇");
});

test("textImage(image) of a digit has seven lines of fourteen characters", () => {
  const lines = textImage(ndarray(new Float32Array(784), [28, 28])).split("\n");
  assert.deepEqual(lines, Array(7).fill("⠀".repeat(14)));
});

test("textImage(image) pads odd sizes and takes a threshold", () => {
  const image = ndarray(new Float32Array([0.2, 0.9, 0.2]), [1, 3]);
  assert.equal(textImage(image), "⠈⠀");
  assert.equal(textImage(image, { threshold: 0.1 }), "⠉⠁");
});

test("textImage refuses what is not one image", () => {
  assert.throws(() => textImage(ndarray(new Uint8Array(8), [2, 2, 2])), /shape \[height, width\], got \[2,2,2\]/);
});

test("textImage(image) draws what is there beside NaN and infinities", () => {
  assert.equal(textImage(ndarray(new Float32Array([Number.NaN, 1]), [1, 2])), "⠈");
  assert.equal(textImage(ndarray(new Float32Array([Number.POSITIVE_INFINITY, 1]), [1, 2])), "⠉");
});
