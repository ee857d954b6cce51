import type { Bytes } from "./bytes.js";
import { unreadable } from "./signal.js";

/** Letters of a line: a row of a million numbers is no row. */
const MOST_LETTERS = 1 << 20;

/** The lines of a text that say something: neither blank nor, as numpy writes names, begun with a #. */
export async function* lines(
  bytes: Bytes,
): AsyncGenerator<{ row: number; text: string }, void, undefined> {
  const { name } = bytes;
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let row = 0;
  let rest = "";
  for (;;) {
    const piece = await bytes.some();
    const isEnd = piece.length === 0;
    rest += decode(decoder, piece, isEnd, name, row);
    // A carriage return alone ends a line, too, once it is known that no line feed follows.
    const texts = rest.split(/\r\n|\n|\r(?!$)/);
    rest = isEnd ? "" : texts.pop()!;
    for (const text of texts) {
      row++;
      if (text.length > MOST_LETTERS) tooLong(name, row);
      if (text.trim() !== "" && !text.startsWith("#")) yield { row, text };
    }
    if (isEnd) return;
    if (rest.length > MOST_LETTERS) tooLong(name, row + 1);
  }
}

function decode(
  decoder: TextDecoder,
  piece: Uint8Array,
  isEnd: boolean,
  name: string,
  row: number,
): string {
  try {
    const text = decoder.decode(piece, { stream: !isEnd });
    if (!text.includes("\0")) return text;
  } catch {
    // Said below.
  }
  const known = "a table in UTF-8, an .npy file or a .wav file";
  return unreadable(name, `it has other bytes than text after row ${row}, expected ${known}`);
}

function tooLong(name: string, row: number): never {
  unreadable(name, `row ${row} has over ${MOST_LETTERS} letters, expected a row of numbers`);
}
