import { LanguageModel } from "../language/language.js";
import { decodeUtf8 } from "../utf8.js";
import { input, inputBytes } from "./input.js";
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
  const lm = await LanguageModel.load(await input(path), await readOptions(options));
  const text = textOf(await inputBytes(file), file);
  const onProgress = process.stderr.isTTY ? drawBar : undefined;
  const found = await lm.perplexity(text, { onProgress, window });
  if (json) return printJson(found);
  print([
    `${found.bits.toFixed(4)} bits a token, ${found.bitsPerByte.toFixed(4)} bits a byte`,
    `${found.nats.toFixed(4)} nats a token, perplexity ${found.perplexity.toFixed(3)}, ${count(found.tokens)} tokens`,
  ]);
}

/** @throws RangeError */
function textOf(bytes: Uint8Array, file: string): string {
  try {
    return decodeUtf8(bytes);
  } catch {
    throw new RangeError(
      `Cannot measure ${file}: it is no text in UTF-8, expected one: iconv -t utf-8`,
    );
  }
}

function drawBar(read: number, tokens: number): void {
  const done = Math.floor((WIDTH * read) / tokens);
  const end = read === tokens ? "\n" : "";
  process.stderr.write(`\r${"█".repeat(done)}${"░".repeat(WIDTH - done)} ${count(read)}${end}`);
}
