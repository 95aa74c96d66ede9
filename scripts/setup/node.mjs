// @ts-check
/** Refuses a Node that the project was not tried with. Imported first, so that nothing else can fail before it. */

/** The line of Node that the project recommends; README, `.nvmrc` and `.ci/run` name the same. */
export const recommended = 24;

/** The lines that it runs on, each with its oldest minor version: 20.16 and 22.3 brought `process.getBuiltinModule`. */
export const accepted = /** @type {Record<number, number>} */ ({ 20: 16, 22: 3, 24: 0, 26: 0 });

/**
 * What is wrong with this version of Node, or undefined.
 * @param {string} version such as `24.21.0`
 */
export function nodeProblem(version) {
  const [line = 0, minor = 0] = version.split(".").map(Number);
  const oldest = accepted[line];
  if (oldest !== undefined && minor >= oldest) return undefined;
  const lines = Object.entries(accepted).map(([line, minor]) =>
    minor === 0 ? line : `${line} (from ${line}.${minor} on)`,
  );
  return {
    what: `Node ${version} cannot run this project.`,
    why: `It is tried with Node ${lines.join(", ")} only.`,
    todo: `Install Node ${recommended}, check \`node --version\`, and run the same command again.`,
  };
}

const problem = nodeProblem(process.versions.node);
if (problem) {
  console.error(`\n✗ ${problem.what}\n  Why: ${problem.why}\n  What to do: ${problem.todo}\n`);
  process.exit(1);
}
