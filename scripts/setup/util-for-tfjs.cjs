// @ts-check
/** What stock tfjs-node 4.22 needs to load at all on Node 24 and newer, where `util` has lost two functions; set-up and the bench load it. */
Object.assign(require("node:util"), {
  isNullOrUndefined: (/** @type {unknown} */ value) => value === null || value === undefined,
  isArray: Array.isArray,
});
