import { load, type Report } from "../index.js";
import { type FileOptions, readOptions } from "./options.js";
import { count, table } from "./text.js";

/** Prints what a model is made of and what it costs. */
export async function inspect(
  path: string,
  options: FileOptions & { readonly json: boolean },
): Promise<void> {
  const model = await load(path, await readOptions(options));
  const report = model.report();
  process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : describe(path, report));
}

function describe(path: string, report: Report): string {
  const { layers, warnings, notes } = report;
  const rows = layers.map((layer) => [
    layer.name,
    layer.type,
    count(layer.outputSize),
    count(layer.parameters),
    count(layer.stateBytes),
    count(Math.round(layer.multiplyAdds)),
  ]);
  const heading = ["layer", "type", "outputs", "parameters", "state bytes", "multiply-adds"];
  const total = [
    "total",
    "",
    "",
    count(report.parameters),
    count(report.stateBytes),
    count(report.multiplyAdds),
  ];
  return [
    `${path}: ${report.format}${report.source ? `, ${report.source}` : ""}`,
    `input   ${inputOf(report)}`,
    `output  ${count(report.outputSize)} ${report.returnsSequence ? "per step" : "for the whole sequence"}`,
    `stream  ${streamOf(report)}`,
    `memory  ${count(report.memoryBytes)} bytes`,
    "",
    table([heading, ...rows, total], 2),
    ...section("tensors", shapesOf(report)),
    ...section("notes", notes),
    ...section("warnings", warnings),
    "",
  ].join("\n");
}

/** Every tensor with its type and shape, as the native format has it. */
function shapesOf({ layers }: Report): string[] {
  const tensors = layers.flatMap((layer) => layer.tensors);
  if (tensors.length === 0) return [];
  const rows = tensors.map(({ name, dtype, shape }) => [name, dtype, `[${shape.join(", ")}]`]);
  return table(rows, 3).split("\n");
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

function section(title: string, lines: readonly string[]): string[] {
  return lines.length ? ["", `${title}:`, ...lines.map((line) => `  ${line}`)] : [];
}
