/** The ONNX files of the bench, written by the library from the shipped weights. */
import { join } from "node:path";
import { floatToOnnx, int8ToOnnx, loadLeNet5, loadQuantized, projectDataFolder, writeAtomically } from "lenet-lab";

/** Writes the network as floats, and as integers that take floats or bytes. */
export function writeOnnx(folder: string): void {
  const checkpoints = join(projectDataFolder(), "checkpoints");
  const { model } = loadLeNet5(join(checkpoints, "lenet5.safetensors"));
  const quantized = loadQuantized(join(checkpoints, "lenet5-int8.bin"));
  writeAtomically(join(folder, "float.onnx"), [floatToOnnx(model)]);
  writeAtomically(join(folder, "int8-floats.onnx"), [int8ToOnnx(quantized)]);
  writeAtomically(join(folder, "int8-bytes.onnx"), [int8ToOnnx(quantized, { input: "uint8" })]);
  model.dispose();
}
