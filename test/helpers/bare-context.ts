import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { type Context, createContext, runInContext } from "node:vm";

import ts = require("@tslab/typescript-for-tslab");

import { root } from "./root";

/**
 * Loads a file of the library, and those it imports, into a JavaScript engine that has nothing but the language: no
 * Node, no browser. Fails at an import of anything but files of the library.
 * @returns the context, with the file's exports as its globals, and the names of the files that were loaded
 */
export function bareContext(name: string): { context: Context; files: string[] } {
  // the one thing that every engine has beside the language
  const context = createContext(Object.assign(Object.create(null), { atob }));
  const loaded = new Map<string, Record<string, unknown>>();
  const load = (file: string): Record<string, unknown> => {
    const known = loaded.get(file);
    if (known) return known;
    const exported: Record<string, unknown> = {};
    loaded.set(file, exported);
    const source = readFileSync(join(root, "lib", "src", `${file}.ts`), "utf8");
    const { outputText } = ts.transpileModule(source, {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS, isolatedModules: true },
    });
    const required = (path: string) => {
      if (!/^\.{1,2}\/[\w/.-]+$/.test(path))
        throw new Error(`${file}.ts imports ${path}, which is not a file of the library.`);
      return load(posix.join(posix.dirname(file), path));
    };
    runInContext(`(function (exports, require) {${outputText}\n})`, context)(exported, required);
    return exported;
  };
  Object.assign(context, load(name));
  return { context, files: [...loaded.keys()].sort() };
}
