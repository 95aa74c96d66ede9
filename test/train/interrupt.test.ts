import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { watchInterrupt } from "../../lib/src/train/interrupt";
import { root } from "../helpers/root";

const turn = () => new Promise((resolve) => setTimeout(resolve, 20));

/** A signal takes as long to arrive as the machine is busy. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

test("watchInterrupt() notes a SIGINT, after a turn of the event loop, instead of dying of it", async () => {
  const { happened, release } = watchInterrupt();
  await turn();
  assert.equal(happened(), false);
  process.kill(process.pid, "SIGINT");
  await until(happened);
  release();
});

test("watchInterrupt().release() removes its listener, whether a SIGINT came or not", async () => {
  const before = process.listenerCount("SIGINT");
  const [first, second, third] = [watchInterrupt(), watchInterrupt(), watchInterrupt()];
  third.release();
  await turn();
  assert.equal(process.listenerCount("SIGINT"), before + 2);
  first.release();
  process.kill(process.pid, "SIGINT");
  await until(second.happened);
  assert.deepEqual([first.happened(), second.happened()], [false, true]);
  second.release();
  assert.equal(process.listenerCount("SIGINT"), before);
});

test("watchInterrupt() lets a second SIGINT have its usual effect", () => {
  const script = `
    const watch = require("./lib/dist/train/interrupt").watchInterrupt();
    setTimeout(() => process.kill(process.pid, "SIGINT"), 50);
    const timer = setInterval(() => {
      if (!watch.happened()) return;
      clearInterval(timer);
      console.log("alive");
      process.kill(process.pid, "SIGINT");
      setTimeout(() => console.log("still alive"), 5000);
    }, 10);`;
  const { stdout, signal } = spawnSync(process.execPath, ["-e", script], { cwd: root, encoding: "utf8" });
  assert.deepEqual({ stdout, signal }, { stdout: "alive\n", signal: "SIGINT" });
});
