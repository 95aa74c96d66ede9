// @ts-check
/** One set-up at a time: a lock file that names its owner, taken over unless its owner is proved to be running. */
import { randomUUID } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "./failure.mjs";
import { isRunning, startOf } from "./process.mjs";

/**
 * Waits for the lock and takes it.
 * @param {string} path
 * @param {{ minutes?: number }} [options] how long to wait for another set-up
 * @returns {Promise<{ release(): void }>}
 */
export async function takeLock(path, { minutes = 30 } = {}) {
  mkdirSync(dirname(path), { recursive: true });
  const mine = JSON.stringify({ pid: process.pid, started: startOf(process.pid), id: randomUUID() });
  const until = Date.now() + minutes * 60_000;
  let told = false;
  while (!take(path, mine)) {
    const held = read(path);
    if (held === undefined || removeDead(path, held, mine)) continue;
    const { pid, started } = parse(held);
    if (!told && isRunning(pid, started)) {
      console.log(`  … waiting for another set-up (process ${pid}) to finish`);
      told = true;
    }
    if (Date.now() > until) throw stuck(pid, minutes);
    await sleep(300);
  }
  return { release: () => read(path) === mine && rmSync(path, { force: true }) };
}

/**
 * Creates the file with its content in one step, or says that there is one already.
 * @param {string} path
 * @param {string} content
 */
function take(path, content) {
  const draft = `${path}.${process.pid}.tmp`;
  writeFileSync(draft, content);
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Removes a lock whose owner is not running. Only the holder of a second lock may do so: otherwise a slow process could
 * remove the new lock of a faster one. A second lock that was left behind is removed in the same way, under a third.
 * @param {string} path
 * @param {string} held
 * @param {string} mine
 * @returns {boolean} whether it is gone
 */
function removeDead(path, held, mine) {
  const { pid, started } = parse(held);
  if (isRunning(pid, started)) return false;
  const guard = `${path}.guard`;
  if (!take(guard, mine)) {
    const other = read(guard);
    if (other !== undefined) removeDead(guard, other, mine);
    return false;
  }
  if (read(path) === held) rmSync(path, { force: true });
  rmSync(guard, { force: true });
  return true;
}

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** @param {string} text */
function parse(text) {
  try {
    return /** @type {{ pid: number, started: string }} */ (JSON.parse(text));
  } catch {
    return { pid: 0, started: "" };
  }
}

/**
 * @param {number} pid
 * @param {number} minutes
 */
function stuck(pid, minutes) {
  return new Failure({
    what: "Another set-up of this project does not finish.",
    why: `Process ${pid} has held the lock for more than ${minutes} minutes.`,
    todo: `End it (kill ${pid}) and run the same command again.`,
  });
}
