import { compileModel } from "../compile/compile.js";
import { typesOf } from "../compile/meta.js";
import { load } from "../index.js";
import { input, STANDARD } from "./input.js";
import { readLabels } from "./labels.js";
import { type FileOptions, readOptions } from "./options.js";
import { expectApart, write } from "./output.js";
import { count, print, printJson } from "./text.js";

/** Options of the command. */
interface CompileOptions extends FileOptions {
  readonly output: string;
  /** Write declarations, too. */
  readonly types: boolean;
  /** That a sequence has at most. */
  readonly steps?: number;
  /** Names of the outputs, as of run. */
  readonly labels?: string;
  readonly json: boolean;
  /** Of this package. */
  readonly version: string;
}

/** Writes a model as one WebAssembly module: docs/compiled.md. */
export async function compile(from: string, options: CompileOptions): Promise<void> {
  const { output: to, types, steps, json, version } = options;
  if (types && to === STANDARD) {
    throw new RangeError("Cannot write declarations beside the standard output: name a file");
  }
  await expectApart(from, to);
  const model = await load(await input(from), await readOptions(options));
  const labels = options.labels === undefined ? undefined : await readLabels(options.labels, model);
  const { bytes, meta } = compileModel(model, version, steps, labels);
  await write(to, bytes);
  const declarations = `${to.replace(/\.wasm$/, "")}.d.wasm.ts`;
  if (types) await write(declarations, new TextEncoder().encode(typesOf(meta)));
  const files = types ? [to, declarations] : [to];
  // Where the module goes to the standard output, what there is to say goes beside it.
  const stream = to === STANDARD ? process.stderr : process.stdout;
  if (json) printJson({ files, bytes: bytes.length, ...meta }, stream);
  else {
    const { inputSize, outputSize, fingerprint } = meta;
    const sizes = `${inputSize} to ${outputSize} values, fingerprint ${fingerprint}`;
    const names = to === STANDARD ? "standard output" : files.join(", ");
    print([`${names}: ${count(bytes.length)} bytes, ${sizes}`], stream);
  }
}
