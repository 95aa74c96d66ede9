// @ts-check
/** Where everything of the project lies. Set-up writes nothing outside `root`. */
import { appendFileSync, mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** @typedef {ReturnType<typeof openProject>} Project */

/**
 * @param {object} [options]
 * @param {string} [options.root] the project's folder
 * @param {NodeJS.ProcessEnv} [options.env] what child processes inherit
 * @param {string} [options.tensorflow] where TensorFlow's libraries go
 */
export function openProject({
  root = resolve(dirname(fileURLToPath(import.meta.url)), "..", ".."),
  env = process.env,
  tensorflow = join(root, ".tensorflow"),
} = {}) {
  const venv = join(root, ".venv");
  const state = join(root, ".setup");
  const modules = join(root, "node_modules");
  return {
    root,
    venv,
    state,
    tensorflow,
    modules,
    python: join(venv, "bin", "python"),
    tfjs: join(modules, "@tensorflow", "tfjs-node"),
    kernel: join(venv, "share", "jupyter", "kernels", "tslab", "kernel.json"),
    dist: join(root, "lib", "dist"),
    log: join(state, "setup.log"),
    lock: join(state, "lock"),
    child: join(state, "child.json"),
    temporary: join(state, "tmp"),
    stamp: join(state, "done.json"),
    env: contained(env, { venv, state }),
  };
}

/**
 * The environment of child processes: tools keep their files in the project and send nothing, and the reader's own
 * Python settings have no effect.
 * @param {NodeJS.ProcessEnv} env
 * @param {{ venv: string, state: string }} folders
 * @returns {NodeJS.ProcessEnv}
 */
function contained(env, { venv, state }) {
  const { PYTHONHOME, PYTHONPATH, JUPYTER_PATH, JUPYTER_CONFIG_PATH, VIRTUAL_ENV, ...rest } = env;
  const jupyter = join(venv, "jupyter");
  return {
    ...rest,
    PYTHONNOUSERSITE: "1",
    JUPYTER_CONFIG_DIR: join(jupyter, "config"),
    JUPYTER_DATA_DIR: join(jupyter, "data"),
    JUPYTER_RUNTIME_DIR: join(jupyter, "runtime"),
    JUPYTERLAB_SETTINGS_DIR: join(jupyter, "config", "lab", "user-settings"),
    JUPYTERLAB_WORKSPACES_DIR: join(jupyter, "config", "lab", "workspaces"),
    IPYTHONDIR: join(jupyter, "ipython"),
    JUPYTER_PLATFORM_DIRS: "0",
    TF_CPP_MIN_LOG_LEVEL: env.TF_CPP_MIN_LOG_LEVEL ?? "2",
    // these three would leave files in the home folder and in the system's temporary folder
    BIOME_LOG_PATH: join(state, "biome"),
    TSX_DISABLE_CACHE: "1",
    NODE_DISABLE_COMPILE_CACHE: "1",
    // without this, ONNX Runtime sends usage data
    ORT_DISABLE_TELEMETRY: env.ORT_DISABLE_TELEMETRY ?? "1",
  };
}

/**
 * Adds a line to the log of set-up.
 * @param {Project} project
 * @param {string} line
 */
export function log(project, line) {
  mkdirSync(dirname(project.log), { recursive: true });
  appendFileSync(project.log, `${line}\n`);
}
