/**
 * Notes a SIGINT (Stop in JupyterLab, Ctrl-C elsewhere) instead of ending the process; a second one ends it as usual.
 * The caller looks at `happened()` between two steps, after a turn of the event loop, and calls `release()` at the end.
 * In a notebook, Stop ends the cell but not the loop that it started.
 */
export function watchInterrupt(): { happened: () => boolean; release: () => void } {
  let seen = false;
  const note = () => {
    seen = true;
  };
  // Not at once: tslab runs the synchronous part of a cell with `breakOnSigint`. At its end Node restores the earlier
  // handling of SIGINT, a listener added meanwhile is lost, and the next SIGINT would kill the kernel.
  const soon = setImmediate(() => process.once("SIGINT", note));
  return {
    happened: () => seen,
    release() {
      clearImmediate(soon);
      process.removeListener("SIGINT", note);
    },
  };
}
