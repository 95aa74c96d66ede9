/** What must be true of the process before tfjs-node loads; `tensorflow.ts` imports this first. */
import util = require("node:util");

// TensorFlow reads these once, when its binary loads. Errors only, no start-up chatter in a notebook:
process.env.TF_CPP_MIN_LOG_LEVEL ??= "2";
// One thread an operation: sums taken in one order give the same numbers however many cores there are, and LeNet-5's operations
// are so short that dividing each costs more than it brings. Training divides the batch instead (`training-step.ts`).
process.env.TF_NUM_INTRAOP_THREADS ??= "1";

// tfjs-node 4.22 calls a helper that Node 23 removed from `util`
const mutable = util as { isNullOrUndefined?: (value: unknown) => boolean };
mutable.isNullOrUndefined ??= (value) => value === null || value === undefined;
