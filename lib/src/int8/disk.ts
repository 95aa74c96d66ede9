import { existsSync, readFileSync } from "node:fs";
import { writeAtomically } from "../common/files";
import { decodeModel, encodeModel } from "./file";
import type { QuantizedModel } from "./model";

/**
 * Saves a quantised network as one compact file, written under a temporary name, then renamed.
 * @throws when the network's layers do not fit together
 */
export function saveQuantized(path: string, model: QuantizedModel): void {
  writeAtomically(path, [encodeModel(model)]);
}

/**
 * Reads what `saveQuantized` wrote.
 * @throws when the file is missing, truncated, damaged (its CRC-32 differs) or not a quantised network
 */
export function loadQuantized(path: string): QuantizedModel {
  if (!existsSync(path)) throw new Error(`Expected a quantised model at ${path}, found no such file.`);
  try {
    return decodeModel(new Uint8Array(readFileSync(path)));
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
  }
}
