// @ts-check
/** Child processes of set-up: their output goes to the log, and they end when set-up ends. */
import { spawn } from "node:child_process";
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { readJson, writeWhole } from "./files.mjs";
import { isRunning, startOf } from "./process.mjs";
import { log } from "./project.mjs";

/** @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();

/**
 * Runs a command to its end.
 * @param {import("./project.mjs").Project} project
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, minutes?: number }} [options] `minutes`: ended after so long
 * @returns {Promise<{ ok: boolean, tail: string }>} `tail`: the last lines that it printed, or why it could not run
 */
export async function run(project, command, args, { cwd = project.root, env = project.env, minutes = 60 } = {}) {
  log(project, `\n$ ${[command, ...args].join(" ")}`);
  // straight into the file, not through a pipe: a child that outlives a killed set-up is not broken by it
  const file = openSync(project.log, "a");
  const from = fstatSync(file).size;
  // temporary files in the project: the system's folder may be too small, and leftovers are removed with ours
  mkdirSync(project.temporary, { recursive: true });
  const options = { cwd, env: { ...env, TMPDIR: project.temporary }, detached: true };
  const child = spawn(command, args, { ...options, stdio: ["ignore", file, file] });
  running.add(child);
  if (child.pid) writeWhole(project.child, JSON.stringify({ pid: child.pid, started: startOf(child.pid) }));
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    end(child.pid, "SIGKILL");
  }, minutes * 60_000);
  const problem = await new Promise((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code, signal) => resolve(code === 0 ? undefined : (signal ?? `exit status ${code}`)));
  });
  clearTimeout(timer);
  running.delete(child);
  rmSync(project.child, { force: true });
  closeSync(file);
  const printed = lastLines(readFileSync(project.log).subarray(from).toString());
  const why = late ? `It had not finished after ${minutes} minutes.` : `${command} ended with ${problem}.`;
  return { ok: problem === undefined, tail: problem === undefined ? printed : `${why}\n${printed}`.trim() };
}

/** Ends every child process with the processes that it started. */
export function endAll() {
  for (const child of running) end(child.pid, "SIGTERM");
}

/**
 * Ends a process that a killed set-up has left running: it would write to the same files.
 * @param {import("./project.mjs").Project} project
 */
export async function endOrphan(project) {
  const { pid, started } = readJson(project.child) ?? {};
  const remains = () => isRunning(pid, started);
  if (remains()) end(pid, "SIGTERM");
  for (let i = 0; i < 50 && remains(); i++) await sleep(100);
  if (remains()) end(pid, "SIGKILL");
  rmSync(project.child, { force: true });
}

/**
 * Ends a process with the group that it leads.
 * @param {number | undefined} pid
 * @param {NodeJS.Signals} signal
 */
function end(pid, signal) {
  try {
    if (pid) process.kill(-pid, signal);
  } catch {
    // it has ended by itself
  }
}

/** Lines of output that tell nothing about a failure. */
const chatter =
  /^\s*(WARNING|npm (warn|notice)|npm error\s*[{}]?\s*$|npm error +at |npm error A complete log|Collecting|Processing|Downloading|Using cached|Looking in|[━╸╺ ]+\d)/i;

/** pip names the cause of a failed connection in a warning, once an attempt. */
const lostConnection = /^WARNING: Retrying .* after connection broken by '(.*)': \S+$/;

/**
 * The last lines of output, without `chatter`.
 * @param {string} text
 */
export function lastLines(text, count = 12) {
  const plain = stripVTControlCharacters(text).replace(/[^\n]*\r(?=[^\n])/g, "");
  const lines = plain
    .split("\n")
    .map((line) => line.replace(lostConnection, "connection broken: $1").replace(/<[^<>]* object at 0x\w+>: /g, ""))
    .filter((line) => line.trim() !== "" && !chatter.test(line));
  return [...new Set(lines)]
    .slice(-count)
    .map((line) => (line.length > 300 ? `${line.slice(0, 300)} …` : line))
    .join("\n");
}
