import assert from "node:assert/strict";
import { test } from "node:test";
import { literal, withoutMarkup } from "../../lib/src/figures/markup";

test("literal(text) is text that Plotly writes letter by letter", () => {
  assert.deepEqual(["<b>", "&lt;", "5 > 3", "a"].map(literal), ["&lt;b>", "&amp;lt;", "5 > 3", "a"]);
});

test("withoutMarkup(title) takes out the tags that Plotly knows, and no other text", () => {
  assert.equal(withoutMarkup('<b>a</b><br>x<sub>1</sub> <span style="color:red">red</span>'), "a x1 red");
  for (const text of ["lr < 0.1", "<5 and >9", "<unknown>", "a <= b > c"]) assert.equal(withoutMarkup(text), text);
  assert.equal(withoutMarkup(literal("<b>&lt;")), "<b>&lt;");
});
