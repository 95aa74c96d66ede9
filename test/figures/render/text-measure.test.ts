import assert from "node:assert/strict";
import { before, test } from "node:test";
import { JSDOM } from "jsdom";
import { registerFonts } from "../../../lib/src/figures/render/fonts";
import { installTextMeasure } from "../../../lib/src/figures/render/text-measure";

const { window } = new JSDOM("<!doctype html><body></body>");

before(() => {
  registerFonts();
  installTextMeasure(window);
});

/** The box of the first `<text>` or `<g>` of some SVG. */
function boxOf(svg: string, selector = "text"): DOMRect {
  window.document.body.innerHTML = `<svg>${svg}</svg>`;
  return (window.document.querySelector(selector) as SVGGraphicsElement).getBoundingClientRect();
}

const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 0.01, `expected ${expected}, got ${actual}`);

test("text grows with its length, size and weight", () => {
  const width = (style: string, content: string) => boxOf(`<text style="${style}">${content}</text>`).width;
  near(width("font-size: 24px", "ab"), 2 * width("font-size: 12px", "ab"));
  assert.ok(width("font-weight: bold", "ab") > width("", "ab"));
  assert.ok(width("", "abc") > width("", "ab"));
});

test("text is placed by its anchor", () => {
  const left = (anchor: string) => boxOf(`<text x="100" style="text-anchor: ${anchor}">abc</text>`).left;
  const { width } = boxOf("<text>abc</text>");
  near(left("start"), 100);
  near(left("middle"), 100 - width / 2);
  near(left("end"), 100 - width);
});

test("lines stack downwards", () => {
  const one = boxOf('<text><tspan class="line" dy="0em">a</tspan></text>');
  const two = boxOf('<text><tspan class="line" dy="0em">a</tspan><tspan class="line" dy="1.3em">a</tspan></text>');
  near(two.height - one.height, 1.3 * 12);
});

test("a quarter turn swaps width and height", () => {
  const flat = boxOf("<text>abcdef</text>");
  const turned = boxOf('<text transform="rotate(-90)">abcdef</text>');
  near(turned.width, flat.height);
  near(turned.height, flat.width);
});

test("a group is as large as what is in it, moved as it is moved", () => {
  const box = boxOf('<g transform="translate(10,20)"><rect x="1" y="2" width="30" height="40"/></g>', "g");
  assert.deepEqual([box.left, box.top, box.width, box.height], [11, 22, 30, 40]);
});
