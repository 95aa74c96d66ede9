/** The library's integers: raw pixels in, logits out. `engine` says whether the readable reference computes them. */
import { type Int8Engine, type Int8Options, int8Engine, loadQuantized } from "lenet-lab";
import { type InferenceRequest, rawInputs, serveInference } from "./inference";

// one engine a process, prepared once however often the batch changes
let infer: Int8Engine | undefined;

serveInference((request: InferenceRequest & Pick<Int8Options, "engine">) => {
  const { quantized, threads, engine } = request;
  infer ??= int8Engine(loadQuantized(quantized), { engine, threads });
  return { infer, inputs: rawInputs(request), versions: {} };
});
