/** What must be true of the process before native libraries load: `tensors/tensorflow.ts` and `onnx/runtime.ts` import this first. */
import util = require("node:util");

// TensorFlow reads these once, when its binary loads. Errors only, no start-up chatter in a notebook:
process.env.TF_CPP_MIN_LOG_LEVEL ??= "2";
// One thread an operation: sums taken in one order give the same numbers however many cores there are, and LeNet-5's operations
// are so short that dividing each costs more than it brings. Training divides the batch instead (`train/step.ts`).
process.env.TF_NUM_INTRAOP_THREADS ??= "1";

// ONNX Runtime 1.30 keeps a device id and a queue of events in the home folder and sends them to its maker, unless told not to
process.env.ORT_DISABLE_TELEMETRY ??= "1";

// tfjs-node 4.22 calls two helpers of `util` that print a warning in Node 22 and are gone in Node 24: ours replace them in each
Object.assign(util, {
  isNullOrUndefined: (value: unknown) => value === null || value === undefined,
  isArray: Array.isArray,
});
