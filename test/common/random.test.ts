import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { drawingFrom, mixSeed, random } from "../../lib/src/common/random";
import { meanAndDeviation } from "../../lib/src/metrics/accuracy";
import { root } from "../helpers/root";

/** How often each of 0 … bins − 1 occurs; anything else fails. */
function tally(values: number[], bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) {
    const count = counts[value];
    assert.notEqual(count, undefined, `${value} is outside`);
    counts[value] = (count as number) + 1;
  }
  return counts;
}

/** Pearson's statistic against equal counts. */
function chiSquare(counts: number[]): number {
  const expected = counts.reduce((a, b) => a + b, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

test("random(seed) gives the numbers that it has always given", () => {
  const source = random(42);
  assert.deepEqual(
    [source.uniform(), source.uniform(), source.uniform()],
    [0.9829996530486182, 0.7792868660558333, 0.039170631599670935],
  );
  assert.deepEqual([source.integer(0, 99), source.integer(0, 99), source.integer(-5, 5)], [23, 52, -5]);
  assert.deepEqual([source.normal(), source.normal()], [-0.8560341812347672, -1.2797351137487296]);
  assert.deepEqual(source.shuffle([0, 1, 2, 3, 4, 5, 6, 7]), [2, 3, 0, 6, 4, 1, 7, 5]);
  assert.equal(random(1, 2, 3).uniform(), 0.49780751947693325);
});

test("random(...path) gives other numbers for every path", () => {
  const paths = [
    [],
    [0],
    [1],
    [-1],
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 2],
    [2, 1],
    [1, 2, 0],
    [1, 2, 3],
    [2 ** 31],
    [2 ** 31 - 1],
  ];
  assert.equal(new Set(paths.map((path) => random(...path).uniform())).size, paths.length);
  assert.equal(random(5, 6).uniform(), random(5, 6).uniform());
});

test("mixSeed(parts) does not collide on neighbouring paths more often than chance", () => {
  const seeds = new Set<number>();
  for (let seed = 0; seed < 10; seed++)
    for (let epoch = 0; epoch < 30; epoch++)
      for (let step = 0; step < 100; step++) seeds.add(mixSeed([seed, epoch, step]));
  // 30,000 draws from 2³² values: 0.1 collisions are expected
  assert.ok(seeds.size >= 29998, `${30000 - seeds.size} collisions`);
});

test("mixSeed([seed]) tells seeds apart in all their bits", () => {
  const seeds = [0, 1, 5, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1].flatMap((low) =>
    [0, 1, 2, 3, 1000, 2 ** 20].map((high) => high * 2 ** 32 + low),
  );
  const below = [-(2 ** 31) - 1, -(2 ** 32), -(2 ** 32) - 1, -(2 ** 52), Number.MIN_SAFE_INTEGER];
  const all = [...seeds, ...below, Number.MAX_SAFE_INTEGER];
  assert.equal(new Set(all.map((seed) => mixSeed([seed]))).size, all.length);
  assert.equal(new Set(all.map((seed) => mixSeed([seed, 3]))).size, all.length);
  assert.equal(new Set(all.map((seed) => mixSeed([3, seed]))).size, all.length);
});

test("mixSeed([seed]) of 32 bits, with a sign or without, is what it has always been", () => {
  const ever: [number, number][] = [
    [0, 822192327],
    [1, -719966532],
    [42, -2079233911],
    [2147483647, -190924448],
    [2147483648, 1531584291],
    [4294967295, -643945373],
    [-1, -643945373],
    [-2147483648, 1531584291],
  ];
  for (const [seed, mixed] of ever) assert.equal(mixSeed([seed]), mixed, `${seed}`);
  // as the lowest 32 bits say, by the definition
  const by32Bits = (parts: number[]) => {
    let hash = 0x9e3779b9;
    for (const part of parts) {
      hash ^= part | 0;
      hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
      hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
      hash = (hash ^ (hash >>> 16)) + 0x9e3779b9;
    }
    return hash | 0;
  };
  const source = random(8);
  for (let i = 0; i < 1000; i++) {
    const parts = Array.from({ length: 3 }, () => Math.floor(source.uniform(-(2 ** 31), 2 ** 32)));
    assert.equal(mixSeed(parts), by32Bits(parts), `${parts}`);
  }
});

test("random(seed) refuses seeds that are not whole numbers", () => {
  for (const seed of [0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => random(seed), /^RangeError: Expected a seed to be a whole number, got/);
  }
});

test("random.uniform(low, high) has the range and moments of a uniform distribution", () => {
  const source = random(1);
  const values = Array.from({ length: 20000 }, () => source.uniform(-2, 4));
  assert.ok(values.every((value) => value >= -2 && value < 4));
  const { mean, deviation } = meanAndDeviation(values);
  // four standard errors
  assert.ok(Math.abs(mean - 1) < (4 * Math.sqrt(3)) / Math.sqrt(20000), `mean ${mean}`);
  assert.ok(Math.abs(deviation - Math.sqrt(3)) < 0.025, `deviation ${deviation}`);
  const bins = values.map((value) => Math.floor(((value + 2) / 6) * 20));
  assert.ok(chiSquare(tally(bins, 20)) < 43.8, "19 degrees of freedom, 0.1 %");
});

test("random.integer(low, high) includes both ends, each number equally often", () => {
  const source = random(2);
  const draws = Array.from({ length: 14000 }, () => source.integer(-3, 3) + 3);
  assert.ok(chiSquare(tally(draws, 7)) < 22.5, "6 degrees of freedom, 0.1 %");
});

test("random.normal(mean, deviation) has the moments of a normal distribution", () => {
  const source = random(3);
  const values = Array.from({ length: 20000 }, () => source.normal(5, 2));
  const { mean, deviation } = meanAndDeviation(values);
  assert.ok(Math.abs(mean - 5) < 0.06, `mean ${mean}`);
  assert.ok(Math.abs(deviation - 2) < 0.04, `deviation ${deviation}`);
  const moment = (power: number) =>
    values.reduce((sum, value) => sum + ((value - mean) / deviation) ** power, 0) / values.length;
  assert.ok(Math.abs(moment(3)) < 0.07, `skewness ${moment(3)}`);
  assert.ok(Math.abs(moment(4) - 3) < 0.14, `kurtosis ${moment(4)}`);
});

test("random.shuffle(items) reorders in place and returns the same items", () => {
  const items = Uint16Array.from({ length: 1000 }, (_, i) => i);
  const shuffled = random(4).shuffle(items);
  assert.equal(shuffled, items);
  assert.notDeepEqual(
    shuffled,
    Uint16Array.from({ length: 1000 }, (_, i) => i),
  );
  assert.deepEqual(
    shuffled.slice().sort(),
    Uint16Array.from({ length: 1000 }, (_, i) => i),
  );
  assert.deepEqual(random(4).shuffle([]), []);
});

test("random.shuffle(items) makes every order equally likely", () => {
  const source = random(5);
  const counts = new Map<string, number>();
  for (let i = 0; i < 12000; i++) {
    const order = source.shuffle([0, 1, 2, 3]).join("");
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assert.equal(counts.size, 24);
  assert.ok(chiSquare([...counts.values()]) < 49.7, "23 degrees of freedom, 0.1 %");
});

test("drawingFrom(random(seed), f) fixes what f draws by Math.random, and gives it back, also after an error", () => {
  const before = Math.random;
  const draws = (seed: number) => drawingFrom(random(seed), () => [Math.random(), Math.random()]);
  assert.deepEqual(draws(1), draws(1));
  assert.notDeepEqual(draws(1), draws(2));
  assert.ok(draws(3).every((value) => value >= 0 && value < 1));
  const fails = () => {
    throw new Error("on purpose");
  };
  assert.throws(() => drawingFrom(random(1), fails), /on purpose/);
  assert.equal(Math.random, before);
});

test("nothing draws from Math.random in the library, the notebooks or the scripts", () => {
  const sources = ["lib/src", "notebooks", "scripts", "bench"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => /\.(ts|mjs|ipynb)$/.test(file) && !file.includes(".ipynb_checkpoints"))
      .map((file) => join(root, folder, file)),
  );
  assert.ok(sources.length > 15);
  // in a notebook it may be named in the prose, not in a cell of code
  const code = (file: string) => {
    const text = readFileSync(file, "utf8");
    if (!file.endsWith(".ipynb")) return text;
    const { cells } = JSON.parse(text) as { cells: { cell_type: string; source: string | string[] }[] };
    return cells
      .filter((cell) => cell.cell_type === "code")
      .map((cell) => [cell.source].flat().join(""))
      .join("\n");
  };
  const naming = sources.filter((file) => /Math\s*\.\s*random/.test(code(file)));
  // one gives others a seeded source in its place, one watches whether others draw from it
  const watching = ["common/random.ts", "tensors/trace.ts"].map((file) => join(root, "lib", "src", file));
  assert.deepEqual(naming, watching);
  for (const file of watching) assert.doesNotMatch(code(file), /Math\s*\.\s*random\s*\(/);
});

test("random(seed).integer(low, high) refuses bounds that are not whole or the wrong way round", () => {
  const { integer } = random(1);
  for (const [low, high] of [
    [0, 2.5],
    [0.5, 2],
    [0, Number.NaN],
    [Number.NaN, 1],
    [0, Infinity],
    [5, 1],
  ] as const)
    assert.throws(() => integer(low, high), /^RangeError: Expected `(low|high)` to be a whole number.*, got/);
  assert.equal(integer(-3, -3), -3);
});
