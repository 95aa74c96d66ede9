import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { typeName } from "../common/checks";
import { readBytes, writeAtomically } from "../common/files";

/** Numbers with a shape, as a checkpoint stores them. */
export interface StoredTensor {
  shape: number[];
  data: Float32Array;
}

/** How many numbers a tensor of this shape holds. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);

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
    const size = sizeOf(shape);
    if (name === "__metadata__" || name === "__proto__")
      throw new Error(`Expected names of tensors that the format leaves free, got \`${name}\`: give it another name.`);
    // by name: a notebook's cell may have classes of its own
    const type = typeName(data);
    if (type !== "Float32Array") throw new TypeError(`Expected \`${name}\` to be a Float32Array, got ${type}.`);
    if (size !== data.length)
      throw new Error(`Expected ${size} numbers for \`${name}\` [${shape.join(", ")}], got ${data.length}.`);
    header[name] = { dtype: "F32", shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const parts = Object.values(tensors).map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  if ("sha256" in metadata)
    throw new Error("Expected metadata without `sha256`, which is the file's checksum: give it another name.");
  // metadata must be strings: values as JSON, and last a checksum of the file with zeros in the checksum's place
  const strings = Object.entries(metadata).map(([key, value]) => [key, JSON.stringify(value, storedNumber)]);
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
 * @throws when the file is missing, truncated, damaged (its checksum differs), not a checkpoint, or a safetensors file
 *   that another program wrote, which may well be whole
 */
export function loadCheckpoint(path: string): Checkpoint {
  if (!existsSync(path)) throw new Error(`Expected a checkpoint at ${path}, found no such file.`);
  const bytes = readBytes(path);
  const fail = (problem: string, todo = "check the path"): never => {
    throw new Error(`${path}: ${problem}: the file is damaged or not a checkpoint; ${todo}, or fetch it again.`);
  };
  if (bytes.length < 8) fail(`expected at least 8 bytes, got ${bytes.length}`);
  const headerLength = Number(bytes.readBigUInt64LE(0));
  if (headerLength > bytes.length - 8) fail(`expected a header of ${headerLength} bytes, got ${bytes.length - 8}`);
  const start = 8 + headerLength;
  const header = parseHeader(bytes.toString("utf8", 8, start)) ?? fail("expected a JSON header");
  const { __metadata__, ...entries } = header;
  const { sha256: checksum, ...metadata } = __metadata__ ?? {};
  if (checksum === undefined) {
    const types = typesOf(entries, bytes.length - start) ?? fail("expected metadata with a checksum in the header");
    throw new Error(
      `${path}: expected a checkpoint that this library saved, got a safetensors file of another program (tensors: ` +
        `${types.join(", ") || "none"}; no checksum): give the path of another file; nothing says that this one is damaged.`,
    );
  }
  if (checksum !== sha256WithoutItself(bytes, checksum)) fail("expected bytes that match their SHA-256", "delete it");
  const tensors = Object.entries(entries).map(([name, entry]) => {
    const {
      shape,
      data_offsets: [from, to],
    } = entry as unknown as { shape: number[]; data_offsets: [number, number] };
    // a copy, because the file's bytes need not be aligned to four
    const data = new Float32Array(bytes.buffer.slice(bytes.byteOffset + start + from, bytes.byteOffset + start + to));
    return [name, { shape, data }];
  });
  const parsed = Object.entries(metadata).map(([key, value]) => [key, JSON.parse(value, readNumber)]);
  return { tensors: Object.fromEntries(tensors), metadata: Object.fromEntries(parsed) };
}

/** JSON has no NaN and no infinity, and would store null, which counts as 0: they are stored by name. */
function storedNumber(_: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? { $number: String(value) } : value;
}

function readNumber(_: string, value: unknown): unknown {
  const name = (value as { $number?: unknown } | null)?.$number;
  return typeof name === "string" ? Number(name) : value;
}

function parseHeader(json: string): Record<string, Record<string, string>> | undefined {
  try {
    const header = JSON.parse(json);
    return typeof header === "object" && header !== null && !Array.isArray(header) ? header : undefined;
  } catch {
    return undefined;
  }
}

/** The element types in a header if it is one of the safetensors format, whose tensors fill the file without gaps. */
function typesOf(entries: Record<string, object>, size: number): string[] | undefined {
  const tensors = Object.values(entries) as { dtype?: unknown; shape?: unknown; data_offsets?: unknown }[];
  const spans = tensors.map((tensor) => tensor?.data_offsets).filter((span) => Array.isArray(span)) as number[][];
  if (spans.length < tensors.length) return undefined;
  let end = 0;
  for (const [from, to] of spans.sort(([a = 0, b = 0], [c = 0, d = 0]) => a - c || b - d)) {
    if (from !== end || !((to as number) >= from)) return undefined;
    end = to as number;
  }
  const types = tensors.flatMap(({ dtype }) => (typeof dtype === "string" ? [dtype] : []));
  return end === size && types.length === tensors.length ? [...new Set(types)] : undefined;
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
