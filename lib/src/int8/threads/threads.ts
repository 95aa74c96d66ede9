/**
 * Shares a batch among threads: the calling thread and workers take chunks of images until none is left. A worker that
 * has not woken up by then does nothing, so the caller never waits for one to start. Node only.
 *
 * Sharing pays from about 2^26 multiplications for each helper on, 2 to 3 ms of work, because a sleeping worker needs
 * that long to wake up. LeNet-5 (416,520 multiplications an image) takes its first helper from 162 images on, the
 * second from 323. Smaller batches, and always a single image, run on the calling thread alone.
 */
import type { Worker } from "node:worker_threads";
import type { RunImages } from "../model";
import type { Int8Program } from "../wasm/program";
import { kernelModule } from "../wasm/wasm";
import { awaitChunks, type Job, takeChunks } from "./chunks";

/** A thread that takes chunks of the jobs that it is sent. */
export interface Helper {
  postMessage(message: { engine: number; job: Job }): void;
}

// multiplications of a batch for each helper: 2 to 3 ms of work, as long as a sleeping worker takes to wake up
const worthOfHelp = 2 ** 26;
// multiplications of a chunk: about 0.3 ms, the longest that one thread waits for another at the end
const worthOfChunk = 2 ** 23;
// bytes of images that are copied to shared memory at a time, to keep it small
const largestSlice = 2 ** 22;

let engines = 0;

/** How many threads can work at the same time, 64 at most; 1 where there are no worker threads. */
export function countThreads(): number {
  return nodeModule("node:worker_threads") ? Math.min(64, nodeModule("node:os")?.availableParallelism() ?? 1) : 1;
}

/**
 * Shares batches among threads.
 * @param alone runs images on the calling thread
 * @param threads the calling one included
 * @param options.helpers gives `count` helpers, or as many as there are
 * @param options.patience how long, in ms, a helper may take for its last chunk
 */
export function threadedEngine(
  program: Int8Program,
  alone: RunImages,
  threads: number,
  { helpers = workers, patience = 2000 }: { helpers?: (count: number) => readonly Helper[]; patience?: number } = {},
): RunImages {
  const { size, classes, multiplications, capacity } = program;
  const chunk = Math.min(capacity, Math.ceil(worthOfChunk / multiplications));
  const slice = Math.max(1, Math.floor(largestSlice / size));
  const engine = engines++;
  let shared: Pick<Job, "program" | "module" | "pixels" | "logits"> | undefined;
  let alive = true;

  return (pixels, count) => {
    const useful = Math.min(
      threads - 1,
      Math.ceil(count / chunk) - 1,
      Math.floor((count * multiplications) / worthOfHelp),
    );
    const willing = alive && useful > 0 ? helpers(useful) : [];
    if (willing.length === 0) return alone(pixels, count);
    const logits = new Float32Array(count * classes);
    for (let first = 0; first < count; first += slice) {
      const some = Math.min(slice, count - first);
      const images = pixels.subarray(first * size, (first + some) * size);
      logits.set(alive ? together(willing, images, some) : alone(images, some), first * classes);
    }
    return logits;
  };

  function together(willing: readonly Helper[], images: Uint8Array, count: number): Float32Array {
    if (!shared || shared.pixels.byteLength < count * size)
      shared = {
        program: { ...program, image: copyShared(program.image) },
        module: kernelModule(),
        pixels: new SharedArrayBuffer(count * size),
        logits: new SharedArrayBuffer(4 * count * classes),
      };
    new Uint8Array(shared.pixels).set(images);
    const state = new SharedArrayBuffer(4 * (1 + Math.ceil(count / chunk)));
    const job: Job = { ...shared, count, chunk, state };
    for (const helper of willing) helper.postMessage({ engine, job });
    takeChunks(job, alone);
    // 1 ms for 10⁵ multiplications is 100 times what slow machines need; after a late helper, all batches run alone
    alive = awaitChunks(job, alone, patience + (chunk * multiplications) / 1e5);
    return new Float32Array(shared.logits, 0, count * classes);
  }
}

function copyShared(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}

const pool: Worker[] = [];
let usable = true;

/** Up to `count` workers, kept for later batches; none where they cannot start. They do not keep the process alive. */
function workers(count: number): readonly Worker[] {
  const { Worker } = nodeModule("node:worker_threads") ?? {};
  try {
    // the compiled file next to this one; there is none when this one runs uncompiled or in a bundle
    const file = __filename.replace("threads.js", "worker.js");
    usable &&= file !== __filename;
    while (Worker && usable && pool.length < count) {
      const worker = new Worker(file, { execArgv: [] });
      worker.unref();
      const leave = () => {
        usable = false;
        pool.length = 0;
      };
      worker.on("error", leave).on("exit", leave);
      pool.push(worker);
    }
  } catch {
    usable = false;
  }
  return pool.slice(0, count);
}

interface NodeModules {
  "node:worker_threads": typeof import("node:worker_threads");
  "node:os": typeof import("node:os");
}

/** A module of Node, if this is Node (from 20.16 on): an import would keep the library out of the browser. */
function nodeModule<Name extends keyof NodeModules>(name: Name): NodeModules[Name] | undefined {
  return typeof process === "object" ? (process.getBuiltinModule?.(name) as NodeModules[Name] | undefined) : undefined;
}
