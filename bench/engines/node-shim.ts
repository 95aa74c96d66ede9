/** What stock tfjs-node 4.22 needs to load at all on Node 24 and newer, where `util` has lost two functions. */
import util = require("node:util");

Object.assign(util, {
  isNullOrUndefined: (value: unknown) => value === null || value === undefined,
  isArray: Array.isArray,
});
