import path = require("node:path");

import { GlobalFonts } from "@napi-rs/canvas";

/** Font files that ship with the project: pictures look the same on every machine, whatever fonts it has. */
export const fontFiles: readonly string[] = ["400Regular", "600SemiBold", "700Bold"].map((weight) =>
  path.join(path.dirname(require.resolve("@expo-google-fonts/inter/package.json")), weight, `Inter_${weight}.ttf`),
);

let registered = false;

/** Makes Inter known to @napi-rs/canvas; further calls do nothing. */
export function registerFonts(): void {
  if (registered) return;
  for (const file of fontFiles) {
    if (!GlobalFonts.registerFromPath(file, "Inter"))
      throw new Error(`Expected the font file ${file} to load, it did not: run npm start to repair the installation.`);
  }
  registered = true;
}
