import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { readBytes } from "../common/files";

/** SHA-256 digests, hexadecimal in small letters, by the names of the files, without their folders. */
export type Checksums = ReadonlyMap<string, string>;

/** A line of `sha256sum`, and of `shasum`, which may mark the name with `*`; by hand, one space or a tab may stand. */
const gnu = /^(?<digest>[0-9a-f]{64})[ \t]+\*?(?<name>.+)$/i;
/** A line of `sha256sum --tag`, of BSD's `sha256`, and of `openssl dgst -sha256`. */
const bsd = /^SHA(?:2-)?256 ?\((?<name>.+)\) ?= (?<digest>[0-9a-f]{64})$/i;

/**
 * Reads `SHA256SUMS` in a folder; empty lines, and lines that begin with `#`, tell nothing.
 * @returns undefined when there is no such file
 * @throws when the file is not in UTF-8, a line is none that the usual programs write, or two lines give a name
 *   different digests
 */
export function readChecksums(folder: string): Checksums | undefined {
  const path = join(folder, "SHA256SUMS");
  if (!existsSync(path)) return undefined;
  const checksums = new Map<string, string>();
  const bytes = readBytes(path);
  // UTF-16, as PowerShell writes it, has a zero byte beside each letter
  if (bytes.includes(0))
    throw new Error(`${path}: expected text in UTF-8, got zero bytes as of UTF-16: save it again in UTF-8.`);
  const lines = bytes.toString("utf8").split("\n");
  lines.forEach((text, i) => {
    const line = text.trim();
    if (line === "" || line.startsWith("#")) return;
    const found = (gnu.exec(line) ?? bsd.exec(line))?.groups as { name: string; digest: string } | undefined;
    if (!found)
      throw new Error(`${path}, line ${i + 1}: expected a line as sha256sum writes it, got "${line.slice(0, 200)}".`);
    const [name, digest] = [basename(found.name), found.digest.toLowerCase()];
    if ((checksums.get(name) ?? digest) !== digest)
      throw new Error(`${path}, line ${i + 1}: expected one digest of ${name}, got a second: remove the wrong one.`);
    checksums.set(name, digest);
  });
  return checksums;
}

/**
 * @param files names of the files that were read
 * @throws when `checksums` name none of them, as a list that checks nothing is one of other files; or a file that is
 *   not there, as a misspelt name checks nothing either
 */
export function checkAreNamed(folder: string, checksums: Checksums, files: readonly string[]): void {
  const path = join(folder, "SHA256SUMS");
  const names = [...checksums.keys()];
  if (!files.some((file) => checksums.has(file)))
    throw new Error(
      `${path}: expected digests of ${files.join(", ")}, got ${names.slice(0, 8).join(", ") || "none"}: ` +
        "write it anew by `sha256sum`, or remove it.",
    );
  const read = files.map(plainName);
  const absent = names.find((name) => !(read.includes(plainName(name)) || existsSync(join(folder, name))));
  if (absent !== undefined)
    throw new Error(
      `${path}: expected names of files in this folder, got ${absent}: write the name as it stands there, or remove the line.`,
    );
}

/** The name without what differs between the ways to ship a file: compressed, and with a dot. */
function plainName(name: string): string {
  return name.replace(/\.gz$/, "").replace(".idx", "-idx");
}

/** @throws unless the bytes have the digest of the file's name, where there is one */
export function checkSum(path: string, bytes: Uint8Array, checksums: Checksums): void {
  const expected = checksums.get(basename(path));
  if (expected === undefined) return;
  const actual = createHash("sha256").update(bytes).digest("hex");
  if (actual !== expected)
    throw new Error(
      `${path}: expected SHA-256 ${expected}, got ${actual}: the file is damaged or another one; fetch it again.`,
    );
}
