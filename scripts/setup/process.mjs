// @ts-check
/** Tells a process from a later one with the same number, by the time at which it was started. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * Whether the process that was noted is proved to be the one that has this number now.
 * @param {number} pid
 * @param {string} started as `startOf` gave it then
 */
export const isRunning = (pid, started) => stateOf({ pid, started }) === "running";

/**
 * @param {{ pid: number, started: string }} noted
 * @param {(pid: number) => string} start
 * @returns {"running" | "gone" | "unknown"} unknown: the number is in use, and nothing says by whom
 */
export function stateOf({ pid, started }, start = startOf) {
  if (!(pid > 0)) return "gone";
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ESRCH") return "gone";
  }
  const found = start(pid);
  if (found === "" || !started) return "unknown";
  return found === started ? "running" : "gone";
}

/**
 * When a process was started, in the system's own words; empty where nothing says so.
 * @param {number} pid
 */
export const startOf = (pid) => startByProc(pid) || startByPs(pid);

/**
 * Linux: in clock ticks since the machine was started.
 * @param {number} pid
 */
function startByProc(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

/**
 * macOS has no /proc. Language and time zone are fixed, so that every reader gets the same words.
 * @param {number} pid
 */
export function startByPs(pid) {
  const options = /** @type {const} */ ({ env: { PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC" }, encoding: "utf8" });
  const { status, stdout } = spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], options);
  return status === 0 ? stdout.trim() : "";
}
