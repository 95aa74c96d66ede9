import { alignedRow, columnWidths, escaped } from "../common/text";

/** A table ready to show, as HTML and as aligned text. */
export interface Table {
  kind: "table";
  html: string;
  text: string;
}

export interface TableOptions {
  caption?: string;
  /** decimals of numbers, for all columns or by column name; default for whole numbers: none */
  digits?: number | Readonly<Record<string, number>>;
  /** side to which a column is aligned; default: numbers right, text left */
  align?: Readonly<Record<string, "left" | "right">>;
}

/** One row of a table: a value a column. */
export type TableRow = Readonly<Record<string, string | number>>;

/** A table whose columns are the keys of its rows, in the order of their first appearance. */
export function table(rows: readonly TableRow[], { caption = "", digits, align = {} }: TableOptions = {}): Table {
  if (rows.length === 0) throw new RangeError("Expected `rows` to hold at least one row, got none.");
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  for (const name of Object.keys(align)) {
    if (!columns.includes(name))
      throw new Error(`Expected \`align\` to name columns of the table (${columns.join(", ")}), got ${name}.`);
  }
  const sides = columns.map(
    (name) => align[name] ?? (rows.every((row) => typeof (row[name] ?? 0) === "number") ? "right" : "left"),
  );
  const decimals = (name: string) => (typeof digits === "number" ? digits : digits?.[name]);
  const cells = rows.map((row) => columns.map((name) => cellText(row[name] ?? "", decimals(name))));
  return {
    kind: "table",
    html: htmlTable(columns, cells, sides, caption),
    text: textTable(columns, cells, sides, caption),
  };
}

function cellText(value: string | number, decimals: number | undefined): string {
  if (typeof value === "string") return value;
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "–" : value > 0 ? "∞" : "−∞";
  const fixed =
    decimals === undefined ? undefined : { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  const text = value.toLocaleString("en-US", fixed ?? (Number.isInteger(value) ? {} : { maximumSignificantDigits: 4 }));
  return text.replace("-", "−");
}

function htmlTable(columns: string[], cells: string[][], sides: ("left" | "right")[], caption: string): string {
  // both forms: some viewers drop styles, others override the attribute
  const cell = (tag: string, text: string, i: number) =>
    `<${tag} align="${sides[i]}" style="text-align: ${sides[i]}">${escaped(text)}</${tag}>`;
  const row = (tag: string, texts: string[]) => `<tr>${texts.map((text, i) => cell(tag, text, i)).join("")}</tr>`;
  const title = caption ? `<caption>${escaped(caption)}</caption>` : "";
  return `<table>${title}<thead>${row("th", columns)}</thead><tbody>\n${cells.map((texts) => row("td", texts)).join("\n")}\n</tbody></table>`;
}

function textTable(columns: string[], cells: string[][], sides: ("left" | "right")[], caption: string): string {
  const widths = columnWidths([columns, ...cells]);
  const line = (texts: string[]) => alignedRow(texts, widths, sides);
  const rule = widths.map((width) => "─".repeat(width)).join("  ");
  return [...(caption ? [caption] : []), line(columns), rule, ...cells.map(line)].join("\n");
}
