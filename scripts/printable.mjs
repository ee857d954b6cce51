/** Printable ASCII but for what means something in a string or in HTML, and for the escape. */
const ALPHABET = Array.from({ length: 93 }, (_, i) => String.fromCharCode(33 + i)).filter(
  (character) => !"\"$'<\\`".includes(character),
);

/** Bytes as a text that bindings/runtime/printable.ts reads: the commonest ones take one character each. */
export function encodePrintable(bytes) {
  const counts = new Uint32Array(256);
  for (const byte of bytes) counts[byte]++;
  const common = [...counts.keys()].sort((a, b) => counts[b] - counts[a]);
  const hex = (byte) => byte.toString(16).padStart(2, "0");
  const characters = Array.from(counts, (_, byte) => `~${hex(byte)}`);
  ALPHABET.forEach((character, i) => (characters[common[i]] = character));
  const meanings = ALPHABET.map((character, i) => character + hex(common[i]));
  return `${meanings.join("")}~${Array.from(bytes, (byte) => characters[byte]).join("")}`;
}
