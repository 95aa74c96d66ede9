import assert from "node:assert/strict";
import { test } from "node:test";
import { checkPixels } from "../../../lib/src/figures/render/size";

test("checkPixels(width, height, advice) bounds the pixels and each side", () => {
  checkPixels(8000, 5000, "shrink it");
  checkPixels(10, 32_767, "shrink it");
  for (const [width, height] of [
    [8001, 5000],
    [10, 32_768],
    [Number.POSITIVE_INFINITY, 1],
  ] as const)
    assert.throws(
      () => checkPixels(width, height, "shrink it"),
      /^RangeError: Expected .* got [\d,∞]+ × [\d,]+: shrink it\.$/,
    );
});
