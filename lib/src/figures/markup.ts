/**
 * Plotly reads every text of a figure as a little HTML: some tags, and entities such as `&lt;`. Titles may use them;
 * text that comes from data has to be kept from it.
 */

// the tags that Plotly knows; it writes all others out
const tag = /<\/?(?:a|b|em|i|s|span|sub|sup|u)(?:\s[^<>]*)?>/gi;
const lineBreak = /<br(?:\s[^<>]*)?\/?>/gi;
const entities: Readonly<Record<string, string>> = { "&lt;": "<", "&gt;": ">", "&amp;": "&", "&nbsp;": " " };

/** Text of data for Plotly, which then shows it letter by letter. */
export function literal(text: string): string {
  return String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;");
}

/** A title as a reader hears it: without the tags that Plotly knows. */
export function withoutMarkup(text: string): string {
  const spoken = String(text).replace(lineBreak, " ").replace(tag, "");
  return spoken.replace(/&(?:lt|gt|amp|nbsp);/g, (entity) => entities[entity] as string);
}
