import { writeFile } from "node:fs/promises";
import { type StoredType, writeNative } from "../formats/native/write.js";
import { readCheckpoint } from "../formats/read.js";
import { type FileOptions, readOptions } from "./options.js";
import { count } from "./text.js";

/** Writes the native file of a model. */
export async function convert(
  from: string,
  to: string,
  options: FileOptions & { readonly dtype: StoredType; readonly json: boolean },
): Promise<void> {
  const checkpoint = await readCheckpoint(from, await readOptions(options));
  const bytes = writeNative(checkpoint, options.dtype);
  await writeFile(to, bytes);
  const { notes, warnings, description } = checkpoint;
  const result = {
    file: to,
    bytes: bytes.length,
    layers: description.layers.length,
    notes,
    warnings,
  };
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else {
    const lines = [...notes, ...warnings.map((text) => `warning: ${text}`)].map(
      (text) => `  ${text}\n`,
    );
    process.stdout.write(
      `${to}: ${count(bytes.length)} bytes, ${result.layers} layers, weights as ${options.dtype}\n${lines.join("")}`,
    );
  }
}
