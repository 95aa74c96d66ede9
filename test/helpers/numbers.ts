/** Holds the decimal numbers of prose to the sources that the prose names; CONTRIBUTING.md has the rule. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Cell, root, shownText } from "./notebook";

type Cells = Pick<Cell, "cell_type" | "source" | "outputs">[];

/** A number as a cell holds it. */
export interface Shown {
  digits: string;
  unit: "code" | "plain" | "percent";
}

/** A numbered section: the numbers of its code cells and of its prose, but for sentences that point elsewhere. */
export interface Section {
  said: Shown[];
  shown: Shown[];
}

/** A markdown cell's part under one `## ` heading, and the numbers of the code cells next to it and of the settings. */
export interface Passage {
  heading: string;
  prose: string;
  near: Shown[];
}

/** A sentence or a table row; `names` is all that stands in it as code, as a link's text or as a link's target. */
export interface Sentence {
  text: string;
  names: string[];
}

export interface Sources {
  /** Numbers of the code cells next to the sentence, and of the settings. */
  near: Shown[];
  /** A numbered section, of another notebook ("03") if one is given. */
  sectionOf?: (section: string, notebook?: string) => Section | undefined;
  /** Contents of `data/results`, by name of file. */
  results?: Map<string, unknown>;
  /** Words with numbers that nothing here measures: definitions, settings to try, what others claim. */
  given?: readonly string[];
}

/** A decimal number as it is written, and where. */
export interface Written {
  written: string;
  index: number;
}

// 99.53, 1,013.5 or 2.4e-7, but no part of a version such as 1.2.3
const decimal = /(?<![\w.,^])\d+(?:,\d{3})*\.\d+(?:e[+-]?\d+)?(?!\d|\.\d|e[+-]?\d)/g;

/** The decimal numbers of a sentence; whole numbers are too often just counts of things. */
export function decimals({ text }: Sentence): Written[] {
  return [...text.matchAll(decimal)].map((match) => ({ written: match[0], index: match.index ?? 0 }));
}

/** The numbers of a text that have a decimal point or an exponent. */
function numbersIn(text: string, isCode = false): Shown[] {
  const plain = text.replace(/<[^>]*>|&#?\w+;/g, " ").replace(/(\d),(?=\d{3})/g, "$1");
  const matches = plain.matchAll(/(?<![\w.])\d+(?:\.\d+(?:e[+-]?\d+)?|e[+-]?\d+)/gi);
  return [...matches].map(({ 0: digits, index = 0 }) => {
    const unit = isPercent(plain.slice(index)) ? "percent" : "plain";
    return { digits, unit: isCode ? "code" : unit };
  });
}

// the unit of two numbers may stand after the second: 99.55 ± 0.03 %
const isPercent = (text: string): boolean => /^[^\s%]*(?: ± \S+)?\s?(?:%|points?\b)/.test(text);

const shownBy = ({ source, outputs }: Cells[number]): Shown[] => [
  ...numbersIn(source, true),
  ...outputs.flatMap((output) => numbersIn(shownText(output))),
];

interface Piece {
  heading: string;
  /** Of a code cell there is none. */
  prose?: string;
  shown: Shown[];
}

/** A page or notebook in pieces, in order, without its references and its blocks of code. */
function piecesOf(cells: Cells): Piece[] {
  let heading = "";
  const pieces = cells.flatMap((cell): Piece[] => {
    if (cell.cell_type === "code") return [{ heading, shown: shownBy(cell) }];
    const parts = `\n${cell.source}`.replace(/^```[\s\S]*?^```/gm, "").split(/\n(?=## )/);
    return parts.map((prose) => {
      heading = prose.match(/^## .*/)?.[0] ?? heading;
      return { heading, prose, shown: [] };
    });
  });
  return pieces.filter((piece) => piece.heading !== "## References");
}

export function passagesOf(cells: Cells): Passage[] {
  const pieces = piecesOf(cells);
  const settings = pieces.filter(({ prose }) => prose === undefined)[1];
  return pieces.flatMap(({ heading, prose }, i) => {
    if (prose === undefined) return [];
    const isNear = (piece: Piece) => piece.prose === undefined && piece.heading === heading;
    const next = [settings, pieces.slice(0, i).reverse().find(isNear), pieces.slice(i).find(isNear)];
    return [{ heading, prose, near: next.flatMap((piece) => piece?.shown ?? []) }];
  });
}

export function sectionOf(cells: Cells, number: string): Section {
  const pieces = piecesOf(cells).filter(({ heading }) => heading.startsWith(`## ${number} `));
  const sentences = pieces.flatMap(({ prose = "" }) => sentencesOf(prose));
  // a number at second hand is no source, or two sentences could vouch for each other
  const said = sentences.flatMap(({ text }) => (text.search(pointer) < 0 ? numbersIn(text) : []));
  return { said, shown: pieces.flatMap(({ shown }) => shown) };
}

const pointer =
  /(?:\b(figure|table)s? (?:of|in) )?\b[Ss]ections? (\d+(?:(?:, and |, | and )\d+)*)(?: of (?:notebook|lesson) (\d\d|E\d))?/g;

/** Cuts prose at the ends of sentences, list items and table rows. */
export function sentencesOf(prose: string): Sentence[] {
  const blocks = prose
    .split(/\n\s*\n|\n(?=\s*(?:[*-]|\d+\.) )|\n(?=\|)/)
    .map((block) => block.replace(/\s+/g, " ").trim());
  const parts = blocks.flatMap((block) =>
    block.startsWith("|") ? [block] : block.split(/(?<=[.!?][")*_]*(?<!\bal\.)) (?=[A-Z0-9"(*_$`[])/),
  );
  return parts.map((part) => {
    const links = [...part.matchAll(/\[([^\]]*)\]\(([^)\s]*)\)/g)].flatMap(([, text = "", target = ""]) => [
      text,
      target,
    ]);
    const code = [...part.matchAll(/`([^`]*)`/g)].map(([, span = ""]) => span);
    const text = part
      .replace(/\]\([^)\s]*\)/g, "]")
      .replace(/`([^`]*)`/g, (_, span: string) => (/^[\d.,]+(e[+-]?\d+)?$/.test(span) ? span : "…"));
    return { text, names: [...links.map((link) => link.replace(/`/g, "")), ...code] };
  });
}

