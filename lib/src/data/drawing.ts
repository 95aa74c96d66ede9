import ndarray = require("ndarray");

import type { NdArray } from "ndarray";
import { pixelsOfText } from "../common/drawing-text";

/**
 * The picture in a text that the drawing pad has copied; as `images` of a data set it goes into `evaluate`.
 * @returns uint8 [1, 28, 28]; 0 is background, 255 is full ink
 * @throws TypeError for what is no text, Error for one that is no drawing's or is damaged
 */
export function readDrawing(text: string): NdArray<Uint8Array> {
  return ndarray(pixelsOfText(text), [1, 28, 28]);
}
