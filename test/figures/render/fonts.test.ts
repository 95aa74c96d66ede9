import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { GlobalFonts } from "@napi-rs/canvas";
import { fontFiles, registerFonts } from "../../../lib/src/figures/render/fonts";

test("font files ship with the project", () => {
  for (const file of fontFiles) assert.ok(fs.statSync(file).size > 100_000, file);
});

test("registerFonts() makes Inter known, however often it is called", () => {
  registerFonts();
  registerFonts();
  assert.ok(GlobalFonts.has("Inter"));
});
