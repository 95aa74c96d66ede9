/** What a worker of `int8-threads.ts` does: it helps with each batch that it is told of. */
import { parentPort } from "node:worker_threads";
import { type Job, takeChunks } from "./int8-chunks";
import type { RunImages } from "./int8-reference";
import { wasmEngine } from "./int8-wasm";

let held: { engine: number; run: RunImages } | undefined;

parentPort?.on("message", ({ engine, job }: { engine: number; job: Job }) => {
  if (held?.engine !== engine) held = { engine, run: wasmEngine(job.program, job.module) };
  takeChunks(job, held.run);
});
