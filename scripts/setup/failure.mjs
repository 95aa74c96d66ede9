// @ts-check
/** A failure that the reader can act on: what failed, why, what to do. */
export class Failure extends Error {
  /** @param {{ what: string, why: string, todo: string }} parts */
  constructor({ what, why, todo }) {
    super(what);
    this.name = "Failure";
    this.why = why;
    this.todo = todo;
  }

  /** The message as it is shown; further lines of `why` are indented below the first. */
  toText() {
    const why = this.why.trim().split("\n").join("\n    ");
    return `\n✗ ${this.message}\n  Why: ${why}\n  What to do: ${this.todo}\n`;
  }
}

/**
 * Prints a failure without a stack trace and ends with status 1; anything else is a bug, shown in full.
 * @param {unknown} error
 */
export function stop(error) {
  console.error(error instanceof Failure ? error.toText() : error);
  process.exit(1);
}
