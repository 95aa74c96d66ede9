import assert from "node:assert/strict";
import { test } from "node:test";
import { drawingText, pixelsOfText } from "../../lib/src/common/drawing-text";
import { random } from "../../lib/src/common/random";

/** A drawing of some ink on white paper. */
const drawn = Uint8Array.from({ length: 784 }, (_, p) => (p % 28 > 9 && p % 28 < 14 && p > 150 ? 40 + (p % 200) : 0));

test("pixelsOfText(drawingText(pixels)) gives the pixels back, whatever they are", () => {
  const source = random(1);
  const noise = Uint8Array.from({ length: 784 }, () => Math.floor(source.uniform(0, 256)));
  for (const pixels of [drawn, noise, noise.map((value) => (value < 200 ? 0 : value)), new Uint8Array(784)])
    assert.deepEqual(pixelsOfText(drawingText(pixels)), pixels);
});

test("a drawing's text is short, and line breaks in it do no harm", () => {
  const text = drawingText(drawn);
  assert.ok(text.length < 300, `${text.length}`);
  assert.deepEqual(pixelsOfText(`\n ${text.replace(/.{40}/g, "$&\n")} `), drawn);
});

test("pixelsOfText(text) refuses what is no drawing, cut short, or changed in any letter", () => {
  const text = drawingText(drawn);
  assert.throws(
    () => pixelsOfText("a picture"),
    /begins with "drawing:", got "apicture": copy it again, from its first/,
  );
  assert.throws(() => pixelsOfText(text.slice(8)), /begins with "drawing:"/);
  assert.throws(() => pixelsOfText(7 as never), /TypeError|in quotes, got a value of type number/);
  const damage =
    /784 pixels of a drawing with their checksum, got a damaged text of \d+ letters: copy it again, all of it/;
  for (const cut of ["drawing:", text.slice(0, -1), text.slice(0, -8), text + text.slice(8)])
    assert.throws(() => pixelsOfText(cut), damage, cut);
  for (let i = 8; i < text.length - 4; i++) {
    const changed = `${text.slice(0, i)}${text[i] === "Q" ? "g" : "Q"}${text.slice(i + 1)}`;
    assert.throws(() => pixelsOfText(changed), damage, `letter ${i}`);
  }
});
