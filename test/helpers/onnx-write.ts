/** Writes the two checked files, `float.onnx` and `int8.onnx`, into the folder that it is given. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkedFiles } from "./onnx-models";

for (const [name, bytes] of Object.entries(checkedFiles()))
  writeFileSync(join(process.argv[2] as string, `${name}.onnx`), bytes);
