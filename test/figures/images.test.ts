import assert from "node:assert/strict";
import { test } from "node:test";
import ndarray from "ndarray";
import { type ImageGridOptions, imageGrid } from "../../lib/src/figures/images";
import { decode } from "../helpers/picture";

/** `count` images of 4 × 4 bytes: black but for a bright pixel in the upper left corner. */
function dots(count: number) {
  const data = new Uint8Array(count * 16);
  for (let i = 0; i < count; i++) data[i * 16] = 255;
  return ndarray(data, [count, 4, 4]);
}

test("imageGrid(images) draws sharp pixels at twice the size it reports", async () => {
  const picture = imageGrid(dots(1), { scale: 5, colours: "light" });
  const decoded = await decode(picture.png);
  assert.deepEqual([decoded.width, decoded.height], [2 * picture.width, 2 * picture.height]);
  // margin 10, pixels of 5: the bright one ends at 15
  assert.deepEqual(decoded.at(20, 20), [255, 255, 255]);
  assert.deepEqual(decoded.at(29, 29), [255, 255, 255]);
  assert.deepEqual(decoded.at(30, 29), [0, 0, 0]);
  assert.deepEqual(decoded.at(59, 59), [0, 0, 0]);
});

test("imageGrid(images, {colours: 'ink'}) is dark ink on white paper", async () => {
  const decoded = await decode(imageGrid(dots(1), { scale: 5 }).png);
  assert.deepEqual(decoded.at(24, 24), [17, 17, 17]);
  assert.deepEqual(decoded.at(45, 45), [255, 255, 255]);
});

test("imageGrid(images, {columns}) breaks rows", () => {
  const [wide, tall] = [imageGrid(dots(6), { columns: 6 }), imageGrid(dots(6), { columns: 2 })];
  assert.ok(wide.width > tall.width && wide.height < tall.height);
});

test("imageGrid(images) fits the page by itself", () => {
  for (const [columns, side] of [
    [10, 28],
    [20, 28],
    [6, 5],
    [1, 200],
  ] as const) {
    const images = ndarray(new Uint8Array(columns * side * side), [columns, side, side]);
    assert.ok(imageGrid(images, { columns }).width <= 780, `${columns} images of ${side}`);
  }
});

test("imageGrid(images, {captions, title}) never cuts text off", async () => {
  const captions = ["a caption far wider than its image", "two\nlines", 7];
  const picture = imageGrid(dots(3), {
    captions,
    title: "A title that is wider than all three of the images together, by far, so it widens the picture",
    scale: 2,
  });
  const decoded = await decode(picture.png);
  assert.equal(decoded.touchesEdge(8), false);
  assert.ok(decoded.ink > 0.01);
});

test("imageGrid(images, {highlight}) frames some images in colour", async () => {
  const decoded = await decode(imageGrid(dots(2), { scale: 5, highlight: [true, false], columns: 2 }).png);
  const [red, green] = decoded.at(17, 30);
  assert.ok(red > 150 && green < 80, `${red}, ${green}`);
});

test("imageGrid(images, {range}) sets what is first and last colour", async () => {
  const faint = ndarray(new Float32Array([0, 0.1, 0, 0]), [1, 2, 2]);
  const corner = async (range: readonly [number, number] | "each") =>
    (await decode(imageGrid(faint, { scale: 10, range, colours: "light" }).png)).at(50, 25);
  assert.deepEqual(await corner("each"), [255, 255, 255]);
  assert.deepEqual(await corner([0, 0.2]), [128, 128, 128]);
});

test("imageGrid(images, {overlay}) paints a map over each image, and leaves those with undefined bare", async () => {
  // right column for, left column against
  const map = ndarray(new Float32Array(16), [4, 4]);
  for (let row = 0; row < 4; row++)
    for (const [column, value] of [
      [3, 1],
      [0, -1],
    ] as const)
      map.set(row, column, value);
  const options = { scale: 5, columns: 2 };
  const bare = await decode(imageGrid(dots(2), options).png);
  const decoded = await decode(imageGrid(dots(2), { ...options, overlay: [undefined, map] }).png);
  // the images begin at 10 and 36, a pixel is 5 wide; the picture is twice as large
  const [second, right, below] = [52, 30, 30];
  for (const x of [24, 24 + right]) for (const y of [24, 24 + below]) assert.deepEqual(decoded.at(x, y), bare.at(x, y));
  const [red, , blue] = decoded.at(24 + second + right, 24 + below);
  assert.ok(red > blue + 100, `orange: ${red}, ${blue}`);
  const against = decoded.at(24 + second, 24 + below);
  assert.ok(against[2] > against[0] + 100, `blue: ${against}`);
  assert.deepEqual(decoded.at(40 + second, 24 + below), [255, 255, 255]);
});

