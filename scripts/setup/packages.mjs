// @ts-check
/** The npm side: `node_modules` as `package-lock.json` says. */
import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { damagedMnist } from "./check.mjs";
import { Failure } from "./failure.mjs";
import { hashOf, readJson } from "./files.mjs";
import { firstLoss, remember } from "./intact.mjs";
import { networkAdvice } from "./network.mjs";
import { run } from "./run.mjs";
import { freeGigabytes } from "./space.mjs";

/** @typedef {import("./project.mjs").Project} Project */

/** @param {Project} project */
export async function installPackages(project) {
  refuseStaleLock(project);
  const installed = isInstalled(project);
  const loss = installed ? (lostPackageFile(project) ?? damagedMnist(project)?.path) : undefined;
  if (installed && loss === undefined) {
    remember(project, contents(project));
    return "in place";
  }
  // npm writes this note last: without it an installation was cut short. With it, npm would not restore a lost file.
  if (loss !== undefined || !existsSync(note(project))) await rm(project.modules, { recursive: true, force: true });
  const { ok, tail } = await install(project);
  if (!ok) throw notInstalled(project, tail);
  remember(project, contents(project));
  return loss === undefined ? "installed" : `installed again (${loss} was missing or damaged)`;
}

/** @param {Project} project */
async function install(project) {
  const [command, ...first] = npm(project.env);
  // `npm install`, not `npm ci`: that would throw away a TensorFlow that is in place whenever any package changes.
  // Without install scripts: tfjs-node's would end the whole installation where its host is blocked.
  const args = ["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  // all kinds of packages, even those that NODE_ENV or the reader's npm settings leave out
  const all = ["--include=dev", "--include=optional", "--include=peer"];
  const own = join(project.state, "npm-cache");
  const cache = isUsable(usualCache(project.env)) ? [] : [`--cache=${own}`];
  const result = await run(project, command, [...first, ...args, ...all, ...cache]);
  await rm(own, { recursive: true, force: true });
  return result;
}

/**
 * The npm that started this process, else the one on the PATH.
 * @param {NodeJS.ProcessEnv} env
 * @returns {[string, ...string[]]}
 */
function npm({ npm_execpath: path }) {
  return path && basename(path) === "npm-cli.js" && existsSync(path) ? [process.execPath, path] : ["npm"];
}

/** @param {NodeJS.ProcessEnv} env */
const usualCache = (env) => env.npm_config_cache || join(homedir(), ".npm");

/**
 * Whether npm can write to its cache: the home folder of a container or a service is often read-only.
 * @param {string} cache
 */
export function isUsable(cache) {
  try {
    mkdirSync(join(cache, "_cacache"), { recursive: true });
    // an earlier `sudo npm` leaves folders that belong to root
    for (const name of ["", "tmp", "content-v2", "index-v5"]) {
      const folder = join(cache, "_cacache", name);
      if (existsSync(folder)) accessSync(folder, constants.W_OK);
    }
    return freeGigabytes(cache) > 0.5;
  } catch {
    return false;
  }
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
 * What set-up remembers of the packages: not tfjs-node's native part, which is a step of its own, and no caches.
 * @param {Project} project
 */
const contents = (project) => ({
  folder: project.modules,
  except: /^(\.cache|@tensorflow\/tfjs-node\/(lib|deps))\//,
  // an `npm install` by the reader changes this note
  key: hashOf([note(project)]),
});

/**
 * The first file of the packages that is gone, or has another size.
 * @param {Project} project
 */
export const lostPackageFile = (project) => firstLoss(project, contents(project));

/**
 * Refuses packages added to a package.json by hand: they are in no lock file, so npm would choose the version.
 * @param {Project} project
 */
export function refuseStaleLock({ root }) {
  const lock = readJson(join(root, "package-lock.json"))?.packages ?? {};
  for (const folder of ["", "lib"]) {
    const file = join(folder, "package.json");
    const manifest = readJson(join(root, file)) ?? {};
    for (const kind of ["dependencies", "devDependencies", "optionalDependencies"]) {
      const [asked, locked] = [manifest[kind] ?? {}, lock[folder]?.[kind] ?? {}];
      const name = Object.keys({ ...asked, ...locked }).find((each) => asked[each] !== locked[each]);
      if (name === undefined) continue;
      throw new Failure({
        what: `${file} and package-lock.json do not agree.`,
        why: `${name}: ${file} asks for ${asked[name] ?? "none"}, package-lock.json has ${locked[name] ?? "none"}.`,
        todo: "Run npm install, which brings package-lock.json up to date, and then the same command again.",
      });
    }
  }
}

/**
 * @param {Project} project
 * @param {string} tail
 */
function notInstalled(project, tail) {
  const damaged = "If npm speaks of EINTEGRITY, a package came damaged: npm cache clean --force helps.";
  return new Failure({
    what: "The npm packages could not be installed.",
    why: tail,
    todo: `${networkAdvice(project.env, "npm")} ${damaged} The whole output is in ${project.log}.`,
  });
}
