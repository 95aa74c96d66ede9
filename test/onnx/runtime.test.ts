import assert from "node:assert/strict";
import { test } from "node:test";
import { int8ToOnnx } from "../../lib/src/onnx/export";
import { runOnnx } from "../../lib/src/onnx/runtime";
import { quantizedLeNet5 } from "../helpers/quantized-lenet";

import Module = require("node:module");

const file = int8ToOnnx(quantizedLeNet5());
const loader = Module as unknown as { _load(name: string, ...more: unknown[]): unknown };

test("lenet-lab loads without ONNX Runtime, and runOnnx says so where there is no binary for it", async (t) => {
  assert.ok(Object.keys(require.cache).some((path) => /lib\/src\/onnx\/runtime\.ts$/.test(path)));
  assert.deepEqual(
    Object.keys(require.cache).filter((path) => path.includes("onnxruntime-node")),
    [],
  );
  const load = loader._load;
  const refusing = t.mock.method(loader, "_load", (name: string, ...more: unknown[]) => {
    if (name === "onnxruntime-node")
      throw new Error("Cannot find module '../bin/onnxruntime_binding.node'\nRequire stack:");
    return load.call(loader, name, ...more);
  });
  await assert.rejects(
    runOnnx(file, new Uint8Array(784)),
    /^Error: Expected onnxruntime-node to load on \w+ \w+, got "Cannot find module '\.\.\/bin\/onnxruntime_binding\.node'": it has no binary for every machine.* `inferInt8` gives its bits\.$/,
  );
  refusing.mock.restore();
  assert.equal((await runOnnx(file, new Uint8Array(784))).length, 10);
});

test("runOnnx(file, pixels) refuses pixels that are not whole images in bytes, batches without images and files that are no ONNX", async () => {
  await assert.rejects(runOnnx(file, new Uint8Array(785)), /whole number of images of 784 bytes .*, got 785 bytes\.$/);
  await assert.rejects(
    runOnnx(file, new Float32Array(784) as unknown as Uint8Array),
    /^TypeError: .* got Float32Array/,
  );
  for (const wrong of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    for (const name of ["batchSize", "threads"])
      await assert.rejects(
        runOnnx(file, new Uint8Array(784), { [name]: wrong }),
        new RegExp(`^RangeError: Expected \`${name}\` to be a whole number above 0, got ${wrong}\\.$`),
      );
    await assert.rejects(
      runOnnx(file, new Uint8Array(784), { shape: [1, 28, wrong] }),
      /^RangeError: Expected `shape`/,
    );
  }
  await assert.rejects(
    runOnnx(file, new Uint8Array(784), { optimization: "most" as "all" }),
    /^Error: Expected `optimization` to be disabled, basic, extended, all, got most\.$/,
  );
  for (const bytes of [Uint8Array.of(1, 2, 3), file.subarray(0, 1000)])
    await assert.rejects(
      runOnnx(bytes, new Uint8Array(784)),
      /^Error: Expected `file` to hold an ONNX file that ONNX Runtime can run, got \d+ bytes that it refuses \(.*\): write/,
    );
  await assert.rejects(runOnnx(new Uint8Array(), new Uint8Array(784)), /^RangeError: Expected `file` .*, got none\.$/);
  await assert.rejects(
    runOnnx("lenet5.onnx" as unknown as Uint8Array, new Uint8Array(784)),
    /^TypeError: Expected `file` to be a Uint8Array, got String: pass the file's bytes\.$/,
  );
});

test("runOnnx(file, pixels) holds images and batches to what the file takes before it computes anything", async () => {
  for (const shape of [[28, 28, 1], [1, 14, 56], [784], [1, 1, 28, 28]])
    await assert.rejects(runOnnx(file, new Uint8Array(1568), { shape }), {
      name: "Error",
      message:
        `Expected \`shape\` [1, 28, 28] as the file takes images, got [${shape.join(", ")}]: ` +
        "in ONNX it is [channels, height, width].",
    });
  const byFour = int8ToOnnx(quantizedLeNet5(), { batch: 4 });
  const pixels = Uint8Array.from({ length: 8 * 784 }, (_, i) => (i * i) % 256);
  for (const [count, batchSize] of [
    [8, 500],
    [8, 8],
    [8, 2],
    [6, 4],
    [3, 4],
  ] as const)
    await assert.rejects(runOnnx(byFour, pixels.subarray(0, count * 784), { batchSize }), {
      name: "Error",
      message:
        `Expected images in batches of 4 as the file takes them, got ${count} in batches of ${batchSize}: ` +
        "pass `batchSize: 4` and a multiple of 4 images, or write the file without `batch`.",
    });
  const expected = await runOnnx(file, pixels);
  assert.deepEqual(await runOnnx(byFour, pixels, { batchSize: 4 }), expected);
  assert.deepEqual(await runOnnx(byFour, pixels.subarray(0, 4 * 784)), expected.subarray(0, 40));
  assert.deepEqual(await runOnnx(file, pixels, { batchSize: 3 }), expected);
});
