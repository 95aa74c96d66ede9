// @ts-check
/** Writing files whole, and hashes of their contents. */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";

/**
 * Writes a file so that an interrupt leaves the old one or the new one, never half of it.
 * @param {string} path
 * @param {string} content
 */
export function writeWhole(path, content) {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.tmp`;
  writeFileSync(draft, content);
  renameSync(draft, path);
}

/**
 * The value in a JSON file, or undefined when there is none to read.
 * @param {string} path
 */
export function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

/** @param {string | Uint8Array} data */
export const sha256 = (data) => createHash("sha256").update(data).digest("hex");

/**
 * Every file under a folder (or the file itself), sorted.
 * @param {string} path
 * @returns {string[]}
 */
export function filesUnder(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) return [];
  if (!stats.isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesUnder(join(path, name)));
}

/**
 * One hash over the contents and names of all files in these paths: the same wherever the project lies.
 * @param {string[]} paths
 */
export function hashOf(paths) {
  const lines = paths.flatMap((top) =>
    filesUnder(top).map((path) => `${join(basename(top), relative(top, path))} ${sha256(readFileSync(path))}`),
  );
  return sha256(lines.join("\n"));
}

/**
 * Sizes and times of files: a cheap check that they are still as set-up left them.
 * @param {string[]} paths
 */
export function traceOf(paths) {
  const trace = (/** @type {string} */ path) => {
    const stats = statSync(path, { throwIfNoEntry: false });
    return `${path} ${stats ? `${stats.size} ${stats.mtimeMs}` : "missing"}`;
  };
  return paths.map(trace).join("\n");
}
