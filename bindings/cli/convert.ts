import { type StoredType, writeNative } from "../formats/native/write.js";
import { readCheckpoint } from "../formats/read.js";
import { FULL_KINDS } from "../layers/full-kinds.js";
import { KINDS } from "../layers/kinds.js";
import { validateDescription } from "../validate.js";
import { input, STANDARD } from "./input.js";
import { type FileOptions, readOptions } from "./options.js";
import { expectApart, write } from "./output.js";
import { count, print, printJson } from "./text.js";

/** Writes the native file of a model. */
export async function convert(
  from: string,
  to: string,
  options: FileOptions & { readonly dtype: StoredType; readonly json: boolean },
): Promise<void> {
  await expectApart(from, to);
  expectNative(to);
  const checkpoint = await readCheckpoint(await input(from), await readOptions(options));
  validateDescription(checkpoint.description, { ...KINDS, ...FULL_KINDS });
  const bytes = writeNative(checkpoint, options.dtype);
  await write(to, bytes);
  const { notes, warnings, description } = checkpoint;
  const layers = description.layers.length;
  // Where the file goes to the standard output, what there is to say goes beside it.
  const stream = to === STANDARD ? process.stderr : process.stdout;
  if (options.json) printJson({ file: to, bytes: bytes.length, layers, notes, warnings }, stream);
  else {
    const name = to === STANDARD ? "standard output" : to;
    const heading = `${name}: ${count(bytes.length)} bytes, ${layers} layers, weights as ${options.dtype}`;
    const rest = [...notes, ...warnings.map((text) => `warning: ${text}`)];
    print([heading, ...rest.map((text) => `  ${text}`)], stream);
  }
}

/** Names that promise another format than the one that is written. */
const FOREIGN = /\.(keras|h5|hdf5|pt|pth|bin|npz|onnx|tflite|gguf|wasm)$/i;

/** @throws RangeError for a name that would say of a native file that it is another */
function expectNative(to: string): void {
  const [extension] = FOREIGN.exec(to) ?? [];
  if (!extension) return;
  const other = extension === ".wasm" ? "; compile writes modules" : "";
  throw new RangeError(
    `Cannot write ${to}: its name ends in ${extension}, expected .safetensors, the format that convert writes${other}`,
  );
}
