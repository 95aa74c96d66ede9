/** Messages of a protocol buffer format, from a table of their fields: encoded and decoded by protobufjs. */
import protobuf = require("protobufjs/light");

/** A field: its number and type in the format; with `"map"`, a map from strings to that type. */
export type ProtoField = [id: number, type: string, rule?: "repeated" | "map"];

/** All messages of a format by name; `lookupType` gives one of them. */
export function protoMessages(messages: Record<string, Record<string, ProtoField>>): protobuf.Root {
  const nested = Object.entries(messages).map(([name, fields]) => {
    const entries = Object.entries(fields).map(([field, [id, type, rule]]) => [
      field,
      rule === "map" ? { id, type, keyType: "string" } : { id, type, rule },
    ]);
    // `proto2`, as both formats that we write were first declared: numbers that are 0 are written, lists are not packed
    return [name, { edition: "proto2", fields: Object.fromEntries(entries) }];
  });
  return protobuf.Root.fromJSON({ nested: Object.fromEntries(nested) });
}
