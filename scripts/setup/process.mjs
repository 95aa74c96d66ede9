// @ts-check
/** Tells a process from a later one with the same number, by the time at which it was started. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * Whether the process that was noted is proved to be the one that has this number now.
 * @param {number} pid
 * @param {string} started as `startOf` gave it then
 */
export function isRunning(pid, started) {
  return pid > 0 && Boolean(started) && startOf(pid) === started;
}

/**
 * When a process was started, in the system's own words; empty when there is no such process.
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
