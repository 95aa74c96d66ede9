import assert from "node:assert/strict";
import { test } from "node:test";
import { kindNames } from "../../lib/src/int8/kinds";

test("a kind of layer keeps its number in a file", () => {
  assert.deepEqual(kindNames.slice(0, 5), ["conv2d", "dense", "maxPool2d", "flatten", "averagePool2d"]);
});
