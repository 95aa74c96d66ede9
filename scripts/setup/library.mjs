// @ts-check
/** Compiles `lib/assembly` into `lib/src`, and `lib/src` to `lib/dist`, which is what notebooks and tests import. */
import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "./failure.mjs";
import { filesUnder, hashOf, readJson, writeWhole } from "./files.mjs";
import { compileKernel } from "./kernel.mjs";
import { run } from "./run.mjs";

/** @typedef {import("./project.mjs").Project} Project */

/** @param {Project} project */
export const librarySources = ({ root }) =>
  ["assembly", "src", "tsconfig.json", "package.json"].map((name) => join(root, "lib", name));

/** @param {Project} project */
const marker = ({ dist }) => join(dist, "build.json");

/**
 * The files of the build.
 * @param {Project} project
 */
export const libraryFiles = (project) => filesUnder(project.dist).filter((path) => path !== marker(project));

/**
 * Builds when the sources or the built files differ from those of the last build.
 * @param {Project} project
 */
export async function buildLibrary(project) {
  await compileKernel(project);
  const sources = hashOf(librarySources(project));
  const last = readJson(marker(project));
  if (last?.sources === sources && last.built === hashOf(libraryFiles(project))) return "in place";
  const draft = `${project.dist}.tmp`;
  rmSync(draft, { recursive: true, force: true });
  const tsc = join(project.modules, "typescript", "bin", "tsc");
  const { ok, tail } = await run(project, process.execPath, [tsc, "-p", "lib", "--outDir", draft]);
  if (!ok) throw notBuilt(tail);
  swap(draft, project.dist);
  writeWhole(marker(project), `${JSON.stringify({ sources, built: hashOf(libraryFiles(project)) })}\n`);
  return "built";
}

/**
 * The old build makes way for the new one: no file of a renamed source stays behind.
 * @param {string} draft
 * @param {string} dist
 */
function swap(draft, dist) {
  const old = `${dist}.old.tmp`;
  rmSync(old, { recursive: true, force: true });
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(draft, dist);
  rmSync(old, { recursive: true, force: true });
}

/** @param {string} why */
function notBuilt(why) {
  return new Failure({
    what: "The library in lib/src does not compile.",
    why,
    todo: "Mend what the compiler names (npm run build shows all of it), then run the same command again.",
  });
}
