import assert from "node:assert/strict";
import { test } from "node:test";
import { indexedPng } from "../../../lib/src/figures/render/indexed-png";
import { decode } from "../../helpers/picture";

/** A picture whose pixel at (x, y) has the given colour. */
function picture(width: number, height: number, colour: (x: number, y: number) => number[]) {
  const data = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) data.set([...colour(x, y), 255], (y * width + x) * 4);
  return { data, width, height };
}

test("indexedPng(pixels) keeps up to 256 colours exactly", async () => {
  const colour = (x: number, y: number) => [x * 16, y * 16, 7];
  const decoded = await decode(indexedPng(picture(16, 16, colour)));
  for (let y = 0; y < 16; y++) for (let x = 0; x < 16; x++) assert.deepEqual(decoded.at(x, y), colour(x, y));
});

test("indexedPng(pixels) moves rare colours to near ones and keeps frequent ones", async () => {
  const colour = (x: number, y: number) => (y < 50 ? [255, 255, 255] : [x * 2, y * 2, (x * y) % 256]);
  const decoded = await decode(indexedPng(picture(100, 100, colour)));
  assert.deepEqual(decoded.at(3, 3), [255, 255, 255]);
  for (let y = 50; y < 100; y += 7) {
    for (let x = 0; x < 100; x += 7) {
      const [got, wanted] = [decoded.at(x, y), colour(x, y)];
      const apart = Math.hypot(...got.map((channel, i) => channel - (wanted[i] as number)));
      assert.ok(apart < 40, `(${x}, ${y}): ${got} for ${wanted}`);
    }
  }
});

test("indexedPng(pixels) has a palette and is far smaller than the pixels", () => {
  const png = indexedPng(picture(200, 100, (x) => (x < 100 ? [255, 255, 255] : [63, 144, 218])));
  assert.equal(png[25], 3, "colour type");
  assert.ok(png.length < 300, `${png.length} bytes`);
});
