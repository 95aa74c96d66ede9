/** The WebAssembly kernel: compiled once, an instance with memory of its own for each network. */

import type { RunImages } from "../model";
import { kernelBase64 } from "./kernel-bytes";
import type { Int8Program } from "./program";

/** The part of WebAssembly used here: TypeScript declares it only in its types for browsers. */
declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean;
  Module: new (bytes: Uint8Array) => WasmModule;
  Instance: new (module: WasmModule) => { exports: Exports };
};

/** A compiled kernel; can be sent to a worker. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: string;
}

interface Exports {
  memory: { buffer: ArrayBuffer; grow(pages: number): number };
  run(start: number, count: number, pixels: number, size: number, logits: number, classes: number): void;
}

let compiled: WasmModule | undefined;

/**
 * The kernel, compiled at the first call.
 * @throws where there is no WebAssembly with SIMD
 */
export function kernelModule(): WasmModule {
  if (compiled) return compiled;
  const bytes = kernelBytes();
  if (typeof WebAssembly !== "object" || !WebAssembly.validate(bytes))
    throw new Error(
      'Expected an engine with WebAssembly SIMD, got one without: let `engine` be "auto" or "reference".',
    );
  compiled = new WebAssembly.Module(bytes);
  return compiled;
}

/**
 * Loads a network into an instance of the kernel.
 * @throws when there is not enough memory
 */
export function wasmEngine(program: Int8Program, module = kernelModule()): RunImages {
  const { image, memory: needed, start, pixels, size, logits, classes, capacity } = program;
  const { memory, run } = new WebAssembly.Instance(module).exports;
  memory.grow(Math.max(0, Math.ceil((needed - memory.buffer.byteLength) / 65_536)));
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(image);
  const results = new Float32Array(memory.buffer, logits, capacity * classes);
  return (images, count) => {
    const all = new Float32Array(count * classes);
    for (let done = 0; done < count; done += capacity) {
      const some = Math.min(capacity, count - done);
      bytes.set(some === count ? images : images.subarray(done * size, (done + some) * size), pixels);
      run(start, some, pixels, size, logits, classes);
      all.set(some === capacity ? results : results.subarray(0, some * classes), done * classes);
    }
    return all;
  };
}

/** The bytes of the kernel. */
export function kernelBytes(): Uint8Array {
  return Uint8Array.from(atob(kernelBase64), (character) => character.charCodeAt(0));
}
