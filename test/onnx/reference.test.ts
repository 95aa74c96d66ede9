/** Holds exported files to ONNX's own checker and evaluator: `scripts/reference/onnx_check.py` wrote the fixture. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { subset } from "../../lib/src/data/dataset";
import { inferInt8 } from "../../lib/src/int8/engine";
import { loadLeNet5 } from "../../lib/src/network/checkpoint";
import { evaluate } from "../../lib/src/network/evaluate";
import { assertClose, assertSameBits } from "../helpers/assertions";
import { digits } from "../helpers/data";
import { checkedFiles } from "../helpers/onnx-models";
import { checkpoint, quantizedLeNet5 } from "../helpers/quantized-lenet";
import { root } from "../helpers/root";

interface CheckedFile {
  sha256: string;
  bytes: number;
  checker: string;
  reference: number[][];
  onnxruntime: number[][];
}

const { about, files }: { about: { images: number[] }; files: Record<"float" | "int8", CheckedFile> } = JSON.parse(
  readFileSync(join(root, "test", "fixtures", "onnx-check.json"), "utf8"),
);
const images = subset(digits().test, about.images);

test("the files that ONNX's checker passed are, byte for byte, those that are exported now", () => {
  for (const [name, bytes] of Object.entries(checkedFiles())) {
    const { sha256, checker } = files[name as "float" | "int8"];
    assert.equal(checker, "passed");
    const got = createHash("sha256").update(bytes).digest("hex");
    assert.equal(got, sha256, `${name}: run scripts/reference/onnx_check.py again`);
  }
});

test("tfjs's logits equal those of ONNX's evaluator to 1e-4", () => {
  const { model } = loadLeNet5(checkpoint);
  assertClose(evaluate(model, images).logits, files.float.reference.flat(), 1e-4);
  model.dispose();
});

test("inferInt8 has the bits of ONNX Runtime, and ONNX's float evaluator is a rounding or two away", () => {
  const logits = inferInt8(quantizedLeNet5(), Uint8Array.from(images.images.data as Uint8Array));
  assertSameBits(logits, Float32Array.from(files.int8.onnxruntime.flat()));
  assertClose(logits, files.int8.reference.flat(), 0.1);
});
