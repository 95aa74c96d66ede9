/** A figure as data: Plotly traces and layout, and its description in words. */
export interface Figure {
  kind: "figure";
  data: object[];
  layout: FigureLayout;
  alt: string;
  /** a drawing with nothing to point at: shown as a picture, which a narrow page may shrink */
  still?: boolean;
}

/** A Plotly layout of known size, in CSS pixels. */
export interface FigureLayout {
  width: number;
  height: number;
  [key: string]: unknown;
}

/** Options of every figure. */
export interface FigureOptions {
  /** may hold Plotly's tags, such as `<br>` and `<sup>`, and so may the labels of the axes */
  title?: string;
  xLabel?: string;
  yLabel?: string;
  /** CSS pixels */
  width?: number;
  /** CSS pixels */
  height?: number;
  /** what the figure says, for readers who do not see it; default: made from the data */
  alt?: string;
}
