import assert from "node:assert/strict";
import { test } from "node:test";
import { table } from "../../lib/src/figures/table";

const rows = [
  { layer: "conv1", parameters: 156, share: 0.00253 },
  { layer: "dense1", parameters: 48120, share: 0.77982 },
];

test("table(rows) aligns text: numbers to the right, with thousands", () => {
  assert.equal(
    table(rows, { caption: "Layers", digits: { share: 3 } }).text,
    [
      "Layers",
      "layer   parameters  share",
      "──────  ──────────  ─────",
      "conv1          156  0.003",
      "dense1      48,120  0.780",
    ].join("\n"),
  );
});

test("table(rows) makes a plain HTML table with the same cells", () => {
  const { html } = table(rows, { caption: "Layers" });
  assert.match(html, /^<table><caption>Layers<\/caption><thead><tr><th align="left"/);
  assert.match(html, /<td align="right" style="text-align: right">48,120<\/td>/);
  assert.equal(html.match(/<tr>/g)?.length, 3);
});

test("table(rows) escapes what would be markup", () => {
  const { html, text } = table([{ "a&b": '<b>"x"</b>' }]);
  assert.ok(html.includes("&lt;b&gt;&quot;x&quot;&lt;/b&gt;") && html.includes("a&amp;b"));
  assert.ok(!html.includes("<b>"));
  assert.ok(text.includes('<b>"x"</b>'));
});

test("table(rows) leaves cells empty that a row lacks, in the order of first appearance", () => {
  assert.equal(table([{ a: 1 }, { b: "x" }]).text, "a  b\n─  ─\n1\n   x");
});

test("table(rows, {digits, align}) takes one number for all columns and sides by name", () => {
  const { text, html } = table([{ n: 2, word: "x" }], { digits: 2, align: { word: "right" } });
  assert.ok(text.includes("2.00"));
  assert.match(html, /<td align="right" style="text-align: right">x</);
});

test("table(rows) writes minus, infinity and missing numbers", () => {
  const { text } = table([{ v: -1.5 }, { v: Number.NaN }, { v: Number.POSITIVE_INFINITY }]);
  assert.deepEqual(
    text
      .split("\n")
      .slice(2)
      .map((line) => line.trim()),
    ["−1.5", "–", "∞"],
  );
});

test("table refuses no rows and sides of columns it does not have", () => {
  assert.throws(() => table([]), /^RangeError: .*at least one row, got none/);
  assert.throws(
    () => table(rows, { align: { oops: "left" } }),
    /name columns of the table \(layer, parameters, share\), got oops/,
  );
});

test("table(rows) takes columns that are called as what every object has", () => {
  assert.equal(
    table([{ a: 1 }, { constructor: 2 }], { digits: {} }).text,
    "a  constructor\n─  ───────────\n1\n             2",
  );
});

test("table(rows) writes whole numbers of any size and words of logic, and refuses what is no value", () => {
  const { text } = table([{ big: 12345678901234567890n, done: true, shape: [28, 28, 6] }]);
  assert.deepEqual(text.split("\n").at(-1)?.split(/ {2,}/), ["12345678901234567890", "true", "28, 28, 6"]);
  for (const [value, kind] of [
    [new Date(0), "a Date"],
    [[{}], "an Object"],
    [{}, "an Object"],
    [() => 1, "a function"],
  ] as const)
    assert.throws(
      () => table([{ when: value as never }]),
      new RegExp(`^TypeError: Expected texts, numbers or booleans in the column when, got ${kind}`),
    );
});

test("table(rows, {digits, align}) refuses columns, decimals and sides that do not exist", () => {
  assert.throws(() => table(rows, { digits: { oops: 2 } }), /^Error: Expected `digits` to name columns .* got oops\.$/);
  for (const digits of [-1, 2.5, Number.NaN, 21, { share: -1 }])
    assert.throws(() => table(rows, { digits }), /^RangeError: Expected `digits` to be a whole number in 0 … 20/);
  assert.throws(() => table(rows, { align: { share: "middle" as never } }), /^Error: .*`align` to be left or right/);
});

test("table(rows) writes numbers of many zeros as powers of ten, and nothing below zero that rounds to it", () => {
  const { text } = table([1e30, -1.23456e20, 1.5e-12, 1e-5, -0, -0.001].map((v) => ({ v })));
  const cells = text.split("\n").slice(2);
  assert.deepEqual(
    cells.map((line) => line.trim()),
    ["1e30", "−1.235e20", "1.5e-12", "0.00001", "0", "−0.001"],
  );
  assert.match(table([{ v: -0.001 }], { digits: 2 }).text, / 0\.00$|\n0\.00$/);
});
