import { divergingScale } from "./theme";

/** Red, green, blue in 0 … 255. */
export type Rgb = readonly [number, number, number];

/** How values become colours: ink on paper, light on black, black body heat, or blue-white-red. */
export type ColourMap = "ink" | "light" | "heat" | "diverging";

type Stops = readonly (readonly [number, Rgb])[];

const maps: Record<ColourMap, Stops> = {
  ink: [
    [0, [255, 255, 255]],
    [1, [17, 17, 17]],
  ],
  light: [
    [0, [0, 0, 0]],
    [1, [255, 255, 255]],
  ],
  heat: [
    [0, [0, 0, 0]],
    [0.35, [120, 28, 109]],
    [0.65, [229, 92, 48]],
    [0.85, [251, 180, 26]],
    [1, [252, 255, 200]],
  ],
  diverging: divergingScale.map(([at, colour]) => [at, fromHex(colour)] as const),
};

/** The colour of `t` in 0 … 1; beyond, that of the nearest end. */
export function colourFor(map: ColourMap, t: number): Rgb {
  const stops = maps[map];
  const clamped = Math.min(1, Math.max(0, Number.isNaN(t) ? 0 : t));
  const above = Math.max(
    1,
    stops.findIndex(([at]) => at >= clamped),
  );
  const [low, from] = stops[above - 1] as readonly [number, Rgb];
  const [high, to] = stops[above] as readonly [number, Rgb];
  const share = (clamped - low) / (high - low);
  const mix = (channel: 0 | 1 | 2) => Math.round(from[channel] + share * (to[channel] - from[channel]));
  return [mix(0), mix(1), mix(2)];
}

function fromHex(colour: string): Rgb {
  const value = Number.parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}
