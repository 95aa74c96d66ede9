/** Text in aligned columns, and text within HTML and SVG. */

/** How wide each column is: characters of its longest cell. */
export function columnWidths(rows: readonly (readonly string[])[]): number[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, text] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, [...text].length);
  }
  return widths;
}

/** The cells of a row, each as wide as its column, two spaces apart; to the left unless `sides` says otherwise. */
export function alignedRow(
  cells: readonly string[],
  widths: readonly number[],
  sides: readonly ("left" | "right")[] = [],
): string {
  const padded = cells.map((text, i) => {
    const space = " ".repeat((widths[i] as number) - [...text].length);
    return sides[i] === "right" ? space + text : text + space;
  });
  return padded.join("  ").trimEnd();
}

/** Text as it stands between the tags, and in the attributes, of HTML and XML. */
export function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}
