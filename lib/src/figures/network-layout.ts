import { highest } from "./extremes";

/** A layer as drawn: `shape` is `[height, width, maps]` for feature maps, `[units]` for a dense layer. */
export interface DiagramLayer {
  name: string;
  shape: readonly number[];
  /** the operation that makes this layer from the one before it; a kernel in it, as in "5 × 5 convolution", is drawn */
  detail?: string;
}

/** Where a layer stands, in CSS pixels from the lower left. */
export interface Placed {
  layer: DiagramLayer;
  left: number;
  width: number;
  /** side of one map, or width of the column */
  side: number;
  /** height of one map, or of the column */
  height: number;
  /** how many maps are drawn, and how far each is shifted up and right */
  maps: number;
  shift: number;
}

/** Width of a dense layer as drawn. */
export const columnWidth = 16;

/** Places layers over the width, with equal gaps; drawings grow with the square root of their layers' lengths. */
export function place(layers: readonly DiagramLayer[], width: number): Placed[] {
  const longest = (axes: number) =>
    highest(
      layers.map(({ shape }) => (shape.length === axes ? (shape[0] as number) : 1)),
      1,
    );
  const [largest, most] = [longest(3), longest(1)];
  const sizes = layers.map((layer): Placed => {
    const [rows = 1, columns = rows, channels = 1] = layer.shape;
    if (layer.shape.length === 1) {
      const tall = rows <= 16 ? rows * 10 : 60 + 110 * Math.sqrt(rows / most);
      return { layer, left: 0, width: columnWidth, side: columnWidth, height: tall, maps: 0, shift: 0 };
    }
    const tall = 92 * Math.sqrt(rows / largest);
    const side = tall * (columns / rows);
    const maps = Math.min(channels, 24);
    const shift = Math.min(6, 46 / maps);
    return { layer, left: 0, width: side + shift * (maps - 1), side, height: tall, maps, shift };
  });
  const margin = 30;
  const gap = (width - 2 * margin - sizes.reduce((sum, size) => sum + size.width, 0)) / (layers.length - 1);
  if (gap < 8)
    throw new Error(
      `Expected ${layers.length} layers to fit into a width of ${width}, they do not: pass a larger \`width\`.`,
    );
  let left = margin;
  for (const size of sizes) {
    size.left = left;
    left += size.width + gap;
  }
  return sizes;
}

/** The middle between two neighbouring layers. */
export function gapCentre(from: Placed | undefined, to: Placed | undefined): number | undefined {
  return from && to && (from.left + from.width + to.left) / 2;
}
