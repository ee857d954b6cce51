/**
 * Text of UTF-8 bytes. TextDecoder where there is one; AudioWorklets have none.
 *
 * @throws TypeError, RangeError on invalid bytes
 */
export function decodeUtf8(bytes: Uint8Array): string {
  if (typeof TextDecoder === "function")
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  let text = "";
  for (let i = 0; i < bytes.length;) {
    const lead = bytes[i++]!;
    let code = lead;
    const more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (more > 0) code = lead & (0x3f >> more);
    for (let k = 0; k < more; k++) code = (code << 6) | (bytes[i++]! & 0x3f);
    text += String.fromCodePoint(code);
  }
  return text;
}
