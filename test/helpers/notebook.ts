/** Notebooks as the tests read them. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./root";

export { root };
export const folder = join(root, "notebooks");

export interface Output {
  output_type: string;
  name?: string;
  text?: string | string[];
  data?: Record<string, unknown>;
}

export interface Cell {
  id: string;
  cell_type: "code" | "markdown";
  source: string;
  execution_count?: number | null;
  outputs: Output[];
}

export interface Notebook {
  /** "06-train-with-cosine-decay.ipynb" */
  file: string;
  /** "06", "E1" */
  number: string;
  /** the folder that holds it */
  folder: string;
  text: string;
  metadata: { kernelspec?: Record<string, string> };
  cells: Cell[];
}

export const joined = (text: string | string[] | undefined): string =>
  Array.isArray(text) ? text.join("") : (text ?? "");

/** The notebooks of a folder below `notebooks`; of none, the ten lessons. */
export function readNotebooks(below = ""): Notebook[] {
  const place = join(folder, below);
  const files = (existsSync(place) ? readdirSync(place) : []).filter((file) => file.endsWith(".ipynb")).sort();
  return files.map((file) => {
    const text = readFileSync(join(place, file), "utf8");
    const { cells, metadata } = JSON.parse(text);
    const read = (cell: Record<string, unknown>) => ({
      ...cell,
      source: joined(cell.source as string[]),
      outputs: (cell.outputs ?? []) as Output[],
    });
    return { file, number: file.slice(0, 2), folder: place, text, metadata, cells: cells.map(read) as Cell[] };
  });
}

/** The lessons and the notebooks beyond them, without solutions. */
export const readCourse = (): Notebook[] => [...readNotebooks(), ...readNotebooks("engine-room")];

export const code = (notebook: Notebook): Cell[] => notebook.cells.filter((cell) => cell.cell_type === "code");

export const prose = (notebook: Notebook): string =>
  notebook.cells
    .filter((cell) => cell.cell_type === "markdown")
    .map((cell) => cell.source)
    .join("\n\n");

/** What a cell printed or showed, as a reader reads it: text and tables; not pictures, not the data behind a chart. */
export function shownText({ text, data = {} }: Output): string {
  return [text, data["text/plain"], data["text/html"]].map((part) => joined(part as string)).join("\n");
}

/** Prose without what is folded away: `<details>` blocks are extra, and counted apart. */
export const unfolded = (text: string): string => text.replace(/<details[\s\S]*?<\/details>/g, "");

/** The parts of a notebook under its `## ` headings, without folded blocks; the first part has the heading "". */
export function partsOf(notebook: Notebook): { heading: string; text: string }[] {
  return unfolded(prose(notebook))
    .split(/^(?=## )/m)
    .map((part) => ({ heading: part.match(/^## (.*)/)?.[1] ?? "", text: part.replace(/^## .*/, "") }));
}
