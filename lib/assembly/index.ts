/** Networks such as LeNet-5 in integers, many images a call. `lib/src/int8/wasm/program.ts` fills the memory. */
import { centre } from "./centre";
import { convolve, convolveAndPool } from "./convolve";
import { convolveImage } from "./convolve-image";
import { dense } from "./dense";
import { Kind, Layer } from "./layer";
import { pool } from "./pool";

/**
 * @param program address of the layers, the last of kind `end`
 * @param pixels address of `count` images of `size` bytes
 * @param logits address that float32 [count × classes] go to
 */
export function run(program: usize, count: i32, pixels: usize, size: i32, logits: usize, classes: i32): void {
  for (; count > 0; count--, pixels += size, logits += 4 * classes) {
    for (let at = program; ; at += offsetof<Layer>()) {
      const layer = changetype<Layer>(at);
      const kind = layer.kind;
      if (kind == Kind.end) break;
      else if (kind == Kind.centre) centre(layer, pixels);
      else if (kind == Kind.convolve) convolve(layer);
      else if (kind == Kind.convolveAndPool) convolveAndPool(layer);
      else if (kind == Kind.convolveImage) convolveImage(layer);
      else if (kind == Kind.dense) dense(layer, 0);
      else if (kind == Kind.logits) dense(layer, logits);
      else pool(layer);
    }
  }
}
