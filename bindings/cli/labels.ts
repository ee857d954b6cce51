import { readFile } from "node:fs/promises";
import type { Model } from "../index.js";

/**
 * Names of a model's outputs, from an option: with commas between, or a file of lines.
 *
 * @throws RangeError unless there is one for every output
 */
export async function readLabels(text: string, { outputSize }: Model): Promise<string[]> {
  const isInline = text.includes(",");
  const lines = isInline ? text.split(",") : (await readFile(text, "utf8")).trim().split(/\r?\n/);
  const labels = lines.map((label) => label.trim());
  if (labels.length === outputSize) return labels;
  throw new RangeError(
    `Cannot label the outputs: there are ${labels.length} labels, expected ${outputSize}, one for every output`,
  );
}
