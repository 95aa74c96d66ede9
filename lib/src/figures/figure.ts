/** A figure as data: Plotly traces and layout, and what the figure says in words. */
export interface Figure {
  kind: "figure";
  data: object[];
  layout: FigureLayout;
  alt: string;
}

/** A Plotly layout of known size, in CSS pixels. */
export interface FigureLayout {
  width: number;
  height: number;
  [key: string]: unknown;
}

/** What every figure takes. */
export interface FigureOptions {
  title?: string;
  xLabel?: string;
  yLabel?: string;
  /** CSS pixels */
  width?: number;
  /** CSS pixels */
  height?: number;
  /** what the figure says, for readers who do not see it; made from the data unless given */
  alt?: string;
}