/** The decimal numbers of a sentence that none of its sources holds. */
export function unsourced(sentence: Sentence, sources: Sources): Written[] {
  const { text } = sentence;
  const given = (sources.given ?? []).flatMap((words) => {
    const start = text.indexOf(words);
    return start < 0 ? [] : [{ start, end: start + words.length }];
  });
  const shown = [...sources.near, ...pointedTo(sentence, sources)];
  const filed = inFiles(sentence, sources.results ?? new Map());
  return decimals(sentence).filter(({ written, index }) => {
    if (given.some(({ start, end }) => start <= index && index < end)) return false;
    const number = { written: written.replace(/,/g, ""), percent: isPercent(text.slice(index)) };
    const isRounded = /(?:\b(?:about|nearly|almost) |≈ ?)$/i.test(text.slice(0, index));
    return !shown.some((source) => isIn(number, source, isRounded)) && !filed.some((value) => isFrom(number, value));
  });
}

interface Claimed {
  written: string;
  percent: boolean;
}

/** Whether a cell holds a number digit for digit, or as a fraction of 1, or one that may be rounded to it. */
function isIn(number: Claimed, { digits, unit }: Shown, isRounded: boolean): boolean {
  if (number.percent && unit === "code") return false;
  if (number.percent && unit === "plain" && agrees(number.written, 100 * Number(digits), isRounded)) return true;
  const isPlain = !`${digits}${number.written}`.includes("e");
  return isPlain && !isRounded ? digits === number.written : agrees(number.written, Number(digits), isRounded);
}

/** Whether a number is that of a results file, rounded. */
const isFrom = ({ written, percent }: Claimed, value: number): boolean =>
  agrees(written, percent ? 100 * value : value, true);

function agrees(written: string, value: number, isRounded: boolean): boolean {
  const [mantissa = "", exponent = "0"] = written.split("e");
  const unit = 10 ** (Number(exponent) - (mantissa.split(".")[1]?.length ?? 0));
  return Math.abs(value - Number(written)) <= (isRounded ? 0.500001 : 0.000001) * unit;
}

/**
 * Numbers of the sections that a sentence points to ("section 4", "sections 4 and 5", "section 4 of lesson 03"): of
 * their prose, or, if it points to their cells, "the table of section 4", those of their cells.
 */
function pointedTo({ text }: Sentence, { sectionOf = () => undefined }: Sources): Shown[] {
  return [...text.matchAll(pointer)].flatMap(([, cells, list = "", notebook]) =>
    (list.match(/\d+/g) ?? []).flatMap((number) => {
      const section = sectionOf(number, notebook);
      return (cells ? section?.shown : section?.said) ?? [];
    }),
  );
}

/**
 * Numbers of the results files that a sentence names: `lenet5.json`, `data/results/lenet5.json`, a link to it, or the
 * command that measures it, `npm run reproduce -- lenet5`. If it names keys too (`training.secondsPerEpoch`), what lies
 * below them; if not, all that lies outside the file's lists.
 */
function inFiles({ names }: Sentence, results: Map<string, unknown>): number[] {
  return [...results].flatMap(([file, content]) => {
    const forms = [file, `data/results/${file}`, `npm run reproduce -- ${file.replace(".json", "")}`];
    if (!names.some((name) => forms.includes(name.replace(/^(\.\.\/)+/, "")))) return [];
    const below = names.map((name) => name.split(".").reduce(valueAt, content)).filter((value) => value !== undefined);
    return below.length > 0 ? numbersBelow(below) : numbersBelow(content, false);
  });
}

/** A value by its key; of a list, the values of its items. */
function valueAt(content: unknown, key: string): unknown {
  if (Array.isArray(content)) {
    const values = content.map((item) => valueAt(item, key)).filter((value) => value !== undefined);
    return values.length > 0 ? values : undefined;
  }
  return content !== null && typeof content === "object" ? (content as Record<string, unknown>)[key] : undefined;
}

function numbersBelow(content: unknown, lists = true): number[] {
  if (typeof content === "number") return [content];
  if (content === null || typeof content !== "object" || (Array.isArray(content) && !lists)) return [];
  return Object.values(content).flatMap((value) => numbersBelow(value, lists));
}

/** Every file of `data/results`. */
export function readResults(): Map<string, unknown> {
  const folder = join(root, "data", "results");
  const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
  return new Map(files.map((file) => [file, JSON.parse(readFileSync(join(folder, file), "utf8"))]));
}
