import { type GenerationOptions, LanguageModel } from "../language/language.js";
import { expectOneStandard, input, inputText, STANDARD } from "./input.js";
import { type FileOptions, readOptions } from "./options.js";
import { printJson, printPiece } from "./text.js";

/** What the command is told. */
interface Options extends FileOptions, Omit<GenerationOptions, "stopIds"> {
  readonly prompt: string;
  readonly json: boolean;
}

/** Writes on after a prompt, to the standard output as it comes. */
export async function generate(
  path: string,
  { prompt: given, json, config, layers, weights, ...options }: Options,
): Promise<void> {
  expectOneStandard("write on", path, "prompt", given);
  const prompt = given === STANDARD ? await inputText(STANDARD) : given;
  const loadOptions = await readOptions({ config, layers, weights });
  const lm = await LanguageModel.load(await input(path), loadOptions);
  const ids: number[] = [];
  let text = "";
  // What cannot be read is not printed either.
  lm.encode(prompt);
  if (!json) printPiece(prompt);
  for await (const token of lm.generate(prompt, options)) {
    ids.push(token.id);
    text += token.text;
    if (!json) printPiece(token.text);
  }
  if (json) printJson({ prompt, text, ids });
  else printPiece("\n");
}
