/** `npm run glossary`: makes `notebooks/glossary.md`, the page, of `notebooks/glossary.json`. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeAtomically } from "lenet-lab";

/** A word of the course. */
export interface Term {
  term: string;
  /** how it is written in prose, if not as the term and its plural */
  forms?: string[];
  zh: string;
  /** one sentence */
  meaning: string;
  /** where it is introduced: "06" */
  lesson: string;
  section: number;
}

export function readGlossary(root: string): Term[] {
  return JSON.parse(readFileSync(join(root, "notebooks", "glossary.json"), "utf8"));
}

/**
 * The page: a table, by the alphabet.
 * @param lessons their files, such as "06-train-with-cosine-decay.ipynb"
 * @throws Error for a term of a lesson that is not among them
 */
export function glossaryPage(terms: readonly Term[], lessons: readonly string[]): string {
  const sorted = [...terms].sort((a, b) => a.term.localeCompare(b.term, "en"));
  const rows = sorted.map(({ term, zh, meaning, lesson, section }) => {
    const file = lessons.find((name) => name.startsWith(lesson));
    if (!file) throw new Error(`Expected a notebook for lesson ${lesson}, which introduces "${term}", got none.`);
    return `| **${term}** | ${zh} | ${meaning} | [${lesson}, section ${section}](${file}) |`;
  });
  return [
    "# Glossary",
    "",
    "The words of the course, each in one sentence, and the lesson that introduces it.",
    "",
    "| word | 中文 | meaning | introduced in |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

if (require.main === module) {
  const root = join(__dirname, "..");
  const lessons = readdirSync(join(root, "notebooks")).filter((file) => file.endsWith(".ipynb"));
  writeAtomically(join(root, "notebooks", "glossary.md"), [Buffer.from(glossaryPage(readGlossary(root), lessons))]);
}
