import { extname } from "node:path";
import { load } from "../../index.js";
import { expectOneStandard, input, STANDARD } from "../input.js";
import { readLabels } from "../labels.js";
import { type FileOptions, readOptions } from "../options.js";
import { expectApart } from "../output.js";
import { openTarget, type Target } from "../target.js";
import { printJson } from "../text.js";
import { Bytes } from "./bytes.js";
import { openSignal } from "./open.js";
import { csvOutputs, jsonOutputs, type Look, npyOutputs, type Outputs } from "./outputs.js";
import { Runner } from "./runner.js";

/** What the command is told. */
export interface RunOptions extends FileOptions {
  readonly json: boolean;
  /** Where outputs go: .npy, or a table. */
  readonly output: string;
  /** Columns of a table, by name or number from 1, with commas between. */
  readonly columns?: string;
  /** Names of the outputs: with commas between, or a file of lines. */
  readonly labels?: string;
}

/** Runs a model on the numbers of a file, in constant memory where the model can stream. */
export async function run(path: string, signalPath: string, options: RunOptions): Promise<void> {
  const { json, output: to } = options;
  expectOneStandard("run the model", path, "input", signalPath);
  await expectApart(signalPath, to);
  await expectApart(path, to);
  const model = await load(await input(path), await readOptions(options));
  const bytes = await Bytes.open(signalPath);
  const columns = options.columns?.split(",").map((name) => name.trim());
  const { inputSize: width, vocabulary } = model;
  const signal = await openSignal(bytes, { width, vocabulary, columns });
  const runner = new Runner(model, signal, bytes);
  const labels = options.labels === undefined ? undefined : await readLabels(options.labels, model);
  const look = { width: model.outputSize, hasHeader: signal.hasHeader, labels };
  const target = await openTarget(to);
  const facts = () => ({ steps: runner.steps, rows: runner.rows, outputSize: look.width });
  try {
    const outputs = outputsTo(to, target, look, json ? facts : undefined);
    await runner.run(outputs);
    await outputs.end(signal.sequences, runner.rows / signal.sequences);
    await target.end();
  } catch (error) {
    await target.abort();
    throw error;
  }
  if (json && to !== STANDARD) printJson({ ...facts(), output: to });
}

function outputsTo(
  to: string,
  target: Target,
  look: Look,
  facts: (() => object) | undefined,
): Outputs {
  const isArray = extname(to).toLowerCase() === ".npy";
  if (isArray && look.labels) {
    throw new RangeError(`Cannot write ${to}: an array holds no labels, expected a table`);
  }
  if (isArray) return npyOutputs(target, look);
  return facts && to === STANDARD ? jsonOutputs(target, look, facts) : csvOutputs(target, look);
}
