import { checkWhole } from "../common/checks";
import { alignedRow, columnWidths, escaped } from "../common/text";
import { checkList, checkWord, kindOf } from "./arguments";
import { unwritable } from "./labels";
import { longest, powerOfTen, shortest } from "./layout";

/** A table ready to show, as HTML and as aligned text. */
export interface Table {
  kind: "table";
  html: string;
  text: string;
}

export interface TableOptions {
  caption?: string;
  /** decimals of numbers, 0 to 20, for all columns or by column name; default for whole numbers: none */
  digits?: number | Readonly<Record<string, number>>;
  /** side to which a column is aligned; default: numbers right, text left */
  align?: Readonly<Record<string, "left" | "right">>;
}

/** What stands in a cell of a table; of a list its items, parted by commas. */
export type TableValue = string | number | bigint | boolean | readonly (string | number | bigint | boolean)[];

/** One row of a table: a value a column. */
export type TableRow = Readonly<Record<string, TableValue>>;

/**
 * A table whose columns are the keys of its rows, in the order of their first appearance.
 * @throws RangeError for no rows and other decimals, Error for columns and sides that do not exist, TypeError for cells
 *   that are neither text, number nor boolean, nor a list of them
 */
export function table(rows: readonly TableRow[], { caption = "", digits, align = {} }: TableOptions = {}): Table {
  checkList("`rows`", rows);
  if (rows.length === 0) throw new RangeError("Expected `rows` to hold at least one row, got none.");
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  for (const [option, named] of Object.entries({ align, digits: typeof digits === "object" ? digits : {} })) {
    for (const name of Object.keys(named)) {
      if (!columns.includes(name))
        throw new Error(`Expected \`${option}\` to name columns of the table (${columns.join(", ")}), got ${name}.`);
    }
  }
  for (const side of Object.values(align)) checkWord("align", side, ["left", "right"]);
  for (const count of typeof digits === "number" ? [digits] : Object.values(digits ?? {}))
    checkWhole("digits", count, { from: 0, to: 20 });
  const sides = columns.map(
    (name) => own(align, name) ?? (rows.every((row) => typeof (own(row, name) ?? 0) === "number") ? "right" : "left"),
  );
  const decimals = (name: string) => (typeof digits === "number" ? digits : own(digits ?? {}, name));
  const cells = rows.map((row) => columns.map((name) => cellText(own(row, name) ?? "", decimals(name), name)));
  return {
    kind: "table",
    html: htmlTable(columns, cells, sides, caption),
    text: textTable(columns, cells, sides, caption),
  };
}

/** What a record holds itself: a column may be called as what every object has, such as `constructor`. */
function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function cellText(value: TableValue, decimals: number | undefined, name: string): string {
  if (typeof value === "bigint" || typeof value === "boolean") return String(value);
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map((item) => cellText(item, decimals, name)).join(", ");
  if (typeof value !== "number")
    throw new TypeError(`Expected texts, numbers or booleans in the column ${name}, got ${kindOf(value)}.`);
  if (!Number.isFinite(value)) return unwritable(value);
  const size = Math.abs(value);
  if (size >= longest || (decimals === undefined && size > 0 && size < shortest))
    return powerOfTen(value, 4).replace(/^-/, "−");
  const fixed =
    decimals === undefined ? undefined : { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  const text = value.toLocaleString("en-US", fixed ?? (Number.isInteger(value) ? {} : { maximumSignificantDigits: 4 }));
  // what rounds to zero has no sign
  return text.replace(/^-(?=[0.,]*$)/, "").replace("-", "−");
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
