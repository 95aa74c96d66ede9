import assert from "node:assert/strict";
import { test } from "node:test";
import { type Random, random } from "../../lib/src/common/random";
import { type AffineRanges, affine, compose, horizontalFlip } from "../../lib/src/data/augment";
import { toTensors } from "../../lib/src/data/batches";
import { elastic } from "../../lib/src/data/elastic";
import type { ImageMap } from "../../lib/src/data/image-map";
import { type Compiled, compile } from "../../lib/src/tensors/compile";
import { runKernel, tf, typeAttribute } from "../../lib/src/tensors/tensorflow";
import { assertClose, assertNoLeak, assertSameBits } from "../helpers/assertions";
import { noise, someDigits } from "../helpers/data";
import { assertNothingLeft } from "../helpers/graphs";

/** A source whose draws are all at one end of their range: +1 the upper, −1 the lower, or as listed. */
function fixed(...ends: number[]): Random {
  let draws = 0;
  const next = () => ends[draws++ % ends.length] as number;
  return { ...random(0), uniform: (low = 0, high = 1) => (low + high) / 2 + (next() * (high - low)) / 2 };
}

/** Applies a map to one image given row by row. */
function mapImage(map: ImageMap, pixels: number[][], source: Random): number[][] {
  const [height, width] = [pixels.length, pixels[0]?.length as number];
  return tf.tidy(
    () =>
      tf
        .reshape(map(tf.tensor4d(pixels.flat(), [1, height, width, 1]), source), [height, width])
        .arraySync() as number[][],
  );
}

function mapDigits(map: ImageMap, { count = 8, seed = 1 } = {}): { before: Float32Array; after: Float32Array } {
  return tf.tidy(() => {
    const { images } = toTensors(someDigits(count));
    return { before: images.dataSync() as Float32Array, after: map(images, random(seed)).dataSync() as Float32Array };
  });
}

const picture = (size: number): number[][] => {
  const source = random(size);
  return Array.from({ length: size }, () => Array.from({ length: size }, () => source.uniform()));
};

const only = (ranges: AffineRanges): ImageMap => affine({ rotation: 0, shift: 0, scale: 0, shear: 0, ...ranges });

/** Where the ink is: its mean column and row. */
function centreOf(pixels: number[][]): { x: number; y: number } {
  let [ink, x, y] = [0, 0, 0];
  pixels.forEach((row, i) => {
    row.forEach((value, j) => {
      ink += value;
      x += value * j;
      y += value * i;
    });
  });
  return { x: x / ink, y: y / ink };
}

test("affine({all 0}) changes nothing", () => {
  const { before, after } = mapDigits(only({}));
  assertSameBits(after, before);
});

test("affine({shift}) by whole pixels moves the array right and down, with background behind", () => {
  const pixels = picture(9);
  for (const [ends, dx, dy] of [
    [[1, 1, 1], 2, 2],
    [[1, -1, 1], -2, 2],
    [[0, 0, -1], 0, -2],
  ] as const) {
    const moved = mapImage(only({ shift: 2 }), pixels, fixed(...ends));
    for (let y = 0; y < 9; y++) {
      const expected = Array.from({ length: 9 }, (_, x) => pixels[y - dy]?.[x - dx] ?? 0);
      assertClose(moved[y] as number[], expected, 1e-6);
    }
  }
});

test("affine({shift}) by a fraction mixes neighbours in proportion", () => {
  const moved = mapImage(
    only({ shift: 0.25 }),
    [
      [0, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ],
    fixed(0, 1, 0),
  );
  assertClose(moved[1] as number[], [0, 0.75, 0.25, 0], 1e-6);
});

test("affine({rotation}) by 90° turns the array clockwise for +90° and back for −90°", () => {
  for (const size of [6, 7]) {
    const pixels = picture(size);
    const last = size - 1;
    const right = mapImage(only({ rotation: 90 }), pixels, fixed(1, 0, 0, 0, 0));
    const left = mapImage(only({ rotation: 90 }), pixels, fixed(-1, 0, 0, 0, 0));
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        assert.ok(Math.abs((right[y]?.[x] as number) - (pixels[last - x]?.[y] as number)) < 1e-4);
        assert.ok(Math.abs((left[y]?.[x] as number) - (pixels[x]?.[last - y] as number)) < 1e-4);
      }
    }
  }
});

