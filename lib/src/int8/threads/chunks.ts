/** A batch in chunks that several threads take from one counter. */

import type { RunImages } from "../model";
import type { Int8Program } from "../wasm/program";
import type { WasmModule } from "../wasm/wasm";

/** A batch that lies in shared memory; can be sent to a worker. */
export interface Job {
  program: Int8Program;
  module: WasmModule;
  /** uint8 [count × size], float32 [count × classes] */
  pixels: SharedArrayBuffer;
  logits: SharedArrayBuffer;
  count: number;
  /** images in a chunk */
  chunk: number;
  /** int32: the number of the next free chunk, then for each chunk 1 once it is done */
  state: SharedArrayBuffer;
}

/** Takes chunk after chunk until none is left. */
export function takeChunks(job: Job, run: RunImages): void {
  const state = new Int32Array(job.state);
  const chunks = state.length - 1;
  for (let index = Atomics.add(state, 0, 1); index < chunks; index = Atomics.add(state, 0, 1)) {
    runChunk(job, run, index);
    Atomics.store(state, 1 + index, 1);
    Atomics.notify(state, 1 + index);
  }
}

/**
 * Waits for the chunks that helpers have taken. A late one, whose thread may have died, is computed here; should both
 * threads write it, the bits are the same.
 * @param patience longest wait in ms
 * @returns true when no chunk was late
 */
export function awaitChunks(job: Job, run: RunImages, patience: number): boolean {
  const state = new Int32Array(job.state);
  const deadline = Date.now() + patience;
  let late = 0;
  for (let index = 0; index < state.length - 1; index++) {
    if (Atomics.wait(state, 1 + index, 0, Math.max(0, deadline - Date.now())) !== "timed-out") continue;
    runChunk(job, run, index);
    late++;
  }
  return late === 0;
}

function runChunk({ program: { size, classes }, pixels, logits, count, chunk }: Job, run: RunImages, index: number) {
  const first = index * chunk;
  const some = Math.min(chunk, count - first);
  const images = new Uint8Array(pixels, first * size, some * size);
  new Float32Array(logits, 4 * first * classes, some * classes).set(run(images, some));
}
