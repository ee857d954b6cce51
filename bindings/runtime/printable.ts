const ESCAPE = "~".charCodeAt(0);

/**
 * Bytes of a printable text as scripts/printable.mjs makes it: what each character means, as triples of the character and
 * two hexadecimal digits; an escape; then one character per byte, or an escape and two digits.
 *
 * It compresses almost as well as the bytes themselves, which base64 does not: lmu.wasm takes 5.8 KB of brotli, 6.2 KB as
 * such a text, 8.4 KB as base64. And AudioWorklets, which have no atob, can read it.
 */
export function decodePrintable(text: string): Uint8Array<ArrayBuffer> {
  const byteAt = (at: number) => parseInt(text.slice(at, at + 2), 16);
  const meaning = new Uint8Array(128);
  let at = 0;
  for (; text.charCodeAt(at) !== ESCAPE; at += 3) meaning[text.charCodeAt(at)] = byteAt(at + 1);
  const bytes = new Uint8Array(text.length);
  let count = 0;
  for (at++; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code !== ESCAPE) bytes[count++] = meaning[code]!;
    else {
      bytes[count++] = byteAt(at + 1);
      at += 2;
    }
  }
  return bytes.slice(0, count);
}
