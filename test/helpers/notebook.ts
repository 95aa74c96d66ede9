/** Notebooks as the tests read them. */
import { readdirSync, readFileSync } from "node:fs";
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
  file: string;
  text: string;
  metadata: { kernelspec?: Record<string, string> };
  cells: Cell[];
}

export const joined = (text: string | string[] | undefined): string =>
  Array.isArray(text) ? text.join("") : (text ?? "");

export function readNotebooks(): Notebook[] {
  const files = readdirSync(folder)
    .filter((file) => file.endsWith(".ipynb"))
    .sort();
  return files.map((file) => {
    const text = readFileSync(join(folder, file), "utf8");
    const { cells, metadata } = JSON.parse(text);
    const read = (cell: Record<string, unknown>) => ({
      ...cell,
      source: joined(cell.source as string[]),
      outputs: (cell.outputs ?? []) as Output[],
    });
    return { file, text, metadata, cells: cells.map(read) as Cell[] };
  });
}

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