test("imageGrid(images, {overlay}) takes the maps as one array, a list, or a last axis of one", () => {
  const maps = ndarray(
    Float32Array.from({ length: 32 }, (_, i) => Math.sin(i)),
    [2, 4, 4],
  );
  const png = (overlay: ImageGridOptions["overlay"]) => imageGrid(dots(2), { overlay }).png;
  const listed = png([maps.pick(0, null, null), maps.pick(1, null, null)]);
  assert.deepEqual(png(maps), listed);
  assert.deepEqual(png(ndarray(maps.data, [2, 4, 4, 1])), listed);
  assert.notDeepEqual(png(ndarray(maps.data, [2, 4, 4]).step(-1)), listed);
  assert.notDeepEqual(png(undefined), listed);
  const one = maps.pick(1, null, null);
  assert.deepEqual(imageGrid(dots(1), { overlay: one }).png, imageGrid(dots(1), { overlay: [one] }).png);
});

test("imageGrid(images, {overlay}) refuses maps of another number or size", () => {
  const maps = (...shape: number[]) => ndarray(new Float32Array(shape.reduce((a, b) => a * b)), shape);
  for (const [overlay, count] of [
    [[undefined], 1],
    [maps(3, 4, 4), 3],
    [maps(4, 4), 1],
  ] as const) {
    assert.throws(
      () => imageGrid(dots(2), { overlay }),
      new RegExp(`^Error: Expected \`overlay\` to hold 2 items, one an image, got ${count}\\.$`),
    );
  }
  assert.throws(
    () => imageGrid(dots(2), { overlay: maps(2, 5, 3) }),
    /^Error: Expected `overlay` \[4, 4\] as its image, got \[5, 3\]\.$/,
  );
});

test("imageGrid takes one image, lists, and a last axis of one", () => {
  const one = ndarray(new Float32Array(6), [2, 3]);
  const size = ({ width, height }: { width: number; height: number }) => [width, height];
  const alone = size(imageGrid(one));
  assert.deepEqual(size(imageGrid([one])), alone);
  assert.deepEqual(size(imageGrid(ndarray(new Float32Array(6), [1, 2, 3, 1]))), alone);
});

test("imageGrid(images) says in words what it shows", () => {
  assert.equal(
    imageGrid(dots(2), { title: "Dots", captions: [4, 9] }).alt,
    "Dots: 2 images of 4 × 4 pixels. Captions: 4, 9.",
  );
});

test("imageGrid(images, {overlay}) says in words over how many images there is a map", () => {
  const map = ndarray(new Float32Array(16), [4, 4]);
  const alt = (...overlay: (typeof map | undefined)[]) =>
    imageGrid(dots(overlay.length), { overlay, captions: overlay.map((_, i) => i) }).alt;
  assert.equal(
    alt(map, undefined, map),
    "3 images of 4 × 4 pixels. Over 2 of them a map: orange for, blue against. Captions: 0, 1, 2.",
  );
  assert.match(alt(map, map), /pixels\. Over each of them a map: orange for, blue against\. Captions/);
  assert.match(alt(map), /^1 image of 4 × 4 pixels\. Over it a map: orange for, blue against\. Captions/);
  assert.equal(alt(undefined), "1 image of 4 × 4 pixels. Captions: 0.");
});

test("thirty digits with captions stay below 40 kilobytes", () => {
  const noise = Uint8Array.from({ length: 30 * 784 }, (_, i) => ((i * 7919) % 13 < 2 ? (i * 31) % 256 : 0));
  const { png } = imageGrid(ndarray(noise, [30, 28, 28]), { captions: Array.from({ length: 30 }, (_, i) => i) });
  assert.ok(png.length < 40_000, `${png.length} bytes`);
});

