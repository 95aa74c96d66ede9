/** The lock of set-up between real processes. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
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
function tryLock(path: string, options: string) {
  return evaluate(
    "lock.mjs",
    `const { startByPs } = await import(${url("process.mjs")});
     (await it.takeLock(${JSON.stringify(path)}, { minutes: 0, ${options} })).release(); console.log("taken")`,
  );
}

test("a living process is told from another one with its number, with /proc and with ps", async () => {
  const { isRunning, startByPs, startOf } = await import("../../scripts/setup/process.mjs");
  for (const [name, read] of Object.entries({ "/proc": startOf, ps: startByPs })) {
    const path = join(temporary, `lock of another, ${name.slice(-2)}`);
    const started = read(process.pid);
    assert.notEqual(started, "", name);
    const options = name === "ps" ? "start: startByPs" : "";
    writeFileSync(path, JSON.stringify({ pid: process.pid, started }));
    assertMessage(tryLock(path, options), /does not finish/, new RegExp(`Process ${process.pid} `), /kill \d+/);
    writeFileSync(path, JSON.stringify({ pid: process.pid, started: `${started}x` }));
    assert.equal(tryLock(path, options).stdout, "taken\n", name);
    assert.equal(existsSync(path), false);
  }
  assert.equal(startByPs(2 ** 30), "");
  assert.equal(isRunning(process.pid, startOf(process.pid)), true);
  assert.equal(isRunning(process.pid, ""), false, "not proved");
});

test("an owner that nothing can prove keeps the lock while it gives signs of life, and is never named", async () => {
  const path = join(temporary, "lock of unknown");
  writeFileSync(path, JSON.stringify({ pid: process.pid, started: "" }));
  const refused = tryLock(path, 'start: () => ""');
  assertMessage(refused, /does not finish/, /cannot be told from others/, /where you started it/);
  assert.doesNotMatch(refused.stdout + refused.stderr, new RegExp(`\\b${process.pid}\\b`));
  const waiter = start(path, 'await takeLock(path, { silence: 1500, start: () => "" }); console.log("taken");');
  let output = "";
  waiter.stdout.on("data", (text) => {
    output += text;
  });
  const signs = setInterval(() => utimesSync(path, new Date(), new Date()), 200);
  await sleep(3000);
  clearInterval(signs);
  assert.equal(output, "  … waiting for another set-up to finish\n");
  await once(waiter, "close");
  assert.match(output, /taken/);
});

test("an owner gives signs of life", async (t) => {
  const path = join(temporary, "lock with signs");
  const owner = start(path, 'await takeLock(path); console.log("held"); setInterval(() => {}, 1000);');
  t.after(() => owner.kill("SIGKILL"));
  await once(owner.stdout, "data");
  utimesSync(path, 0, 0);
  const until = Date.now() + 20_000;
  while (statSync(path).mtimeMs === 0 && Date.now() < until) await sleep(100);
  assert.ok(statSync(path).mtimeMs > 0);
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
  assert.equal(existsSync(path), false);
  assert.equal(existsSync(`${path}.guard`), false);
});
