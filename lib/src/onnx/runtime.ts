import "../tensors/environment";
import { checkWhole } from "../common/checks";
import { sizeOf } from "../int8/activations";
import { countImages } from "../int8/engine";

/** How ONNX Runtime is to run a file. */
export interface OnnxRunOptions {
  /** shape of an image: [channels, height, width] */
  shape?: readonly number[];
  batchSize?: number;
  threads?: number;
  /** how far the graph is optimised: a quantised one runs in integers from `"extended"` on, below that in float32 */
  optimization?: "disabled" | "basic" | "extended" | "all";
}

/**
 * Runs an ONNX file in ONNX Runtime's CPU engine.
 * @param file as `floatToOnnx` and `int8ToOnnx` write it: input `images`, output `logits`
 * @param pixels raw pixels in ONNX's order, uint8 [n × channels × height × width]; divided by 255 for float input
 * @returns logits, float32 [n × classes]
 * @throws when `pixels` is not a Uint8Array of whole images, when ONNX Runtime has no binary for this machine, and when
 *   the bytes are no ONNX file that the engine can run
 */
export async function runOnnx(
  file: Uint8Array,
  pixels: Uint8Array,
  { shape = [1, 28, 28], batchSize = 500, threads = 1, optimization = "all" }: OnnxRunOptions = {},
): Promise<Float32Array> {
  checkWhole("batchSize", batchSize, { above: 0 });
  const size = sizeOf(shape);
  const count = countImages(pixels, size);
  const { InferenceSession, Tensor } = loadRuntime();
  const session = await InferenceSession.create(file, {
    intraOpNumThreads: threads,
    graphOptimizationLevel: optimization,
    // x86 processors without VNNI would add products of uint8 × int8 in pairs that saturate at 16 bits
    extra: { session: { x64quantprecision: "1" } },
  });
  try {
    const takesFloat = (session.inputMetadata[0] as { type: string }).type === "float32";
    const logits: Float32Array[] = [];
    for (let start = 0; start < count; start += batchSize) {
      const batch = pixels.slice(start * size, (start + batchSize) * size);
      const dims = [batch.length / size, ...shape];
      const normalised = () => Float32Array.from(batch, (pixel) => pixel / 255);
      const images = takesFloat ? new Tensor("float32", normalised(), dims) : new Tensor("uint8", batch, dims);
      logits.push((await session.run({ images })).logits?.data as Float32Array);
    }
    return Float32Array.from(logits.flatMap((batch) => [...batch]));
  } finally {
    await session.release();
  }
}

/** Loads ONNX Runtime at the first run: the library must also load on machines for which ONNX Runtime has no binary. */
function loadRuntime(): typeof import("onnxruntime-node") {
  try {
    return require("onnxruntime-node");
  } catch (error) {
    const [problem] = (error as Error).message.split("\n");
    throw new Error(
      `Expected onnxruntime-node to load on ${process.platform} ${process.arch}, got "${problem}": it has no binary for every ` +
        "machine, such as Macs with an Intel processor; everything else works without it, and `inferInt8` gives its bits.",
      { cause: error },
    );
  }
}
