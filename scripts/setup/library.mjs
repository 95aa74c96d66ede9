// @ts-check
/** Compiles `lib/assembly` into `lib/src`, and `lib/src` to `lib/dist`, which is what notebooks and tests import. */
import { existsSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "./failure.mjs";
import { hashOf, readJson, writeWhole } from "./files.mjs";
import { compileKernel } from "./kernel.mjs";
import { run } from "./run.mjs";

/** @typedef {import("./project.mjs").Project} Project */

/** @param {Project} project */
export const librarySources = ({ root }) =>
  ["assembly", "src", "tsconfig.json", "package.json"].map((name) => join(root, "lib", name));

/**
 * Builds when the sources differ from those of the last build, or someone else has built since.
 * @param {Project} project
 */
export async function buildLibrary(project) {
  await compileKernel(project);
  const marker = join(project.dist, "build.json");
  const sources = hashOf(librarySources(project));
  const last = readJson(marker);
  if (last?.sources === sources && last.built === timeOf(project.dist)) return "in place";
  const draft = `${project.dist}.tmp`;
  rmSync(draft, { recursive: true, force: true });
  const tsc = join(project.modules, "typescript", "bin", "tsc");
  const { ok, tail } = await run(project, process.execPath, [tsc, "-p", "lib", "--outDir", draft]);
  if (!ok) throw notBuilt(tail);
  swap(draft, project.dist);
  writeWhole(marker, `${JSON.stringify({ sources, built: timeOf(project.dist) })}\n`);
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

/** @param {string} dist */
const timeOf = (dist) => statSync(join(dist, "index.js"), { throwIfNoEntry: false })?.mtimeMs;

/** @param {string} why */
function notBuilt(why) {
  return new Failure({
    what: "The library in lib/src does not compile.",
    why,
    todo: "Mend what the compiler names (npm run build shows all of it), then run the same command again.",
  });
}
