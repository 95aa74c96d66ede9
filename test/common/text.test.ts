import assert from "node:assert/strict";
import { test } from "node:test";
import { alignedRow, columnWidths, escaped } from "../../lib/src/common/text";

test("columnWidths(rows) counts characters, of rows that may differ in length", () => {
  assert.deepEqual(columnWidths([["𝛼𝛽", "x"], ["y"], ["", "", "12"]]), [2, 1, 2]);
  assert.deepEqual(columnWidths([]), []);
});

test("alignedRow(cells, widths, sides) pads to the left or right, and not at the end", () => {
  assert.equal(alignedRow(["𝛼", "12", "x"], [2, 4, 3]), "𝛼   12    x");
  assert.equal(alignedRow(["a", "12"], [2, 4], ["left", "right"]), "a     12");
  assert.equal(alignedRow(["a", ""], [2, 4]), "a");
});

test("escaped(text) leaves nothing that would be markup", () => {
  assert.equal(escaped('<a href="x">&amp;</a>'), "&lt;a href=&quot;x&quot;&gt;&amp;amp;&lt;/a&gt;");
});

test("columnWidths(rows) takes more rows than a call takes arguments", () => {
  assert.deepEqual(columnWidths(Array.from({ length: 300_000 }, (_, i) => [String(i)])), [6]);
});
