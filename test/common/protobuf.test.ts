import assert from "node:assert/strict";
import { test } from "node:test";
import { protoMessages } from "../../lib/src/common/protobuf";

const point = protoMessages({
  Point: { x: [1, "int32"], ys: [2, "int32", "repeated"], tags: [3, "string", "map"], inner: [15, "Point"] },
}).lookupType("Point");

const bytesOf = (message: object) => Buffer.from(point.encode(point.fromObject(message)).finish()).toString("hex");

test("protoMessages(messages) writes a 0 that is given, lists number by number, maps from text and messages in messages", () => {
  assert.equal(bytesOf({ x: 0 }), "0800");
  assert.equal(bytesOf({}), "");
  assert.equal(bytesOf({ ys: [1, 300] }), "100110ac02");
  assert.equal(bytesOf({ tags: { a: "b" } }), "1a060a0161120162");
  assert.equal(bytesOf({ inner: { x: 7 } }), "7a020807");
});

test("protoMessages(messages) reads what it writes", () => {
  const message = { x: -1, ys: [0, 5], tags: { one: "1", two: "" }, inner: { x: 2 } };
  const bytes = point.encode(point.fromObject(message)).finish();
  assert.deepEqual(point.toObject(point.decode(bytes)), message);
});
