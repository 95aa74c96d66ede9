// @ts-check
/** Remembers which files a step has put into a folder, so that a later run notices when one is gone. */
import { readdirSync, statSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { readJson, writeWhole } from "./files.mjs";

/** @typedef {import("./project.mjs").Project} Project */

/**
 * @typedef {object} Contents
 * @property {string} folder
 * @property {RegExp} [except] paths inside the folder that change in daily use, with `/` between names
 * @property {string} key changes when another tool, such as `npm install`, has rightly changed the folder
 */

/** @param {Project} project @param {Contents} contents */
const noteOf = ({ state }, { folder }) => join(state, "files", `${basename(folder)}.json`);

/**
 * Notes every file in the folder with its size.
 * @param {Project} project
 * @param {Contents} contents
 */
export function remember(project, contents) {
  const { folder, except, key } = contents;
  const sizes = filesIn(folder)
    .map((path) => relative(folder, path))
    .filter((path) => !except?.test(path))
    .map((path) => [path, statSync(join(folder, path)).size]);
  writeWhole(noteOf(project, contents), JSON.stringify({ key, sizes: Object.fromEntries(sizes) }));
}

/**
 * Every file below a folder. Links, such as our library's, are not followed (Node 24's recursive readdir follows them).
 * @param {string} folder
 * @returns {string[]}
 */
function filesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesIn(path) : entry.isFile() ? [path] : [];
  });
}

/**
 * The first remembered file that is gone or has another size; files that came later do not matter.
 * @param {Project} project
 * @param {Contents} contents
 * @returns {string | undefined} its path; undefined also when nothing is remembered under this key
 */
export function firstLoss(project, contents) {
  const note = readJson(noteOf(project, contents));
  if (note?.key !== contents.key) return undefined;
  const size = (/** @type {string} */ path) => statSync(join(contents.folder, path), { throwIfNoEntry: false })?.size;
  const lost = Object.entries(note.sizes).find(([path, was]) => size(path) !== was);
  return lost && relative(project.root, join(contents.folder, lost[0]));
}