test("imageGrid refuses what it cannot draw", () => {
  assert.throws(() => imageGrid([]), /at least one image, got none/);
  assert.throws(() => imageGrid(ndarray(new Uint8Array(0), [0, 4])), /^RangeError: .*at least one pixel, got \[0, 4\]/);
  assert.throws(() => imageGrid(ndarray(new Uint8Array(8), [8])), /shape \[n, height, width\].* got \[8\]/);
  assert.throws(() => imageGrid(dots(2), { captions: ["a"] }), /`captions` to hold 2 items/);
  assert.throws(() => imageGrid(dots(2), { highlight: [true] }), /`highlight` to hold 2 items/);
  assert.throws(() => imageGrid(dots(2), { columns: 0 }), /`columns` to be a whole number above 0, got 0/);
  for (const gap of [Number.NaN, -1])
    assert.throws(
      () => imageGrid(dots(2), { gap }),
      /^RangeError: Expected `gap` to be a finite number, 0 or more, got/,
    );
  assert.throws(() => imageGrid(dots(2), { scale: -1 }), /`scale` to be a finite number above 0, got -1/);
});

test("imageGrid(images, {colours: 'diverging'}) of a map of zeros is white", async () => {
  for (const data of [new Float32Array(16), new Uint8Array(16)]) {
    for (const range of ["each", "all", undefined] as const) {
      const zeros = ndarray(data, [1, 4, 4]);
      const picture = await decode(imageGrid(zeros, { colours: "diverging", range, scale: 5 }).png);
      assert.deepEqual(picture.at(40, 40), [255, 255, 255]);
    }
  }
});

test("imageGrid refuses a picture in colours, which is no row of narrow grey ones", () => {
  const blank = (...shape: number[]) => ndarray(new Uint8Array(shape.reduce((a, b) => a * b)), shape);
  for (const shape of [
    [28, 28, 3],
    [12, 20, 4],
  ])
    assert.throws(
      () => imageGrid(blank(...shape)),
      /^Error: Expected grey images, got \[\d+, \d+, [34]\], as of one in colours: pick a channel, or pass \[n, height/,
    );
  assert.match(imageGrid(blank(28, 28, 3, 1)).alt, /^28 images of 28 × 3/);
  assert.match(imageGrid(blank(6, 3, 3)).alt, /^6 images of 3 × 3/);
  assert.match(imageGrid(blank(5, 8, 4)).alt, /^5 images of 8 × 4/);
});

test("imageGrid refuses more than a picture can hold, and says how many there are", () => {
  const one = ndarray(new Uint8Array(784), [28, 28]);
  assert.throws(
    () => imageGrid(Array(10_000).fill(one)),
    /^RangeError: Expected a picture of at most 40,000,000 pixels, 32,767 a side, got [\d,]+ × [\d,]+: of 10,000 images show some/,
  );
  assert.throws(() => imageGrid(one, { scale: 1e5 }), /^RangeError: Expected a picture of at most/);
  assert.throws(() => imageGrid(Array(20_000).fill(ndarray([1], [1, 1])), { columns: 1 }), /32,767 a side/);
});

test("imageGrid takes labels of a data set as captions", () => {
  assert.match(imageGrid(dots(2), { captions: Uint8Array.of(7, 9) }).alt, /Captions: 7, 9\.$/);
});

test("imageGrid(images) tells in words that its images differ in size", () => {
  const sized = (...sides: number[]) => sides.map((side) => ndarray(new Uint8Array(side * side), [side, side]));
  assert.equal(imageGrid(sized(2, 3, 2)).alt, "3 images of 2 × 2, 3 × 3 pixels.");
  assert.equal(imageGrid(sized(2, 3, 4, 5)).alt, "4 images of 4 sizes, the first 2 × 2 pixels.");
});

test("imageGrid draws a constant image in full ink, a blank one in none", async () => {
  for (const value of [0.5, 1]) {
    const image = ndarray(new Float32Array(16).fill(value), [4, 4]);
    for (const range of ["each", "all", undefined] as const)
      assert.deepEqual((await decode(imageGrid(image, { range, scale: 5 }).png)).at(40, 40), [17, 17, 17]);
  }
  const blank = ndarray(new Float32Array(16), [4, 4]);
  assert.deepEqual((await decode(imageGrid(blank, { scale: 5 }).png)).at(40, 40), [255, 255, 255]);
});
