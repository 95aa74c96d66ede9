/** What stock tfjs-node 4.22 needs to load at all on Node 23 and newer, where `util` has lost a function. */
import util = require("node:util");

const mutable = util as { isNullOrUndefined?: (value: unknown) => boolean };
mutable.isNullOrUndefined ??= (value) => value === null || value === undefined;
