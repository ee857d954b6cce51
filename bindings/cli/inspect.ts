import { load, type LayerReport, type Report } from "../index.js";
import { input } from "./input.js";
import { optionsOf } from "./layer.js";
import { type FileOptions, readOptions } from "./options.js";
import { count, print, printable, printJson, shortened, table, wrap } from "./text.js";

/** Columns of a terminal that everything fits into. */
const WIDTH = 80;

/** Prints what a model is made of and what it costs. */
export async function inspect(
  path: string,
  options: FileOptions & { readonly json: boolean },
): Promise<void> {
  const model = await load(await input(path), await readOptions(options));
  const report = model.report();
  if (options.json) printJson(report);
  else print(describe(path, report));
}

function describe(path: string, report: Report): string[] {
  const { warnings, notes, source } = report;
  return [
    path,
    ...wrap(
      printable(`${report.format}${source ? `, ${source}` : ""}`),
      WIDTH,
      "        ",
      "format  ",
    ),
    `input   ${inputOf(report)}`,
    `output  ${count(report.outputSize)} ${report.returnsSequence ? "per step" : "for the whole sequence"}`,
    `stream  ${streamOf(report)}`,
    `weights ${count(report.weightBytes)} bytes in ${report.weights}`,
    `memory  ${count(report.memoryBytes)} bytes`,
    "",
    ...layersOf(report),
    ...section("tensors", tensorsOf(report)),
    ...section("notes", notes.flatMap(paragraph)),
    ...section("warnings", warnings.flatMap(paragraph)),
  ];
}

/** A row of costs for each layer, and below it what it does. */
function layersOf(report: Report): string[] {
  const { layers } = report;
  const heading = ["layer", "type", "outputs", "parameters", "state bytes", "mul-adds"];
  const rows = layers.map((layer) => [
    shortened(printable(layer.name), 24),
    layer.type,
    count(layer.outputSize),
    ...costsOf(layer),
  ]);
  const [top, ...lines] = table([heading, ...rows, ["total", "", "", ...costsOf(report)]], 2);
  const details = layers.map((layer) => wrap(printable(optionsOf(layer)), WIDTH, "  "));
  return [top!, ...lines.flatMap((line, i) => [line, ...(details[i] ?? [])])];
}

function costsOf({
  parameters,
  stateBytes,
  multiplyAdds,
}: Pick<LayerReport, "parameters" | "stateBytes" | "multiplyAdds">): string[] {
  return [parameters, stateBytes, Math.round(multiplyAdds)].map(count);
}

/** Every tensor with its type and shape, as the native format has it. */
function tensorsOf({ layers }: Report): string[] {
  const tensors = layers.flatMap((layer) => layer.tensors);
  if (tensors.length === 0) return [];
  const rows = tensors.map(({ name, dtype, shape }) => [name, dtype, `[${shape.join(", ")}]`]);
  return table(rows, 3).map((line) => `  ${line}`);
}

function inputOf({ vocabulary, inputSize, steps }: Report): string {
  const what =
    vocabulary === undefined
      ? `${count(inputSize)} per step`
      : `token ids below ${count(vocabulary)}`;
  return steps === undefined ? what : `${what}, ${count(steps)} steps`;
}

function streamOf({ notStreamable, lookAhead }: Report): string {
  if (notStreamable) return `no: ${notStreamable}`;
  return lookAhead ? `yes, ${lookAhead} steps late` : "yes";
}

function paragraph(text: string): string[] {
  return wrap(printable(text), WIDTH, "    ", "  ");
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length ? ["", `${title}:`, ...lines] : [];
}
