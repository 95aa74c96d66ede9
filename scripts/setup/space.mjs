// @ts-check
/** Space on the disk, checked before anything is fetched. */
import { existsSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "./failure.mjs";

/** @typedef {import("./project.mjs").Project} Project */

/** Gigabytes that each part needs while it is made, with npm's and pip's caches. */
export const needs = { venv: 0.5, modules: 1.4, tensorflow: 1.5 };

/** Gigabytes that a whole set-up takes in the project's folder when it is done. */
export const kept = 2.2;

/**
 * Refuses to begin when what is still to be made will not fit.
 * @param {Project} project
 */
export function checkSpace(project) {
  const parts = /** @type {const} */ (["venv", "modules", "tensorflow"]);
  const missing = parts.filter(
    (part) => !existsSync(part === "tensorflow" ? join(project.tensorflow, "lib") : project[part]),
  );
  requireSpace(
    project.root,
    missing.reduce((sum, part) => sum + needs[part], 0),
  );
}

/**
 * @param {string} folder
 * @param {number} gigabytes
 * @throws {Failure} when the disk that holds the folder has less room
 */
export function requireSpace(folder, gigabytes) {
  const free = freeGigabytes(folder);
  if (free >= gigabytes) return;
  throw new Failure({
    what: "There is not enough room on the disk.",
    why: `Set-up needs ${gigabytes.toFixed(1)} GB for what is still missing (${kept} GB of a whole set-up stay); ${free.toFixed(1)} GB are free at ${folder}.`,
    todo: "Make room, then run the same command again.",
  });
}

/** @param {string} folder */
export function freeGigabytes(folder) {
  const { bavail, bsize } = statfsSync(folder);
  return (bavail * bsize) / 1e9;
}
