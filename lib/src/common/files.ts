import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";

/** What the codes of the file system mean. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EISDIR: "a folder",
  ENOTDIR: "a path through a file that is no folder",
  EEXIST: "a path through a file that is no folder",
  EACCES: "no right to: give it to yourself, or take another path",
  EPERM: "no right to: give it to yourself, or take another path",
  EROFS: "a disk that is read only: take another path",
  ENOSPC: "a full disk: make room",
};

const reasonOf = (error: unknown): string => {
  const { code = "", message } = error as NodeJS.ErrnoException;
  return reasons[code] ?? message;
};

/**
 * The bytes of a file.
 * @throws Error that says which file and why, when it cannot be read
 */
export function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Error(`Expected a file at ${path}, got ${reasonOf(error)}.`);
  }
}

/**
 * Writes a file under a temporary name, flushes it, then renames it: a crash leaves the old file or the new one. Where
 * a link to a file stands, it stays, and the file that it leads to is written.
 * @throws Error that says which file and why, when it cannot be written; then the old file is as it was
 */
export function writeAtomically(path: string, parts: Uint8Array[]): void {
  const place = existsSync(path) ? realpathSync(path) : path;
  const temporary = `${place}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(place), { recursive: true });
    const file = openSync(temporary, "w");
    try {
      for (const part of parts) for (let at = 0; at < part.length; ) at += writeSync(file, part, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, place);
  } catch (error) {
    if (existsSync(temporary)) rmSync(temporary);
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new Error(`Expected to write a file at ${path}, got ${reasonOf(error)}.`);
  }
}
