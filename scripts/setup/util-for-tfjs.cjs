// @ts-check
/** Two functions of `util` that Node 24 has lost and stock tfjs-node 4.22 calls; loaded by set-up and by the bench. */
Object.assign(require("node:util"), {
  isNullOrUndefined: (/** @type {unknown} */ value) => value === null || value === undefined,
  isArray: Array.isArray,
});
