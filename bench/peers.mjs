// @ts-check
/** Installs the Python peers of the bench into `.venv-bench`: `node bench/peers.mjs`. A stamp says when it is done. */
import { join } from "node:path";
import { stop } from "../scripts/setup/failure.mjs";
import { takeLock } from "../scripts/setup/lock.mjs";
import { openProject } from "../scripts/setup/project.mjs";
import { endAll } from "../scripts/setup/run.mjs";
import { step } from "../scripts/setup/steps.mjs";
import { makeVenv } from "../scripts/setup/venv.mjs";

const requirements = join("bench", "requirements.txt");

/** @param {import("../scripts/setup/project.mjs").Project} project */
async function install(project) {
  const version = await makeVenv(project, {
    maker: "bench",
    requirements,
    imports: "numpy",
    packages: "Python peers of the bench",
    advice:
      "Check the network (a proxy? a package mirror? pip's own settings apply), that 4 GB are free on the disk, and that the " +
      `pins of ${requirements} exist for your Python (PYTHON=/path/to/python3 names another), then run the same command again; ` +
      "without --peers the bench measures the engines in Node.",
  });
  return version === undefined ? "in place" : `installed with Python ${version}`;
}

async function main() {
  const opened = openProject();
  const venv = join(opened.root, ".venv-bench");
  const project = { ...opened, venv, python: join(venv, "bin", "python"), log: join(opened.state, "bench.log") };
  const lock = await takeLock(project.lock);
  const interrupted = () => {
    endAll();
    lock.release();
    process.exit(130);
  };
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) process.once(signal, interrupted);
  try {
    await step(
      project,
      "Python peers (.venv-bench: PyTorch, Keras, TensorFlow Lite; some minutes the first time)",
      () => install(project),
    );
  } finally {
    lock.release();
  }
}

main().catch(stop);
