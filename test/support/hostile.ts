/** Deeper than any stack. */
const DEPTH = 100_000;
export const DEEP = "[".repeat(DEPTH) + "]".repeat(DEPTH);
/** An object that no text can be made of. */
export const WORDLESS = '{"toString":1,"valueOf":1}';
