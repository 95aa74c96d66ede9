/** `lenet-lab/int8`, without TensorFlow: what it loads, in a bare engine, by its name and in a browser's bundle. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createContext, runInContext } from "node:vm";
import { buildSync } from "esbuild";
import { inferInt8 } from "../../lib/src/int8/engine";
import { decodeModel } from "../../lib/src/int8/file";
import { predictionsOf } from "../../lib/src/metrics/accuracy";
import { bareContext } from "../helpers/bare-context";
import { digits } from "../helpers/data";
import { root } from "../helpers/root";

const bytes = readFileSync(join(root, "data", "checkpoints", "lenet5-int8.bin"));
const pixels = digits().test.images.data.subarray(0, 20 * 784) as Uint8Array;
const expected = [...predictionsOf(inferInt8(decodeModel(bytes), pixels), { classes: 10 })];
const logits = "inferInt8(decodeModel(Uint8Array.from(bytes)), Uint8Array.from(pixels))";
const answer = `[...predictionsOf(${logits}, { classes: 10 })]`;

test("lenet-lab/int8 brings the rooms int8, metrics and common only, and reads digits in an engine that has nothing but the language", () => {
  const { context, files } = bareContext("int8");
  const rooms = new Set(files.map((file) => file.split("/")[0]));
  assert.deepEqual([...rooms].sort(), ["common", "int8", "metrics"]);
  Object.assign(context, { bytes: [...bytes], pixels: [...pixels] });
  assert.deepEqual([...runInContext(answer, context)], expected);
});

test("lenet-lab/int8 is found by its name, compiled, and loads no package and nothing of Node but its workers", () => {
  const before = new Set(Object.keys(require.cache));
  const lab = require("lenet-lab/int8") as typeof import("../../lib/src/int8");
  const loaded = Object.keys(require.cache).filter((file) => !before.has(file));
  assert.ok(loaded.length > 5, `${loaded}`);
  assert.deepEqual(
    loaded.filter((file) => !file.startsWith(join(root, "lib", "dist"))),
    [],
  );
  assert.deepEqual([...lab.predictionsOf(lab.inferInt8(lab.decodeModel(bytes), pixels), { classes: 10 })], expected);
});

test("lenet-lab/int8 can be bundled for a browser in less than 48 KB, which run without require, process and Buffer", (t) => {
  const [bundle] = buildSync({
    stdin: { contents: 'export * from "lenet-lab/int8";', resolveDir: root },
    bundle: true,
    format: "iife",
    globalName: "lab",
    minify: true,
    platform: "browser",
    write: false,
  }).outputFiles;
  const script = bundle?.text ?? "";
  t.diagnostic(`${script.length} bytes`);
  assert.ok(script.length < 48_000, `${script.length} bytes`);
  const context = createContext({ bytes: [...bytes], pixels: [...pixels], atob });
  runInContext(`${script}; var { decodeModel, inferInt8, predictionsOf } = lab;`, context);
  assert.deepEqual([...runInContext(answer, context)], expected);
});
