/**
 * Text of UTF-8 bytes. TextDecoder where there is one; AudioWorklets have none, but URIs, which are slow.
 *
 * @throws TypeError, URIError or RangeError on invalid bytes
 */
export function decodeUtf8(bytes: Uint8Array): string {
  if (typeof TextDecoder === "function")
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  const escaped = Array.from(bytes, (byte) => `%${(byte + 256).toString(16).slice(1)}`);
  return decodeURIComponent(escaped.join(""));
}