test("affine({scale}) draws larger for + and smaller for −, about the centre", () => {
  const square = Array.from({ length: 20 }, (_, y) =>
    Array.from({ length: 20 }, (_, x) => (x >= 6 && x < 14 && y >= 6 && y < 14 ? 1 : 0)),
  );
  const ink = (pixels: number[][]) => pixels.flat().reduce((a, b) => a + b, 0);
  const scaled = (end: number) => mapImage(only({ scale: 0.5 }), square, fixed(0, 0, 0, end, 0));
  assert.ok(Math.abs(ink(scaled(1)) / 64 - 1.5 ** 2) < 0.15, `${ink(scaled(1))}`);
  assert.ok(Math.abs(ink(scaled(-1)) / 64 - 0.5 ** 2) < 0.05, `${ink(scaled(-1))}`);
  for (const end of [1, -1]) {
    const { x, y } = centreOf(scaled(end));
    assertClose([x, y], [9.5, 9.5], 1e-3);
  }
});

test("affine({shear}) leans an upright stroke to the right for +, by the tangent of the angle", () => {
  const stroke = Array.from({ length: 21 }, () => Array.from({ length: 21 }, (_, x) => (x === 10 ? 1 : 0)));
  const leaning = mapImage(only({ shear: 30 }), stroke, fixed(0, 0, 0, 0, 1));
  for (const y of [4, 10, 16]) {
    assertClose([centreOf([leaning[y] as number[]]).x], [10 + (10 - y) * Math.tan(Math.PI / 6)], 1e-3);
  }
});

test("affine(ranges) rotates and scales, then shears, then shifts, as plain loops do", () => {
  const size = 11;
  const pixels = picture(size);
  for (const ends of [
    [1, 1, -1, 1, 1],
    [-0.5, 0.3, 0.7, -1, 1],
    [0.8, -1, 0.2, 0.5, -0.6],
  ] as const) {
    const result = mapImage(affine({ rotation: 40, shift: 1.5, scale: 0.3, shear: 25 }), pixels, fixed(...ends));
    const [angle, lean] = [(ends[0] * 40 * Math.PI) / 180, Math.tan((ends[4] * 25 * Math.PI) / 180)];
    const factor = 1 + ends[3] * 0.3;
    // rotated and scaled, then the top moved to the right in proportion to its height
    const forward = (x: number, y: number) => {
      const [u, v] = [
        factor * (x * Math.cos(angle) - y * Math.sin(angle)),
        factor * (x * Math.sin(angle) + y * Math.cos(angle)),
      ];
      return [u - lean * v, v] as const;
    };
    const [[a, c], [b, d]] = [forward(1, 0), forward(0, 1)];
    const at = (y: number, x: number) => pixels[y]?.[x] ?? 0;
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const [u, v] = [x - 5 - ends[1] * 1.5, y - 5 - ends[2] * 1.5];
        const [px, py] = [5 + (d * u - b * v) / (a * d - b * c), 5 + (a * v - c * u) / (a * d - b * c)];
        const [left, top] = [Math.floor(px), Math.floor(py)];
        const upper = at(top, left) * (left + 1 - px) + at(top, left + 1) * (px - left);
        const lower = at(top + 1, left) * (left + 1 - px) + at(top + 1, left + 1) * (px - left);
        assertClose([result[y]?.[x] as number], [upper * (top + 1 - py) + lower * (py - top)], 1e-4);
      }
    }
  }
});

test("affine() draws for each image of its own", () => {
  const map = affine({ rotation: 0, shift: 3, scale: 0, shear: 0 });
  const same = noise("train", { count: 1 });
  const centres = tf.tidy(() => {
    const { images } = toTensors(same, [0, 0, 0, 0]);
    const moved = map(images, random(1)).dataSync() as Float32Array;
    return [0, 1, 2, 3].map((i) => moved.slice(i * 784, (i + 1) * 784).reduce((sum, value, p) => sum + value * p, 0));
  });
  assert.equal(new Set(centres).size, 4);
});

const allMaps: [string, ImageMap][] = [
  ["affine()", affine()],
  ["elastic()", elastic()],
  ["horizontalFlip()", horizontalFlip()],
  ["compose(affine(), elastic())", compose(affine(), elastic())],
  ["elastic({affine})", elastic({ affine: {} })],
];

