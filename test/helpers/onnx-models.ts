/** The two networks whose ONNX files are checked by ONNX's own tools: `scripts/reference/onnx_check.py`. */
import { loadLeNet5 } from "../../lib/src/network/checkpoint";
import { floatToOnnx, int8ToOnnx } from "../../lib/src/onnx/export";
import { checkpoint, quantizedLeNet5 } from "./quantized-lenet";

/** The bytes of the two files, by name. */
export function checkedFiles(): { float: Uint8Array; int8: Uint8Array } {
  const { model } = loadLeNet5(checkpoint);
  const float = floatToOnnx(model, { name: "lenet5" });
  model.dispose();
  return { float, int8: int8ToOnnx(quantizedLeNet5(), { name: "lenet5-int8" }) };
}
