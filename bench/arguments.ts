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
const flags = ["--peers", "--json", "--quick"];

/** @throws for a word that it does not know */
export function parseArguments(words: readonly string[]): Arguments {
  const known: readonly string[] = [...parts, ...flags];
  const unknown = words.find((word) => !known.includes(word));
  if (unknown !== undefined)
    throw new Error(`Expected ${known.join(", ")} or nothing, got ${unknown}: npm run bench -- --peers measures all.`);
  const named = parts.filter((part) => words.includes(part));
  return {
    parts: named.length === 0 ? parts : named,
    peers: words.includes("--peers"),
    json: words.includes("--json"),
    quick: words.includes("--quick"),
  };
}
