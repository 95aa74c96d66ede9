/** The worker of `int8/threads/threads.ts`: takes chunks of each batch that it is sent. */
import { parentPort } from "node:worker_threads";
import type { RunImages } from "../model";
import { wasmEngine } from "../wasm/wasm";
import { type Job, takeChunks } from "./chunks";

let held: { engine: number; run: RunImages } | undefined;

parentPort?.on("message", ({ engine, job }: { engine: number; job: Job }) => {
  if (held?.engine !== engine) held = { engine, run: wasmEngine(job.program, job.module) };
  takeChunks(job, held.run);
});