const nested = compose(elastic(), compose(horizontalFlip(), affine()));

for (const [name, map] of allMaps) {
  test(`${name} keeps shape and range, and is the same for a seed and another for another seed`, () => {
    const { before, after } = mapDigits(map, { seed: 1 });
    assert.equal(after.length, before.length);
    assert.ok(after.every((value) => value >= 0 && value <= 1));
    assert.ok(after.some((value, i) => Math.abs(value - (before[i] as number)) > 0.1));
    assertSameBits(mapDigits(map, { seed: 1 }).after, after);
    assert.notDeepEqual(mapDigits(map, { seed: 2 }).after, after);
  });

  test(`${name} makes one tensor and leaves the images as they are`, async () => {
    await assertNoLeak(() => {
      const { images, labels } = toTensors(someDigits(4));
      const before = images.dataSync().slice() as Float32Array;
      const count = tf.memory().numTensors;
      const mapped = tf.tidy(() => map(images, random(1)));
      assert.equal(tf.memory().numTensors, count + 1);
      assertSameBits(images.dataSync() as Float32Array, before);
      tf.dispose([images, labels, mapped]);
    });
  });
}

for (const [name, map] of [...allMaps, ["compose(elastic(), compose(horizontalFlip(), affine()))", nested]] as const) {
  test(`${name}.parts give the same bits as the map, and as a graph that runs for one batch after the other`, async () => {
    const { draw, apply } = map.parts ?? assert.fail();
    await assertNothingLeft(async () => {
      let compiled: Compiled<{ mapped: tf.Tensor4D }> | undefined;
      for (const seed of [1, 2, 3]) {
        const { images, labels } = toTensors(someDigits(5 * seed), [4, 3, 2, 1, 0]);
        const draws = draw([5, 28, 28], random(seed));
        const inputs = { images, ...Object.fromEntries(draws.map((tensor, i) => [`draws${i}`, tensor])) };
        const byMap = tf.tidy(() => map(images, random(seed)));
        const byParts = tf.tidy(() => apply(images, draws));
        if (!compiled) {
          const compilation = await compile(inputs, () => ({ mapped: tf.tidy(() => apply(images, draws)) }));
          assert.equal(compilation.problem, undefined);
          compiled = compilation.compiled;
        }
        const byGraph = compiled?.run(inputs).mapped as tf.Tensor4D;
        const expected = byMap.dataSync() as Float32Array;
        assertSameBits(byParts.dataSync() as Float32Array, expected, "in two parts");
        assertSameBits(byGraph.dataSync() as Float32Array, expected, "as a graph");
        tf.dispose([images, labels, ...draws, byMap, byParts, byGraph]);
      }
      compiled?.dispose();
    });
  });
}

test("elastic({affine, strength: 0}) is affine(): the same draws move the image alike", () => {
  const uniforms = random(5);
  // the elastic part draws integers, the affine part draws none
  const source = {
    ...random(5),
    integer: () => 1,
    uniform: (low?: number, high?: number) => uniforms.uniform(low, high),
  };
  tf.tidy(() => {
    const { images } = toTensors(someDigits(8));
    const together = elastic({ affine: {}, strength: 0 })(images, source as Random);
    const alone = affine()(images, random(5));
    assertClose([...together.dataSync()], [...alone.dataSync()], 1e-5);
  });
});

test("compose(maps) has parts only when every map has", () => {
  const plain: ImageMap = (images) => images;
  assert.equal(compose(affine(), plain).parts, undefined);
  assert.equal(compose(plain).parts, undefined);
  assert.ok(compose().parts);
});

test("horizontalFlip() mirrors half of the images and leaves the others", () => {
  const { before, after } = mapDigits(horizontalFlip(), { count: 100 });
  let mirrored = 0;
  for (let i = 0; i < 100; i++) {
    const [image, result] = [before, after].map((all) => all.slice(i * 784, (i + 1) * 784)) as [
      Float32Array,
      Float32Array,
    ];
    const mirror = image.map((_, p) => image[p - (p % 28) + 27 - (p % 28)] as number);
    if (Buffer.from(result.buffer).equals(Buffer.from(mirror.buffer))) mirrored += 1;
    else assertSameBits(result, image);
  }
  assert.ok(mirrored > 30 && mirrored < 70, `${mirrored} of 100`);
});

