import { parseArgs } from "node:util";

/** What the command line may hold. */
export interface Arguments {
  /** both parts unless one is named */
  parts: readonly Part[];
  /** with the engines in Python, which it installs */
  peers: boolean;
  /** the result as JSON on stdout instead of a report */
  json: boolean;
  /** few rounds and few images: shows that everything works, measures nothing worth keeping */
  quick: boolean;
}

/** What can be measured alone. */
export type Part = "training" | "inference";

const parts: readonly Part[] = ["training", "inference"];
const flags = { peers: { type: "boolean" }, json: { type: "boolean" }, quick: { type: "boolean" } } as const;

/** @throws for a word that it does not know */
export function parseArguments(words: readonly string[]): Arguments {
  // not strict: parseArgs would say what came, but not what is expected
  const { values, positionals, tokens } = parseArgs({ args: [...words], options: flags, strict: false, tokens: true });
  const known: readonly string[] = [...parts, ...Object.keys(flags).map((name) => `--${name}`)];
  const unknown = tokens.map(({ index }) => words[index] as string).find((word) => !known.includes(word));
  if (unknown !== undefined)
    throw new Error(`Expected ${known.join(", ")} or nothing, got ${unknown}: npm run bench -- --peers measures all.`);
  const named = parts.filter((part) => positionals.includes(part));
  const { peers = false, json = false, quick = false } = values as Partial<Record<keyof typeof flags, boolean>>;
  return { parts: named.length === 0 ? parts : named, peers, json, quick };
}
