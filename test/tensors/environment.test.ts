import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";

const environment = join(dirname(require.resolve("lenet-lab")), "tensors", "environment.js");

/** What a fresh process prints after loading `environment`. */
function inFreshProcess(before: string, after: string, env: Record<string, string> = {}): string {
  const { TF_CPP_MIN_LOG_LEVEL: _, TF_NUM_INTRAOP_THREADS: __, ORT_DISABLE_TELEMETRY: ___, ...rest } = process.env;
  const script = `${before}; require(${JSON.stringify(environment)}); ${after}`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ["-e", script], {
    env: { ...rest, ...env },
    encoding: "utf8",
  });
  assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
  return stdout.trim();
}

test("environment sets TensorFlow's log level and threads and ONNX Runtime's silence, unless they are set already", () => {
  const names = ["TF_CPP_MIN_LOG_LEVEL", "TF_NUM_INTRAOP_THREADS", "ORT_DISABLE_TELEMETRY"];
  const print = `console.log(${names.map((name) => `process.env.${name}`).join()})`;
  assert.equal(inFreshProcess("", print), "2 1 1");
  const own = Object.fromEntries(names.map((name, i) => [name, String(7 + i)]));
  assert.equal(inFreshProcess("", print, own), "7 8 9");
});

test("environment replaces the functions of util that Node 22 warns of, Node 24 lacks and tfjs-node calls", () => {
  const calls = `console.log([null, undefined, 0, "", false].map(util.isNullOrUndefined).join(), util.isArray([]), util.isArray({}))`;
  const expected = "true,true,false,false,false true false";
  assert.equal(inFreshProcess("const util = require('util')", calls), expected);
  const gone = "const util = require('util'); delete util.isNullOrUndefined; delete util.isArray";
  assert.equal(inFreshProcess(gone, calls), expected);
});

test("no file of tfjs-node calls another function that Node 24 has taken out of util", () => {
  const removed = /\butil(?:_\d+)?\.(is(?!NullOrUndefined|Array\b|Deep|Promise)[A-Z]\w+)/g;
  const folder = join(dirname(require.resolve("@tensorflow/tfjs-node/package.json")), "dist");
  const calls = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".js") && !file.endsWith("_test.js"))
    .flatMap((file) => {
      const source = readFileSync(join(folder, file), "utf8");
      return /require\("util"\)/.test(source)
        ? Array.from(source.matchAll(removed), ([, name]) => `${file}: ${name}`)
        : [];
    });
  assert.deepEqual(calls, []);
});