test("compose(a, b) applies a, then b", () => {
  const double: ImageMap = (images) => tf.mul(images, 2);
  const addOne: ImageMap = (images) => tf.add(images, 1);
  assert.deepEqual(mapImage(compose(double, addOne), [[3]], random(0)), [[7]]);
  assert.deepEqual(mapImage(compose(), [[3]], random(0)), [[3]]);
});

/** Elastic deformation of one image in plain loops, from the noise that the kernel draws for a seed. */
function elasticByHand(
  pixels: number[][],
  noiseOf: (axis: number, y: number, x: number) => number,
  strength: number,
  sigma: number,
): number[][] {
  const size = pixels.length;
  const radius = Math.ceil(3 * sigma);
  const gauss = (d: number) => Math.exp((-d * d) / (2 * sigma * sigma));
  let total = 0;
  for (let d = -radius; d <= radius; d++) total += gauss(d);
  const displacement = (axis: number, y: number, x: number) => {
    let sum = 0;
    for (let row = Math.max(0, y - radius); row < Math.min(size, y + radius + 1); row++) {
      for (let column = Math.max(0, x - radius); column < Math.min(size, x + radius + 1); column++)
        sum += (gauss(row - y) / total) * (gauss(column - x) / total) * noiseOf(axis, row, column);
    }
    return sum * strength;
  };
  const at = (y: number, x: number) => pixels[y]?.[x] ?? 0;
  return pixels.map((row, y) =>
    row.map((_, x) => {
      const [px, py] = [x + displacement(0, y, x), y + displacement(1, y, x)];
      const [left, top] = [Math.floor(px), Math.floor(py)];
      const [fx, fy] = [px - left, py - top];
      const upper = at(top, left) * (1 - fx) + at(top, left + 1) * fx;
      const lower = at(top + 1, left) * (1 - fx) + at(top + 1, left + 1) * fx;
      return upper * (1 - fy) + lower * fy;
    }),
  );
}

test("elastic({strength, smoothness}) agrees with plain loops", () => {
  const size = 12;
  const pixels = picture(size);
  for (const [strength, smoothness] of [
    [34, 4],
    [20, 1.5],
    [300, 2],
    // the blur reaches beyond the image
    [3000, 30],
    [34, 80],
    [1e6, 1000],
    [20, 0.01],
  ] as const) {
    const seeds = [12345, 67890];
    const source: Random = { ...random(0), integer: () => seeds.shift() as number };
    const noise = tf.tidy(() => {
      const attributes = [
        typeAttribute("dtype", "float32"),
        typeAttribute("T", "int32"),
        typeAttribute("Tseed", "int32"),
      ];
      const inputs = [tf.tensor1d([2, size, size, 1], "int32"), tf.tensor1d(seeds, "int32")];
      return runKernel("StatelessRandomUniform", attributes, inputs).dataSync();
    });
    const noiseOf = (axis: number, y: number, x: number) => 2 * (noise[(axis * size + y) * size + x] as number) - 1;
    const expected = elasticByHand(pixels, noiseOf, strength, smoothness);
    assertClose(mapImage(elastic({ strength, smoothness }), pixels, source).flat(), expected.flat(), 1e-4);
  }
});

for (const [name, map] of [...allMaps, ["compose(elastic(), compose(horizontalFlip(), affine()))", nested]] as const) {
  test(`${name} maps each channel as it maps that channel alone`, () => {
    for (const [height, width, channels] of [
      [7, 7, 3],
      [9, 6, 2],
      [5, 8, 5],
    ] as const) {
      tf.tidy(() => {
        const images = tf.randomUniform([4, height, width, channels], 0, 1, "float32", 1) as tf.Tensor4D;
        const mapped = map(images, random(3));
        assert.deepEqual(mapped.shape, images.shape);
        const together = tf.split(mapped, channels, 3);
        for (const [i, channel] of (tf.split(images, channels, 3) as tf.Tensor4D[]).entries()) {
          const alone = map(channel, random(3)).dataSync() as Float32Array;
          assertSameBits((together[i] as tf.Tensor).dataSync() as Float32Array, alone, `channel ${i} of ${channels}`);
        }
      });
    }
  });
}

