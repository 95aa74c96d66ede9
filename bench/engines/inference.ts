/** What all inference engines in Node have in common: blocks of calls, timed; each call another test image or batch. */
import { type Request, serve } from "./child";
import { normalised, pixelsPerImage, readImages } from "./data";

/** What the bench tells an inference engine. */
export interface InferenceRequest extends Request {
  /** the folder of the IDX files */
  mnist: string;
  /** the float weights, `.safetensors` */
  weights: string;
  /** the quantised network */
  quantized: string;
  /** where files for the bench may lie */
  folder: string;
  /** images a call */
  batch: number;
  /** images that the engine computes at once; a call of more loops over such parts */
  chunk?: number;
  threads: number;
}

/** An engine, ready: from the images of one call to logits, float32 [n × 10]. */
export interface Prepared<Input> {
  infer: (images: Input) => Float32Array | Promise<Float32Array>;
  /** in turn */
  inputs: Input[];
  versions: Record<string, string>;
}

/** Serves an engine. */
export function serveInference<Input>(prepare: (request: never) => Prepared<Input> | Promise<Prepared<Input>>): void {
  let engine: Prepared<Input>;
  let batch = 1;
  let at = 0;
  const next = (calls: number) =>
    Array.from({ length: calls }, () => engine.inputs[at++ % engine.inputs.length] as Input);
  void serve({
    async prepare(request: InferenceRequest) {
      engine = await prepare(request as never);
      batch = request.batch;
      return { versions: engine.versions };
    },
    async run({ blocks, calls }: { blocks: number; calls: number }) {
      const microseconds: number[] = [];
      for (let block = 0; block < blocks; block++) microseconds.push(await timed(engine.infer, next(calls)));
      return { microseconds };
    },
    async logits({ count }: { count: number }) {
      const logits: number[] = [];
      for (const input of engine.inputs.slice(0, Math.ceil(count / batch))) {
        // one by one: a large batch has more logits than a call may have arguments
        for (const logit of await engine.infer(input)) logits.push(logit);
      }
      return { logits: logits.slice(0, count * 10) };
    },
  });
}

/** Microseconds a call. */
async function timed<Input>(infer: Prepared<Input>["infer"], inputs: Input[]): Promise<number> {
  const began = process.hrtime.bigint();
  for (const input of inputs) {
    const logits = infer(input);
    // waiting costs time, and an engine that has its answer at once need not pay for it
    if (logits instanceof Promise) await logits;
  }
  return Number(process.hrtime.bigint() - began) / 1000 / inputs.length;
}

/** The test images of each call, raw. */
export function rawInputs({ mnist, batch }: InferenceRequest): Uint8Array[] {
  return pieces(readImages(mnist, "t10k"), batch);
}

/** The test images of each call as floats in [0, 1], in the parts that the engine computes at once. */
export function floatInputs(request: InferenceRequest): Float32Array[][] {
  const { batch, chunk = batch } = request;
  return rawInputs(request).map((images) => pieces(normalised(images), Math.min(chunk, batch)));
}

/** Copies, each of so many images. */
export function pieces<Pixels extends Uint8Array | Float32Array>(pixels: Pixels, images: number): Pixels[] {
  const size = images * pixelsPerImage;
  return Array.from(
    { length: Math.ceil(pixels.length / size) },
    (_, i) => pixels.slice(i * size, (i + 1) * size) as Pixels,
  );
}

/** The logits of several parts, end to end. */
export function joined(parts: Float32Array[]): Float32Array {
  const [first] = parts;
  if (first && parts.length === 1) return first;
  const all = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
