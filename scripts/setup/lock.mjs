// @ts-check
/** One set-up at a time: a lock file that names its owner, taken over when the owner is gone. */
import { randomUUID } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "./failure.mjs";
import { startOf, stateOf } from "./process.mjs";

const pause = 300;
const beat = 2000;

/**
 * Waits for the lock and takes it.
 * @param {string} path
 * @param {object} [options]
 * @param {number} [options.minutes] how long to wait for another set-up
 * @param {number} [options.silence] milliseconds after which an owner that cannot be proved, and gives no sign of life,
 *   counts as gone: longer than set-up ever waits for a program without handling timers
 * @param {(pid: number) => string} [options.start] when a process was started
 * @returns {Promise<{ release(): void }>}
 */
export async function takeLock(path, { minutes = 30, silence = 180_000, start = startOf } = {}) {
  mkdirSync(dirname(path), { recursive: true });
  const mine = JSON.stringify({ pid: process.pid, started: start(process.pid), id: randomUUID() });
  const until = Date.now() + minutes * 60_000;
  let told = false;
  let sign;
  let silent = 0;
  while (!take(path, mine)) {
    const held = read(path);
    if (held === undefined) continue;
    const owner = parse(held);
    const state = stateOf(owner, start);
    const latest = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    // counted in looks, not by the clock: when a laptop has slept, owner and waiter wake together
    silent = latest === sign ? silent + pause : 0;
    sign = latest;
    const isGone = state === "gone" || (state === "unknown" && silent > silence);
    if (isGone && discard(path, held, { mine, start })) continue;
    // only a proved owner is named: the reader may end it
    const pid = state === "running" ? owner.pid : undefined;
    if (!told && !isGone) console.log(`  … waiting for another set-up${pid ? ` (process ${pid})` : ""} to finish`);
    told ||= !isGone;
    if (Date.now() > until) throw stuck(path, pid, minutes);
    await sleep(pause);
  }
  const timer = setInterval(() => giveSign(path, mine), beat).unref();
  const release = () => {
    clearInterval(timer);
    if (read(path) === mine) rmSync(path, { force: true });
  };
  return { release };
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
 * Removes the lock of an owner that is gone. Only who holds a second lock may do so: otherwise a slow process could remove
 * the lock of a fast one that has taken over meanwhile. The second lock can be left behind as well, and then has a third.
 * @param {string} path
 * @param {string} stale
 * @param {{ mine: string, start: (pid: number) => string }} by
 * @returns {boolean} false: another process is at it
 */
function discard(path, stale, by) {
  const guard = `${path}.guard`;
  if (!take(guard, by.mine)) {
    const other = read(guard);
    if (other !== undefined && stateOf(parse(other), by.start) === "gone") discard(guard, other, by);
    return false;
  }
  if (read(path) === stale) rmSync(path, { force: true });
  rmSync(guard, { force: true });
  return true;
}

/**
 * @param {string} path
 * @param {string} mine
 */
function giveSign(path, mine) {
  const now = new Date();
  try {
    if (read(path) === mine) utimesSync(path, now, now);
  } catch {
    // the folder has been removed: nothing is left to guard
  }
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
 * @param {string} path
 * @param {number | undefined} pid
 * @param {number} minutes
 */
function stuck(path, pid, minutes) {
  return new Failure({
    what: "Another set-up of this project does not finish.",
    why: `${pid ? `Process ${pid}` : "A process that cannot be told from others"} has held the lock for more than ${minutes} minutes.`,
    todo: pid
      ? `End it (kill ${pid}) and run the same command again.`
      : `End the other set-up where you started it, or, if there is none, delete ${path}*; then run the same command again.`,
  });
}
