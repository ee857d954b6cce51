import { LanguageModel } from "../language/language.js";
import { expectOneStandard, input, inputText } from "./input.js";
import { type FileOptions, readOptions } from "./options.js";
import { count, print, printJson } from "./text.js";

/** Characters of the bar. */
const WIDTH = 40;

/** Prints how well a model foretells a file of text, with a bar while it reads. */
export async function perplexity(
  path: string,
  file: string,
  { json, window, ...options }: FileOptions & { readonly json: boolean; readonly window?: number },
): Promise<void> {
  expectOneStandard("measure a text", path, "text", file);
  const lm = await LanguageModel.load(await input(path), await readOptions(options));
  const text = await inputText(file);
  const onProgress = process.stderr.isTTY ? drawBar : undefined;
  const found = await lm.perplexity(text, { onProgress, window });
  if (json) return printJson(found);
  print([
    `${found.bits.toFixed(4)} bits a token, ${found.bitsPerByte.toFixed(4)} bits a byte`,
    `${found.nats.toFixed(4)} nats a token, perplexity ${found.perplexity.toFixed(3)}, ${count(found.tokens)} tokens`,
  ]);
}

function drawBar(read: number, tokens: number): void {
  const done = Math.floor((WIDTH * read) / tokens);
  const end = read === tokens ? "\n" : "";
  process.stderr.write(`\r${"█".repeat(done)}${"░".repeat(WIDTH - done)} ${count(read)}${end}`);
}
