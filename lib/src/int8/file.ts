/**
 * The file of a quantised network, little-endian: magic (8 bytes), version (4), length of the file (4), the input, the
 * layers one after the other, CRC-32 of all that comes before it (4). Runs in any JavaScript engine.
 */

import { typeName } from "../common/checks";
import { crc32 } from "../common/crc32";
import { ByteReader, ByteWriter } from "./byte-stream";
import { checkQuantized } from "./check";
import { kindNames, layerKind, readQuantization, writeQuantization } from "./kinds";
import type { QuantizedLayer, QuantizedModel } from "./model";

// the line break, as in PNG, reveals a transfer as text, which would change it
const magic = Uint8Array.from("LENETQ\r\n", (character) => character.charCodeAt(0));
const nameLength = "LENETQ".length;
const version = 1;
const headerLength = 16;

/**
 * Writes a quantised network as bytes: each weight takes `bits` bits. `decodeModel` gives back an equal one.
 * @throws when the network's layers do not fit together
 */
export function encodeModel(model: QuantizedModel): Uint8Array {
  checkQuantized(model);
  const body = new ByteWriter();
  for (const length of model.inputShape) body.unsigned(length, 2);
  writeQuantization(body, model.input);
  body.unsigned(model.layers.length, 2);
  for (const layer of model.layers) writeLayer(body, layer);
  const content = body.finish();
  const length = headerLength + content.length + 4;
  const all = new ByteWriter().bytes(magic).unsigned(version, 4).unsigned(length, 4).bytes(content);
  return all.unsigned(crc32(all.finish()), 4).finish();
}

/**
 * Reads what `encodeModel` wrote; its arrays are copies.
 * @throws an Error that says what is wrong and what to do: not a model file, another version, truncated, damaged
 */
export function decodeModel(bytes: Uint8Array): QuantizedModel {
  if (typeName(bytes) !== "Uint8Array")
    throw new TypeError(
      `Expected \`bytes\` to be a Uint8Array, got ${typeName(bytes)}: wrap it, new Uint8Array(bytes).`,
    );
  checkEnvelope(bytes);
  const reader = new ByteReader(bytes.subarray(0, -4), headerLength, damaged);
  const inputShape: [number, number, number] = [reader.unsigned(2), reader.unsigned(2), reader.unsigned(2)];
  const input = readQuantization(reader);
  const layers = Array.from({ length: reader.unsigned(2) }, () => readLayer(reader));
  if (reader.remaining > 0) damaged(`expected the last layer to end the file, got ${reader.remaining} more bytes`);
  const model = { inputShape, input, layers };
  try {
    checkQuantized(model);
  } catch (error) {
    damaged((error as Error).message.replace(/\.$/, ""));
  }
  return model;
}

/** Checks magic, version, length and checksum. */
function checkEnvelope(bytes: Uint8Array): void {
  if (magic.some((byte, i) => bytes[i] !== byte)) refuseStart(bytes);
  if (bytes.length < headerLength + 4)
    throw new Error(
      `Expected a model of at least ${headerLength + 4} bytes, got ${bytes.length}: fetch the file again.`,
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found = view.getUint32(8, true);
  if (found !== version)
    throw new Error(`Expected a model file of version ${version}, got version ${found}: save the model again.`);
  const length = view.getUint32(12, true);
  if (length !== bytes.length) {
    const problem = bytes.length < length ? "the file is truncated" : "bytes trail after its end";
    throw new Error(`Expected a model of ${length} bytes, got ${bytes.length}: ${problem}; fetch it again.`);
  }
  const [stored, computed] = [view.getUint32(length - 4, true), crc32(bytes.subarray(0, length - 4))];
  if (stored !== computed) damaged(`expected bytes with CRC-32 ${hex(stored)}, got ${hex(computed)}`);
}

/** Says why bytes do not begin as a model does. */
function refuseStart(bytes: Uint8Array): never {
  const same = magic.findIndex((byte, i) => bytes[i] !== byte);
  if (same > 0 && same === bytes.length)
    throw new Error(`Expected a model of at least ${headerLength + 4} bytes, got ${same}: fetch the file again.`);
  if (same >= nameLength)
    damaged(
      `expected the bytes 13 10 after LENETQ, got ${bytes.subarray(nameLength, magic.length).join(" ")}: a transfer as text changes them`,
    );
  throw new Error(
    "This is not a quantised model: expected bytes that begin with LENETQ, as `encodeModel` writes them: check the path or the address.",
  );
}

function writeLayer(to: ByteWriter, layer: QuantizedLayer): void {
  const name = Uint8Array.from(layer.name, (character) => character.charCodeAt(0));
  to.unsigned(kindNames.indexOf(layer.kind), 1).unsigned(name.length, 1).bytes(name);
  layerKind(layer.kind).write(to, layer);
}

function readLayer(from: ByteReader): QuantizedLayer {
  const kind = from.choice("kind of layer", kindNames);
  const name = String.fromCharCode(...from.bytes(from.unsigned(1)));
  return { kind, name, ...layerKind(kind).read(from, name) } as QuantizedLayer;
}

function damaged(problem: string): never {
  throw new Error(`Damaged model: ${problem}. Fetch the file again, or save the model again.`);
}

function hex(crc: number): string {
  return crc.toString(16).padStart(8, "0");
}
