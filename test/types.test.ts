import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { test } from "node:test";

// the compiler that tslab runs cells with, which is older than ours
import ts = require("@tslab/typescript-for-tslab");

import { root } from "./helpers/root";

const cell = join(root, "notebooks", "a cell.ts");

/** As tslab sets them: a cell is compiled with its declarations, so that the next cell knows its names. */
const settings: ts.CompilerOptions = {
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Node10,
  esModuleInterop: true,
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2022.d.ts"],
  declaration: true,
  skipLibCheck: true,
  rootDir: dirname(cell),
  outDir: "outDir",
  typeRoots: [join(root, "node_modules", "@types")],
};

let previous: ts.Program | undefined;

/** Compiles a cell that stands in no file. */
function compile(source: string): { program: ts.Program; messages: string[] } {
  const host = ts.createCompilerHost(settings);
  const { fileExists, readFile, getSourceFile } = host;
  host.getCurrentDirectory = () => dirname(cell);
  host.fileExists = (path) => path === cell || fileExists(path);
  host.readFile = (path) => (path === cell ? source : readFile(path));
  host.getSourceFile = (path, version, ...rest) =>
    path === cell
      ? ts.createSourceFile(path, source, version)
      : (previous?.getSourceFile(path) ?? getSourceFile(path, version, ...rest));
  host.writeFile = () => undefined;
  const program = ts.createProgram([cell], settings, host, previous);
  previous = program;
  const diagnostics = [...ts.getPreEmitDiagnostics(program), ...program.emit().diagnostics];
  return {
    program,
    messages: diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n")),
  };
}

/** Cells that use every export: each name alone, each function's parameters, and its result down to its parts. */
function useEverything(program: ts.Program): string {
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(cell) as ts.SourceFile;
  const declaration = file.statements[0] as ts.ImportDeclaration;
  const names = checker.getExportsOfModule(checker.getSymbolAtLocation(declaration.moduleSpecifier) as ts.Symbol);
  const lines = ['import * as lab from "lenet-lab";'];
  for (const symbol of names) {
    const { name } = symbol;
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    if ((target.flags & ts.SymbolFlags.Value) === 0) {
      lines.push(`export let type_${name} = null! as lab.${name};`);
      continue;
    }
    lines.push(`export const value_${name} = lab.${name};`);
    const signature = checker.getTypeOfSymbolAtLocation(target, file).getCallSignatures()[0];
    if (signature === undefined) continue;
    lines.push(
      `const result_of_${name} = (null! as Awaited<ReturnType<typeof lab.${name}>>);`,
      `export const made_by_${name} = result_of_${name};`,
    );
    signature.parameters.forEach((_, i) => {
      lines.push(`const taken_${i}_by_${name} = null! as NonNullable<Parameters<typeof lab.${name}>[${i}]>;`);
      lines.push(`export const given_${i}_to_${name} = taken_${i}_by_${name};`);
    });
    const result = checker.getReturnTypeOfSignature(signature);
    for (const part of checker.getPropertiesOfType(result)) {
      const own = part.declarations?.some((d) => d.getSourceFile().fileName.includes("/lib/dist/"));
      if (own) lines.push(`export const part_${part.name}_of_${name} = result_of_${name}.${part.name};`);
    }
  }
  return lines.join("\n");
}

test("every name that lenet-lab exports, and every result of its functions, can be used in a cell of tslab", () => {
  assert.equal(ts.version, "5.0.4");
  const probe = compile('import * as lab from "lenet-lab";\nexport const library = lab;');
  const source = useEverything(probe.program);
  assert.ok(source.split("\n").length > 150, `only ${source.split("\n").length} uses`);
  assert.deepEqual(compile(source).messages, []);
});

test("a cell as the notebooks have them compiles with its declarations", () => {
  const source = `
    import { adam, affine, batches, buildLeNet5, compose, cosine, elastic, evaluate, layerTable, loadMnist, lossAndGradient,
      split, take, tf, toTensors, Trainer, trainable, warmUp, wilsonInterval } from "lenet-lab";
    export const { train, test } = loadMnist();
    export const parts = split(train, { validation: 5000, seed: 0 });
    export const few = take(parts.train, 64);
    export const model = buildLeNet5({ seed: 1 });
    export const rows = layerTable(model);
    export const [first] = rows;
    export const augment = compose(affine(), elastic());
    export const schedule = warmUp(10, cosine(0.05, { steps: 100 }));
    export const trainer = new Trainer(model, { train: few, validation: parts.validation, epochs: 1, schedule, optimizer: adam(), augment });
    export const { history, losses } = trainer;
    export const reason = trainer.run();
    export const pipeline = batches(few, { batchSize: 32, shuffle: true, map: augment });
    export const { images, labels } = toTensors(few, [0, 1]);
    export const logits = model.predict(images) as tf.Tensor2D;
    export const { gradient } = lossAndGradient(trainable(model), { images, labels });
    export const measured = evaluate(model, parts.validation);
    export const interval = wilsonInterval(measured.correct, measured.predictions.length);
    export const average = tf.tidy(() => tf.mean(images, 0));
    export const pixels = train.images.pick(0);`;
  assert.deepEqual(compile(source).messages, []);
});

test("a cell can take the network in integers alone, from lenet-lab/int8", () => {
  const source = `
    import { decodeModel, inferInt8, type QuantizedModel } from "lenet-lab/int8";
    export const network: QuantizedModel = decodeModel(new Uint8Array(64));
    export const logits = inferInt8(network, new Uint8Array(784));`;
  assert.deepEqual(compile(source).messages, []);
  assert.match(compile('import { tf } from "lenet-lab/int8";').messages.join(), /no exported member 'tf'/);
});

test("a cell that uses what there is not does not compile", () => {
  assert.deepEqual(compile('import { loadMnits } from "lenet-lab";').messages.length, 1);
  const internal = ["explainInChunks", "explainedSum", "classCount", "mostConfidentFirst", "transformImages"].concat([
    "forwardPass",
    "rangeOf",
    "movedRange",
    "encodeOnnx",
    "checkQuantized",
    "countImages",
  ]);
  assert.equal(compile(`import { ${internal.join(", ")} } from "lenet-lab";`).messages.length, internal.length);
  assert.match(
    compile('import { loadMnist } from "lenet-lab"; loadMnist(3);').messages.join(),
    /Expected 0 arguments, but got 1/,
  );
});
