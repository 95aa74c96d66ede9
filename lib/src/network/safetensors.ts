import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { writeAtomically } from "../common/files";

/** Numbers with a shape, as a checkpoint stores them. */
export interface StoredTensor {
  shape: number[];
  data: Float32Array;
}

/** The contents of a checkpoint file: tensors by name, and metadata. */
export interface Checkpoint {
  tensors: Record<string, StoredTensor>;
  metadata: Record<string, unknown>;
}

/**
 * Writes tensors and metadata as one `.safetensors` file, which Python's `safetensors` opens too:
 * header length (8 bytes), header (JSON), float32 data. Written under a temporary name, then renamed: a
 * crash leaves the old file or the new one.
 */
export function saveCheckpoint(path: string, { tensors, metadata }: Checkpoint): void {
  const header: Record<string, unknown> = {};
  let offset = 0;
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    const size = shape.reduce((product, length) => product * length, 1);
    if (size !== data.length)
      throw new Error(`Expected ${size} numbers for \`${name}\` [${shape.join(", ")}], got ${data.length}.`);
    header[name] = { dtype: "F32", shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const parts = Object.values(tensors).map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  // metadata must be strings: values as JSON, and last a checksum of the file with zeros in the checksum's place
  const strings = Object.entries(metadata).map(([key, value]) => [key, JSON.stringify(value)]);
  header.__metadata__ = { ...Object.fromEntries(strings), sha256: noChecksum };
  const text = JSON.stringify(header);
  // data begin at a multiple of 8 bytes, so that a reader can use them in place, without a copy
  const json = Buffer.from(text.padEnd(text.length + ((8 - (Buffer.byteLength(text) % 8)) % 8)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  json.write(sha256([length, json, ...parts]), json.lastIndexOf(noChecksum));
  writeAtomically(path, [length, json, ...parts]);
}

/**
 * Reads what `saveCheckpoint` wrote.
 * @throws when the file is missing, truncated, damaged (its checksum differs) or not a checkpoint
 */
export function loadCheckpoint(path: string): Checkpoint {
  if (!existsSync(path)) throw new Error(`Expected a checkpoint at ${path}, found no such file.`);
  const bytes = readFileSync(path);
  const fail = (problem: string): never => {
    throw new Error(`${path}: ${problem}: the file is damaged or not a checkpoint; delete it, or fetch it again.`);
  };
  if (bytes.length < 8) fail(`expected at least 8 bytes, got ${bytes.length}`);
  const headerLength = Number(bytes.readBigUInt64LE(0));
  if (headerLength > bytes.length - 8) fail(`expected a header of ${headerLength} bytes, got ${bytes.length - 8}`);
  const start = 8 + headerLength;
  const header = parseHeader(bytes.toString("utf8", 8, start)) ?? fail("expected a JSON header");
  const { __metadata__, ...entries } = header;
  const { sha256: checksum, ...metadata } = __metadata__ ?? fail("expected metadata in the header");
  if (checksum === undefined || checksum !== sha256WithoutItself(bytes, checksum))
    fail("expected bytes that match their SHA-256");
  const tensors = Object.entries(entries).map(([name, entry]) => {
    const {
      shape,
      data_offsets: [from, to],
    } = entry as unknown as { shape: number[]; data_offsets: [number, number] };
    // a copy, because the file's bytes need not be aligned to four
    const data = new Float32Array(bytes.buffer.slice(bytes.byteOffset + start + from, bytes.byteOffset + start + to));
    return [name, { shape, data }];
  });
  const parsed = Object.entries(metadata).map(([key, value]) => [key, JSON.parse(value)]);
  return { tensors: Object.fromEntries(tensors), metadata: Object.fromEntries(parsed) };
}

function parseHeader(json: string): Record<string, Record<string, string>> | undefined {
  try {
    const header = JSON.parse(json);
    return typeof header === "object" && header !== null ? header : undefined;
  } catch {
    return undefined;
  }
}

const noChecksum = "0".repeat(64);

/** SHA-256 of a file with zeros in place of the hexadecimal checksum that it holds. */
function sha256WithoutItself(bytes: Buffer, checksum: string | undefined): string | undefined {
  const at = checksum?.length === noChecksum.length ? bytes.lastIndexOf(checksum) : -1;
  if (at < 0) return undefined;
  return sha256([bytes.subarray(0, at), Buffer.from(noChecksum), bytes.subarray(at + noChecksum.length)]);
}

function sha256(parts: Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}
