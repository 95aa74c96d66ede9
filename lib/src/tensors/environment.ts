/** Settings that native libraries read as they load: `tensors/tensorflow.ts` and `onnx/runtime.ts` import it first. */
import util = require("node:util");

// TensorFlow reads these once, when its binary loads. Errors only, no start-up chatter in a notebook:
process.env.TF_CPP_MIN_LOG_LEVEL ??= "2";
// One thread an operation: sums in one order give the same numbers on any number of cores, and dividing LeNet-5's short
// operations costs more than it gains. Training divides the batch instead (`train/step.ts`).
process.env.TF_NUM_INTRAOP_THREADS ??= "1";

// without this, ONNX Runtime 1.30 keeps a device id in the home folder and sends events to its maker
process.env.ORT_DISABLE_TELEMETRY ??= "1";

// tfjs-node 4.22 calls two helpers of `util` that warn in Node 22 and are gone from Node 24: replaced in every version
Object.assign(util, {
  isNullOrUndefined: (value: unknown) => value === null || value === undefined,
  isArray: Array.isArray,
});
