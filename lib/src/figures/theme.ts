/** Ten colours, one a digit, distinct for colour-blind readers too (Petroff 2021, "Accessible Color Sequences"). */
export const palette: readonly string[] = [
  "#3f90da",
  "#ffa90e",
  "#bd1f01",
  "#94a4a2",
  "#832db6",
  "#a96b59",
  "#e76300",
  "#b9ac70",
  "#717581",
  "#92dadd",
];

/** Fonts of every figure; the PNG is drawn with the first, a browser takes the first it has. */
export const fontFamily = "Inter, Open Sans, verdana, arial, sans-serif";

/** Fonts of pictures made of characters. */
export const monospaceFamily = "DejaVu Sans Mono, Menlo, Consolas, monospace";

/** Greys of every figure: text, secondary text, grid lines, frames. */
export const ink = { text: "#1f2933", soft: "#5f6c7b", grid: "#e6e9ed", frame: "#c3cad2" } as const;

/** Light to dark, for counts and other values that start at zero. */
export const sequentialScale: readonly (readonly [number, string])[] = [
  [0, "#ffffff"],
  [0.15, "#d9e8f6"],
  [0.4, "#8fbfe6"],
  [0.7, "#3f83c4"],
  [1, "#123c69"],
];

/** Blue through white to red, for values on both sides of zero. */
export const divergingScale: readonly (readonly [number, string])[] = [
  [0, "#2b5c9e"],
  [0.25, "#8db4dc"],
  [0.5, "#ffffff"],
  [0.75, "#ee9a80"],
  [1, "#b2301c"],
];

/** The `index`-th colour, starting over after ten. */
export function colourOf(index: number): string {
  return palette[index % palette.length] as string;
}
