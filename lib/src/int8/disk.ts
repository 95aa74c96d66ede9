import { readBytes, writeAtomically } from "../common/files";
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
 * @throws when the file cannot be read, is truncated, damaged (its CRC-32 differs) or not a quantised network
 */
export function loadQuantized(path: string): QuantizedModel {
  const bytes = readBytes(path);
  try {
    return decodeModel(bytes);
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
  }
}
