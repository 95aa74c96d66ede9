// @ts-check
/** Refuses a Node that the project was not tried with. Imported first, so that nothing else can fail before it. */

const accepted = [20, 22, 24];

/**
 * What is wrong with this version of Node, or undefined.
 * @param {string} version such as `20.20.2`
 */
export function nodeProblem(version) {
  if (accepted.includes(Number(version.split(".")[0]))) return undefined;
  return {
    what: `Node ${version} cannot run this project.`,
    why: `The native TensorFlow binding is tried with Node ${accepted.join(", ")} only.`,
    todo: "Install Node 22 (any 20, 22 or 24 will do), check `node --version`, and run the same command again.",
  };
}

const problem = nodeProblem(process.versions.node);
if (problem) {
  console.error(`\n✗ ${problem.what}\n  Why: ${problem.why}\n  What to do: ${problem.todo}\n`);
  process.exit(1);
}
