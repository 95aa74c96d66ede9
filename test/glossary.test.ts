/** A word is used after it has been introduced: `notebooks/glossary.json` says where, and this finds earlier uses. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { glossaryPage, readGlossary, type Term } from "../scripts/glossary";
import { type Notebook, partsOf, readNotebooks, root } from "./helpers/notebook";

const glossary = readGlossary(root);
const lessons = readNotebooks();

interface Passage {
  lesson: string;
  /** 0 before the first numbered section; what follows the last one belongs to it */
  section: number;
  text: string;
}

const place = ({ lesson, section }: { lesson: string; section: number }): number => 100 * Number(lesson) + section;

/** What is read as prose: no formulas, code and addresses. */
const plain = (text: string): string =>
  text
    .replace(/```[\s\S]*?```|`[^`]*`|\$\$[\s\S]*?\$\$|\$[^$\n]*\$/g, " ")
    .replace(/\]\([^)]*\)/g, "]")
    .replace(/\s+/g, " ");

/**
 * A lesson's prose by section. Title, outcomes and what comes next name what is still to be learned; references are
 * titles of others.
 */
function passagesOf(notebook: Notebook): Passage[] {
  let section = 0;
  return partsOf(notebook)
    .filter(({ heading }) => !/^(|What you will be able to do|References|Next)$/.test(heading))
    .map(({ heading, text }) => {
      section = Number(heading.match(/^(\d+) /)?.[1] ?? section);
      return { lesson: notebook.number, section, text: plain(`${heading.replace(/^\d+ /, "")}. ${text}`) };
    });
}

const passages = lessons.flatMap(passagesOf);
const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const formsOf = ({ term, forms = [term, `${term}s`] }: Term): string => forms.map(escaped).join("|");
const anyCase = (words: string) => (/[A-Z]/.test(words) ? "" : "i");
const pattern = (term: Term) => new RegExp(`(?<![\\w-])(?:${formsOf(term)})(?![\\w-])`, `${anyCase(term.term)}u`);

/** What is set in italics or bold. */
const emphasised = (text: string): string[] =>
  Array.from(text.matchAll(/(\*{1,2})(?=\S)([^*]+)(?<=\S)\1/g), ([, , words = ""]) => words);

/** The words around the first use. */
function usedIn(term: Term, { text }: Passage): string | undefined {
  const match = pattern(term).exec(text);
  return match ? text.slice(Math.max(0, match.index - 50), match.index + 50) : undefined;
}

for (const term of glossary) {
  describe(`"${term.term}", of lesson ${term.lesson}`, () => {
    it("is explained in one sentence, in English, and named in Chinese", () => {
      assert.match(term.meaning, /^[A-Z0-9].{20,220}[.]$/);
      assert.match(term.zh, /\S/);
    });

    it("is introduced, in italics or bold, in the section that the glossary names", () => {
      const there = passages.filter((passage) => place(passage) === place(term));
      const shown = new RegExp(formsOf(term), "iu");
      assert.ok(
        there.flatMap(({ text }) => emphasised(text)).some((words) => shown.test(words)),
        `section ${term.section} of lesson ${term.lesson}`,
      );
    });

    it("is not used before", () => {
      const early = passages
        .filter((passage) => place(passage) < place(term))
        .flatMap((passage) => {
          const words = usedIn(term, passage);
          return words ? [`lesson ${passage.lesson}, section ${passage.section}: … ${words} …`] : [];
        });
      assert.deepEqual(early, []);
    });
  });
}

it("glossary.json lists terms in the order in which they are introduced, each once", () => {
  const places = glossary.map(place);
  assert.deepEqual(
    [...places].sort((a, b) => a - b),
    places,
  );
  const names = glossary.map(({ term }) => term);
  assert.equal(new Set(names).size, names.length);
});

it("notebooks/glossary.md is what scripts/glossary.ts makes of glossary.json", () => {
  const page = readFileSync(join(root, "notebooks", "glossary.md"), "utf8");
  assert.equal(
    page,
    glossaryPage(
      glossary,
      lessons.map(({ file }) => file),
    ),
    "run `npm run glossary`",
  );
});