test("elastic({smoothness}) takes any smoothness on small images, and on images too large for it says what they take", () => {
  const mapped = (smoothness: number, height: number, width: number) =>
    tf.tidy(() => elastic({ smoothness })(tf.ones([2, height, width, 1]), random(1)).dataSync());
  for (const [smoothness, height, width] of [
    [60, 28, 28],
    [1000, 76, 30],
    [25, 100, 28],
  ] as const) {
    assert.ok(mapped(smoothness, height, width).every((value) => value >= 0 && value <= 1));
  }
  const message =
    "Expected a `smoothness` of at most 25 for images [100, 28], got 60: only images of at most 76 rows and columns take more.";
  assert.throws(() => mapped(60, 100, 28), { name: "RangeError", message });
});

/** The horizontal displacements of `elastic`, read off images whose pixels hold their own column. */
function displacements(map: ImageMap, count: number): number[][] {
  const size = 64;
  return tf.tidy(() => {
    const columns = tf.tile(tf.reshape(tf.range(0, size), [1, 1, size, 1]), [count, size, 1, 1]) as tf.Tensor4D;
    const moved = tf.sub(map(columns, random(1)), columns);
    // away from the border, where the field fades and background shines in
    return tf.reshape(tf.slice(moved, [0, 20, 20, 0], [count, 24, 24, 1]), [count * 24, 24]).arraySync() as number[][];
  });
}

test("elastic() moves pixels as far as a blurred uniform field does, and neighbours together", () => {
  const rows = displacements(elastic({ strength: 34, smoothness: 4 }), 20);
  const rms = (values: number[]) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
  const far = rms(rows.flat());
  // variance of uniform noise is 1/3; a Gaussian of deviation σ leaves 1 / (4πσ²) of it
  const expected = 34 * Math.sqrt(1 / 3 / (4 * Math.PI * 16));
  assert.ok(Math.abs(far / expected - 1) < 0.15, `expected about ${expected} pixels, got ${far}`);
  const steps = rows.flatMap((row) => row.slice(1).map((value, x) => value - (row[x] as number)));
  assert.ok(rms(steps) < 0.25 * far && rms(steps) > 0.1 * far, `neighbours part by ${rms(steps)}`);
});

test("affine(ranges) and elastic(options) refuse ranges that make no sense", () => {
  for (const name of ["rotation", "shift", "scale", "shear"]) {
    for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(
        () => affine({ [name]: value }),
        new RegExp(`^RangeError: Expected \`${name}\` to be a finite number in 0 … 1000000, got`),
      );
    }
  }
  assert.throws(() => affine({ scale: 1 }), /^RangeError: Expected `scale` in \[0, 1\), got 1/);
  assert.throws(() => affine({ shear: 90 }), /^RangeError: Expected `shear` in \[0, 90\) degrees, got 90/);
  assert.throws(
    () => elastic({ strength: -1 }),
    /^RangeError: Expected `strength` to be a finite number in 0 … 1000000, got -1/,
  );
  for (const far of [{ rotation: 1e300 }, { shift: 1e39 }]) assert.throws(() => affine(far), RangeError);
  assert.throws(() => elastic({ strength: 1e39 }), RangeError);
  for (const smoothness of [0, 1e-200, 1001, 1e9, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => elastic({ smoothness }), /^RangeError: Expected `smoothness`/);
  }
});

test("affine(ranges) and elastic(options) give finite images in 0 … 1 at the ends of every range", () => {
  const most = { rotation: 1e6, shift: 1e6, scale: 1 - 2 ** -53, shear: 90 - 1e-10 };
  const none = { rotation: 0, shift: 0, scale: 0, shear: 0 };
  const maps = Object.entries(most).map(([name, value]) => affine({ ...none, [name]: value }));
  for (const strength of [0, 1e6]) {
    for (const smoothness of [0.01, 1000]) maps.push(elastic({ strength, smoothness }));
  }
  for (const map of [...maps, affine(most)]) {
    const { after } = mapDigits(map, { count: 5 });
    assert.ok(after.every((value) => value >= 0 && value <= 1 + 1e-6));
  }
});
