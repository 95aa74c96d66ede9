/**
 * Notes a SIGINT (Stop in JupyterLab, Ctrl-C elsewhere) instead of dying of it; a second one has its usual effect.
 * The caller looks at `happened()` between two pieces of work, after a turn of the event loop, and calls `release()`
 * when it is done. In a notebook the kernel ends the cell by itself, but not the loop that the cell started.
 */
export function watchInterrupt(): { happened: () => boolean; release: () => void } {
  let seen = false;
  const note = () => {
    seen = true;
  };
  // Not at once: tslab runs the first, synchronous part of a cell with `breakOnSigint`, at whose end Node puts back the
  // signal action it found, over the listener added meanwhile; the next SIGINT would then kill the kernel.
  const soon = setImmediate(() => process.once("SIGINT", note));
  return {
    happened: () => seen,
    release() {
      clearImmediate(soon);
      process.removeListener("SIGINT", note);
    },
  };
}
