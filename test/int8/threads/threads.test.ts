import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import os from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { type Int8Options, inferInt8, int8Engine } from "../../../lib/dist/int8/engine";
import type { RunImages } from "../../../lib/dist/int8/model";
import type { Job } from "../../../lib/dist/int8/threads/chunks";
// compiled: workers are started from compiled files only
import { countThreads, threadedEngine } from "../../../lib/dist/int8/threads/threads";
import { int8Program } from "../../../lib/dist/int8/wasm/program";
import { wasmEngine } from "../../../lib/dist/int8/wasm/wasm";
import { projectDataFolder } from "../../../lib/src/data/mnist";
import { checkQuantized } from "../../../lib/src/int8/check";
import { loadQuantized } from "../../../lib/src/int8/disk";
import { assertSameBits } from "../../helpers/assertions";
import { digits } from "../../helpers/data";
import { sample } from "../../helpers/full";
import { quantizedLeNet5 } from "../../helpers/quantized-lenet";
import { root } from "../../helpers/root";

const path = join(projectDataFolder(), "checkpoints", "lenet5-int8.bin");
const shipped = loadQuantized(path);
const program = int8Program(shipped, checkQuantized(shipped), "float");
const pixels = Uint8Array.from(digits().test.images.data);
const alone = inferInt8(shipped, pixels, { engine: "wasm", threads: 1 });

test("two threads and four give the bits of one, for few images, many, and all of them again", () => {
  for (const threads of [2, 4]) {
    const engine = int8Engine(shipped, { engine: "wasm", threads });
    for (const count of [1, 19, 100, 1001, 5351, 10_000, 10_000])
      assertSameBits(engine(pixels.subarray(0, count * 784)), alone.subarray(0, count * 10), `of ${count} images`);
  }
});

test("a worker takes its share of a batch", async () => {
  let own = 0;
  const run = wasmEngine(program);
  const counted: RunImages = (images, count) => {
    own += count;
    return run(images, count);
  };
  // a stall of the machine must not make it give up its helper
  const engine = threadedEngine(program, counted, 2, { patience: 60_000 });
  const shares: number[] = [];
  for (let i = 0; i < 50 && !shares.some((share) => share < 9000); i++) {
    own = 0;
    assertSameBits(engine(pixels, 10_000), alone);
    shares.push(own);
    await sleep(20);
  }
  assert.ok(
    shares.some((share) => share < 9000),
    `the calling thread ran ${shares} of 10,000 images`,
  );
});

test("two engines share the workers, each with its own network", () => {
  const other = quantizedLeNet5(2);
  const expected = inferInt8(other, pixels, { engine: "wasm", threads: 1 });
  const [first, second] = [shipped, other].map((model) => int8Engine(model, { threads: 2 })) as [
    ReturnType<typeof int8Engine>,
    ReturnType<typeof int8Engine>,
  ];
  for (let i = 0; i < 3; i++) {
    assertSameBits(first(pixels), alone);
    assertSameBits(second(pixels), expected);
  }
});

/** An engine whose one helper does `help` with each batch; says how often the helper was asked. */
function helped(help: (job: Job) => void) {
  const asked: Job[] = [];
  const helper = {
    postMessage({ job }: { job: Job }) {
      asked.push(job);
      help(job);
    },
  };
  const engine = threadedEngine(program, wasmEngine(program), 2, { helpers: () => [helper], patience: 30 });
  return { engine, asked };
}

test("a helper that never begins delays nothing, and is asked again", () => {
  const { engine, asked } = helped(() => undefined);
  for (let i = 0; i < 2; i++) assertSameBits(engine(pixels, 10_000), alone);
  assert.ok(asked.length >= 4, `asked ${asked.length} times`);
});

test("a helper that dies with a chunk in its hands does not hang the caller, and is not asked again", () => {
  const { engine, asked } = helped(({ state }) => Atomics.add(new Int32Array(state), 0, 2));
  for (let i = 0; i < 2; i++) assertSameBits(engine(pixels, 10_000), alone);
  assert.equal(asked.length, 1);
});

test("small batches are not shared: one image, and what takes less than a worker needs to look", () => {
  const { engine, asked } = helped(() => undefined);
  for (const count of [1, 64]) engine(pixels.subarray(0, count * 784), count);
  assert.equal(asked.length, 0);
  engine(pixels.subarray(0, 1000 * 784), 1000);
  assert.equal(asked.length, 1);
});

test("batches are shared by as many threads as the processor has, unless told otherwise", (t) => {
  let processors = 0;
  const count = sample(10_000, 2000);
  t.mock.method(os, "availableParallelism", () => processors);
  const { mock } = t.mock.method(Worker.prototype, "postMessage");
  /** How many threads share a batch, the calling one included. */
  const sharing = (options?: Int8Options) => {
    mock.resetCalls();
    assertSameBits(inferInt8(shipped, pixels.subarray(0, count * 784), options), alone.subarray(0, count * 10));
    return 1 + new Set(mock.calls.map((call) => call.this)).size;
  };
  for (processors of [1, 2, 3, 5]) {
    assert.equal(countThreads(), processors);
    assert.equal(sharing(), processors);
    assert.equal(sharing({ threads: 4 }), 4);
    assert.equal(sharing({ threads: 1 }), 1);
  }
  processors = 200;
  assert.equal(countThreads(), 64);
});

test("a process that has used workers ends by itself, and one without the worker's file has its results", () => {
  const library = JSON.stringify(join(root, "lib", "dist", "index.js"));
  const script = (hide: string) => `
    ${hide}
    const { inferInt8, loadQuantized } = require(${library});
    const pixels = new Uint8Array(3000 * 784).map((_, i) => (i * 7) % 251);
    const model = loadQuantized(${JSON.stringify(path)});
    const sum = (logits) => logits.reduce((all, logit) => all + logit, 0);
    const one = sum(inferInt8(model, pixels, { threads: 1 }));
    for (let i = 0; i < 5; i++) if (sum(inferInt8(model, pixels, { threads: 3 })) !== one) throw new Error("other bits");
    console.log("ended well");
    setTimeout(() => console.log(sum(inferInt8(model, pixels, { threads: 3 })) === one), 300);`;
  const broken = `
    const threads = require("node:worker_threads");
    const { Worker } = threads;
    const get = process.getBuiltinModule;
    process.getBuiltinModule = (name) => name !== "node:worker_threads" ? get(name) :
      { ...threads, Worker: class extends Worker { constructor(file) { super(file + ".gone"); } } };`;
  for (const hide of ["", broken]) {
    const { stdout, stderr, status } = spawnSync(process.execPath, ["-e", script(hide)], {
      encoding: "utf8",
      timeout: 60_000,
    });
    assert.equal(stdout, "ended well\ntrue\n", stderr);
    assert.equal(status, 0);
  }
});
