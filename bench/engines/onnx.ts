/** ONNX Runtime in Node, on the files that the library writes. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { floatInputs, type InferenceRequest, joined, pieces, rawInputs, serveInference } from "./inference";

serveInference(async (request: InferenceRequest & { file: string; bytes?: boolean }) => {
  const { folder, file, bytes = false, threads, batch, chunk = batch } = request;
  const session = await InferenceSession.create(readFileSync(join(folder, file)), {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: "all",
  });
  const parts: (Uint8Array | Float32Array)[][] = bytes
    ? rawInputs(request).map((images) => pieces(images, Math.min(chunk, batch)))
    : floatInputs(request);
  const tensor = (images: Uint8Array | Float32Array) => {
    const dims = [images.length / 784, 1, 28, 28];
    return images instanceof Uint8Array ? new Tensor("uint8", images, dims) : new Tensor("float32", images, dims);
  };
  const one = async (images: Uint8Array | Float32Array) =>
    (await session.run({ images: tensor(images) })).logits?.data as Float32Array;
  return {
    infer: async (images: (Uint8Array | Float32Array)[]) => {
      const logits: Float32Array[] = [];
      for (const part of images) logits.push(await one(part));
      return joined(logits);
    },
    inputs: parts,
    versions: { onnxruntimeNode: require("onnxruntime-node/package.json").version },
  };
});
