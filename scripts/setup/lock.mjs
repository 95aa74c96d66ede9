// @ts-check
/** One set-up at a time: a lock file that names its owner, taken over when the owner is gone. */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "./failure.mjs";

/**
 * Waits for the lock and takes it.
 * @param {string} path
 * @param {{ minutes?: number }} [options] how long to wait for another set-up
 * @returns {Promise<{ release(): void }>}
 */
export async function takeLock(path, { minutes = 30 } = {}) {
  mkdirSync(dirname(path), { recursive: true });
  const mine = JSON.stringify({ pid: process.pid, started: startOf(process.pid) });
  const until = Date.now() + minutes * 60_000;
  let told = false;
  while (!take(path, mine)) {
    const holder = read(path);
    if (holder === undefined) continue;
    const { pid, started } = parse(holder);
    if (!isRunning(pid, started)) {
      discard(path, holder);
      continue;
    }
    if (!told) console.log(`  … waiting for another set-up (process ${pid}) to finish`);
    told = true;
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
 * Removes a lock whose owner is gone, unless a third process has been faster and holds it now.
 * @param {string} path
 * @param {string} stale
 */
function discard(path, stale) {
  const aside = `${path}.${process.pid}.stale.tmp`;
  try {
    renameSync(path, aside);
    if (readFileSync(aside, "utf8") !== stale) linkSync(aside, path);
  } catch {
    // somebody else has moved it: look again
  }
  rmSync(aside, { force: true });
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
 * @param {string} started tells the process from a later one with the same number
 */
export function isRunning(pid, started) {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ESRCH") return false;
  }
  return startOf(pid) === started;
}

/**
 * When a process was started, where the system says so (Linux).
 * @param {number} pid
 */
export function startOf(pid) {
  const stat = read(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
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
