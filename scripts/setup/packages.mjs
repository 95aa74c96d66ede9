// @ts-check
/** The npm side: `node_modules` as `package-lock.json` says. */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { Failure } from "./failure.mjs";
import { readJson } from "./files.mjs";
import { run } from "./run.mjs";

/** @typedef {import("./project.mjs").Project} Project */

/** @param {Project} project */
export async function installPackages(project) {
  if (isInstalled(project)) return "in place";
  const [command, ...first] = npm(project.env);
  // npm writes its note last: without it an earlier installation was cut short
  if (!existsSync(note(project))) await rm(project.modules, { recursive: true, force: true });
  // Not `npm ci`: it refuses a lock file that does not name the native packages of every other system.
  // Without install scripts: tfjs-node's would end the whole installation where its host is blocked.
  const args = [...first, "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const { ok, tail } = await run(project, command, args);
  if (!ok) throw notInstalled(project, tail);
  return "installed";
}

/**
 * The npm that runs us, else the one on the PATH.
 * @param {NodeJS.ProcessEnv} env
 * @returns {[string, ...string[]]}
 */
function npm({ npm_execpath: path }) {
  return path && basename(path) === "npm-cli.js" && existsSync(path) ? [process.execPath, path] : ["npm"];
}

/** @param {Project} project */
const note = ({ modules }) => join(modules, ".package-lock.json");

/**
 * Whether npm's own note of what it installed, which it writes last, agrees with the lock file.
 * @param {Project} project
 */
export function isInstalled(project) {
  const wanted = readJson(join(project.root, "package-lock.json"))?.packages;
  const found = readJson(note(project))?.packages;
  if (!wanted || !found) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === "") return true;
    const has = found[path];
    // packages for other systems are not installed
    if (!has) return Boolean(entry.optional || entry.devOptional || entry.peer);
    return has.version === entry.version && existsSync(join(project.root, path));
  });
}

/**
 * @param {Project} project
 * @param {string} tail
 */
function notInstalled(project, tail) {
  return new Failure({
    what: "The npm packages could not be installed.",
    why: tail,
    todo:
      "Check the network (a proxy? a mirror? npm's own settings apply) and run the same command again. If npm speaks of " +
      "EINTEGRITY, a package came damaged: npm cache clean --force helps. " +
      `The whole output is in ${project.log}.`,
  });
}
