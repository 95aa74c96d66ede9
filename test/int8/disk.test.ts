import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { loadQuantized, saveQuantized } from "../../lib/src/int8/disk";
import { encodeModel } from "../../lib/src/int8/file";
import { temporaryFolder } from "../helpers/data";
import { randomQuantized } from "../helpers/random-quantized";

test("loadQuantized(path) gives back what saveQuantized(path, model) wrote, and nothing else is left in the folder", (t) => {
  const folder = join(temporaryFolder(t), "new");
  const path = join(folder, "model.bin");
  for (const seed of [1, 2]) {
    const model = randomQuantized(seed);
    saveQuantized(path, model);
    assert.deepEqual(loadQuantized(path), model);
    assert.deepEqual(new Uint8Array(readFileSync(path)), encodeModel(model));
  }
  assert.deepEqual(readdirSync(folder), ["model.bin"]);
});

test("saveQuantized(path, model) leaves the old file when the model does not fit together", (t) => {
  const path = join(temporaryFolder(t), "model.bin");
  saveQuantized(path, randomQuantized(1));
  assert.throws(() => saveQuantized(path, { ...randomQuantized(2), layers: [] }), /number of `layers`/);
  assert.deepEqual(loadQuantized(path), randomQuantized(1));
});

test("loadQuantized(path) names the file when it is missing or damaged", (t) => {
  const path = join(temporaryFolder(t), "model.bin");
  assert.throws(() => loadQuantized(path), /^Error: Expected a file at .*model\.bin, got no such file\.$/);
  assert.throws(() => loadQuantized(dirname(path)), /^Error: Expected a file at .*, got a folder\.$/);
  writeFileSync(path, encodeModel(randomQuantized(1)).subarray(0, 100));
  assert.throws(
    () => loadQuantized(path),
    /^Error: .*model\.bin: Expected a model of \d+ bytes, got 100: the file is truncated/,
  );
});
