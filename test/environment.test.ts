import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { test } from "node:test";

const environment = join(dirname(require.resolve("lenet-lab")), "environment.js");

/** What a fresh process prints after loading `environment`. */
function inFreshProcess(before: string, after: string, env: Record<string, string> = {}): string {
  const { TF_CPP_MIN_LOG_LEVEL: _, TF_NUM_INTRAOP_THREADS: __, ...rest } = process.env;
  const script = `${before}; require(${JSON.stringify(environment)}); ${after}`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ["-e", script], {
    env: { ...rest, ...env },
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  return stdout.trim();
}

test("environment sets TensorFlow's log level and threads, unless they are set already", () => {
  const print = "console.log(process.env.TF_CPP_MIN_LOG_LEVEL, process.env.TF_NUM_INTRAOP_THREADS)";
  assert.equal(inFreshProcess("", print), "2 1");
  assert.equal(inFreshProcess("", print, { TF_CPP_MIN_LOG_LEVEL: "0", TF_NUM_INTRAOP_THREADS: "4" }), "0 4");
});

test("environment puts back the function that Node 23 removed and tfjs-node calls", () => {
  const result = inFreshProcess(
    "const util = require('util'); delete util.isNullOrUndefined",
    "console.log([null, undefined, 0, '', false].map(util.isNullOrUndefined).join())",
  );
  assert.equal(result, "true,true,false,false,false");
});
