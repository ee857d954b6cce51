import { describe, expect, test } from "vitest";
import { Stops } from "../bindings/language/stops.js";
import { TextStream } from "../bindings/language/text-stream.js";
import { BYTES, idsOf, readTokenizer, type Tokenizer } from "../bindings/language/tokenizer.js";
import { Random } from "./support/random.js";

/** The pieces of a text, the last one being the rest. */
function pieces(tokenizer: Tokenizer, ids: ArrayLike<number>): string[] {
  let stream = new TextStream(tokenizer);
  const found: string[] = [];
  for (const id of Array.from(ids)) {
    found.push(stream.push(id));
    // What it remembers is all there is.
    stream = new TextStream(tokenizer, stream.state);
  }
  return [...found, stream.end()];
}

const TEXT = "naïve façade — 日本語 🎉👩‍👩‍👧 \uFEFFend";

describe("text as it comes", () => {
  test("bytes: all pieces are the text, and none splits a character", () => {
    const ids = idsOf(BYTES, TEXT);
    const found = pieces(BYTES, ids);
    expect(found.join("")).toBe(TEXT);
    expect(found.join("")).not.toContain("\uFFFD");
    expect(found.every((piece) => [...piece].length <= 1)).toBe(true);
  });

  test("bytes that are no text are what a decoder makes of all of them", () => {
    for (let seed = 1; seed < 200; seed++) {
      const random = new Random(seed);
      const ids = Array.from(
        { length: 24 },
        () => [0x41, 0xe2, 0x82, 0xac, 0xf0, 0xff][random.integer(6)]!,
      );
      expect(pieces(BYTES, ids).join("")).toBe(BYTES.decode(ids));
    }
  });

  test("bytes that never become text do not wait for ever", () => {
    const found = pieces(BYTES, new Array(100).fill(0xff));
    expect(found.slice(0, 64).join("").length).toBeGreaterThan(30);
    expect(found.join("")).toHaveLength(100);
  });

  test.each([
    ["nothing", {}],
    ["no object", 3],
    ["no JSON", new TextEncoder().encode("{")],
  ])("a tokenizer.json of %s is refused", async (_, json) => {
    await expect(readTokenizer(json, {})).rejects.toMatchObject({ code: "format-invalid" });
  });
});

describe("stops", () => {
  const all = (strings: string[], text: string, size: number) => {
    let stops = new Stops(strings);
    let given = "";
    for (let at = 0; at < text.length && !stops.isFound; at += size) {
      given += stops.push(text.slice(at, at + size));
      if (!stops.isFound) stops = new Stops(strings, stops.held);
    }
    return given + (stops.isFound ? "" : stops.end());
  };

  test.each([1, 2, 3, 7])("end a text before the first of them, in pieces of %i", (size) => {
    expect(all(["\n\n", "END"], "one\ntwo EN three\n\nfour END", size)).toBe("one\ntwo EN three");
    expect(all(["aab"], "aaaab", size)).toBe("aa");
    expect(all(["xyz"], "no stop but xy", size)).toBe("no stop but xy");
    expect(all([], "nothing to stop at", size)).toBe("nothing to stop at");
  });
});
