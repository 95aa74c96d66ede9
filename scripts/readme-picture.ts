/** Draws the picture of the README: `node --import tsx scripts/readme-picture.ts`. */
import { join } from "node:path";
import { buildLeNet5, figureToPng, layerTable, networkDiagram, writeAtomically } from "lenet-lab";

const operations: Record<string, string> = {
  conv1: "5 × 5 convolution",
  pool1: "max-pooling",
  conv2: "5 × 5 convolution",
  pool2: "max-pooling",
  dense1: "dense",
  dense2: "dense",
  logits: "dense",
};

async function main(): Promise<void> {
  const layers = layerTable(buildLeNet5())
    .filter(({ name }) => name in operations)
    .map(({ name, shape }) => ({ name, shape, detail: operations[name] }));
  const picture = networkDiagram([{ name: "input", shape: [28, 28, 1] }, ...layers]);
  writeAtomically(join(__dirname, "..", "data", "lenet5.png"), [await figureToPng(picture)]);
}

main();
