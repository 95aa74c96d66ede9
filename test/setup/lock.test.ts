/** The lock of set-up between real processes. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { assertMessage, evaluate, root, temporary } from "../helpers/setup";

const url = (name: string) => JSON.stringify(pathToFileURL(join(root, "scripts", "setup", name)).href);

/** A process of its own that runs lines of code with `takeLock` and with `path`. */
function start(path: string, code: string) {
  const script = `
    import fs from "node:fs";
    const { takeLock } = await import(${url("lock.mjs")});
    const path = ${JSON.stringify(path)};
    ${code}`;
  return spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
}

/** Takes a lock at once or gives up. */
function tryLock(path: string) {
  return evaluate(
    "lock.mjs",
    `(await it.takeLock(${JSON.stringify(path)}, { minutes: 0 })).release(); console.log("taken")`,
  );
}

test("a lock is kept by its living owner, and taken over at once from another process with the owner's number", async () => {
  const { startOf } = await import("../../scripts/setup/process.mjs");
  const path = join(temporary, "lock of another");
  const started = startOf(process.pid);
  writeFileSync(path, JSON.stringify({ pid: process.pid, started }));
  assertMessage(tryLock(path), /does not finish/, new RegExp(`Process ${process.pid} `), /kill \d+/);
  for (const other of [`${started}x`, ""]) {
    writeFileSync(path, JSON.stringify({ pid: process.pid, started: other }));
    assert.equal(tryLock(path).stdout, "taken\n", other);
    assert.equal(existsSync(path), false);
  }
});

test("ps, which macOS has instead of /proc, tells processes apart as well", async (t) => {
  const { startByPs } = await import("../../scripts/setup/process.mjs");
  if (spawnSync("ps", ["-p", "1"]).error) return t.skip("there is no ps on this machine");
  const own = startByPs(process.pid);
  assert.match(own, /^\w+ \w+ +\d+ \d+:\d+:\d+ \d{4}$/);
  assert.equal(startByPs(process.pid), own);
  assert.equal(startByPs(2 ** 30), "");
});

test("eight processes that start together, some of them killed, never hold the lock two at a time", async () => {
  const path = join(temporary, "contested lock");
  const [journal, go] = [`${path}.journal`, `${path}.go`];
  // a dead owner's lock, and a dead owner's right to remove it
  for (const left of [path, `${path}.guard`]) writeFileSync(left, JSON.stringify({ pid: 2 ** 30, started: "1" }));
  writeFileSync(journal, "");
  const code = (killed: boolean) => `
    const say = (word) => fs.appendFileSync(${JSON.stringify(journal)}, word + " " + process.pid + "\\n");
    const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    while (!fs.existsSync(${JSON.stringify(go)})) await sleep(5);
    for (let i = 0; i < 3; i++) {
      const lock = await takeLock(path);
      say("begin");
      await sleep(20);
      say("end");
      ${killed ? 'process.kill(process.pid, "SIGKILL");' : "lock.release();"}
      await sleep(300 * Math.random());
    }`;
  const children = Array.from({ length: 8 }, (_, i) => start(path, code(i < 3)));
  const ended = children.map((child) => once(child, "exit"));
  writeFileSync(go, "");
  const codes = (await Promise.all(ended)).map(([code, signal]) => code ?? signal);
  assert.deepEqual(codes, [...Array(3).fill("SIGKILL"), ...Array(5).fill(0)]);
  const lines = readFileSync(journal, "utf8").trim().split("\n");
  assert.equal(lines.length, 2 * (3 + 5 * 3));
  for (let i = 0; i < lines.length; i += 2)
    assert.equal(lines[i + 1], lines[i]?.replace("begin", "end"), lines.join("\n"));
  // one that was killed may have been the last
  assert.equal(tryLock(path).stdout, "taken\n");
  assert.deepEqual(
    [path, `${path}.guard`].filter((left) => existsSync(left)),
    [],
  );
});
