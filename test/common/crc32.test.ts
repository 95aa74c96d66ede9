import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "../../lib/src/common/crc32";

test("crc32(bytes) agrees with published values", () => {
  const of = (text: string) => crc32(new TextEncoder().encode(text)).toString(16);
  assert.equal(of("123456789"), "cbf43926", "the check value of the catalogue");
  assert.equal(of(""), "0");
  assert.equal(of("IEND"), "ae426082", "the end of every PNG");
  assert.equal(of("The quick brown fox jumps over the lazy dog"), "414fa339");
});
