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
  for (const batchSize of [0, -1, 1.5])
    await assert.rejects(runOnnx(file, new Uint8Array(784), { batchSize }), /^RangeError: Expected `batchSize` to be/);
  await assert.rejects(runOnnx(Uint8Array.of(1, 2, 3), new Uint8Array(784)), /protobuf parsing failed/);
});
