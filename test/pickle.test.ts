import { readFileSync } from "node:fs";
import { unzipSync, zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { LmuError } from "../bindings/errors.js";
import { TORCH_GLOBALS } from "../bindings/formats/containers/pickle/torch-globals.js";
import { readPickle } from "../bindings/formats/containers/pickle/pickle.js";
import { Random } from "./support/random.js";
import { tensorsOf } from "./support/torch.js";

/** Files with changed opcodes. */
const ROUNDS = process.env["CI"] ? 5000 : 1000;

/** Bytes of opcodes: texts as ASCII, numbers as they are. */
function assemble(...parts: (string | number | readonly number[])[]): Uint8Array<ArrayBuffer> {
  const pieces = parts.map((part) =>
    typeof part === "string" ? Buffer.from(part, "latin1") : Uint8Array.from([part].flat()),
  );
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

const u32 = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 255);
const text = (value: string): (string | number[])[] => ["X", u32(value.length), value];
const read = (...parts: Parameters<typeof assemble>): unknown =>
  readPickle(assemble(...parts), TORCH_GLOBALS);

/** What went wrong; fails the test unless it is a format-invalid. */
function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(LmuError);
    expect((error as LmuError).code).toBe("format-invalid");
    return (error as LmuError).message;
  }
  throw new Error("expected a refusal");
}

describe("readPickle()", () => {
  test.each([
    ["numbers", ["K", 200, "."], 200],
    ["negative numbers", ["J", u32(-5), "."], -5],
    ["long numbers", [0x8a, 5, 0, 0, 0, 0, 1, "."], 2 ** 32],
    ["long negative numbers", [0x8a, 2, 0, 0xff, "."], -256],
    ["a long zero", [0x8a, 0, "."], 0],
    ["floats", ["G", 0x3f, 0xe0, 0, 0, 0, 0, 0, 0, "."], 0.5],
    ["texts", [...text("Legendre"), "."], "Legendre"],
    ["short texts", [0x8c, 2, "ab", "."], "ab"],
    ["bytes", ["C", 2, 7, 8, "."], Uint8Array.of(7, 8)],
    ["tuples", ["K", 1, "K", 2, 0x86, "."], [1, 2]],
    ["lists", ["](K", 1, "N", 0x88, "e."], [1, null, true]],
    [
      "dicts",
      ["}(K", 1, 0x89, "u", "K", 2, "Ns", "."],
      new Map<unknown, unknown>([
        [1, false],
        [2, null],
      ]),
    ],
    ["sets", [0x8f, "(K", 1, 0x90, "."], new Map([[1, true]])],
    ["memo", ["K", 7, "q", 0, "0h", 0, 0x94, "0j", u32(1), "."], 7],
    ["protocol 4", [0x80, 4, 0x95, u32(2), u32(0), "N", "."], null],
    ["ordered dicts", ["ccollections\nOrderedDict\n)R}b."], new Map()],
    ["globals by stack", [0x8c, 5, "torch", 0x8c, 4, "Size", 0x93, ")", 0x85, "R."], []],
  ] as [string, Parameters<typeof assemble>, unknown][])("reads %s", (_name, parts, value) => {
    expect(read(...parts)).toEqual(value);
  });

  test.each([
    ["os.system", ["cos\nsystem\n", ...text("true"), 0x85, "R."], /"os\.system"/],
    [
      "posix.system",
      [0x8c, 5, "posix", 0x8c, 6, "system", 0x93, ...text("true"), 0x85, "R."],
      /"posix\.system"/,
    ],
    ["builtins.eval", ["c__builtin__\neval\n", ...text("1"), 0x85, "R."], /"__builtin__\.eval"/],
    ["__reduce__ by getattr", ["cbuiltins\ngetattr\n."], /"builtins\.getattr"/],
    ["a class by NEWOBJ", ["csubprocess\nPopen\n)", 0x81, "."], /"subprocess\.Popen"/],
    [
      "a whole module",
      ["c__main__\nNet\n)", 0x81, "}b."],
      /torch\.save\(model\.state_dict\(\), "weights\.pt"\)/,
    ],
    ["inherited names", ["c__proto__\nconstructor\n."], /"__proto__\.constructor"/],
    ["INST", ["(ios\nsystem\n."], /opcode 0x69/],
    ["OBJ", ["(o."], /opcode 0x6f/],
    ["text opcodes of protocol 0", ["I1\n."], /opcode 0x49/],
    ["extension codes", [0x82, 1, "."], /opcode 0x82/],
    ["buffers outside", [0x97, "."], /opcode 0x97/],
    ["a call of a number", ["K", 1, ")R."], /no known function/],
    ["a call of a type", ["ctorch\nFloatStorage\n)R."], /no known function/],
    ["a call without a tuple", ["ccollections\nOrderedDict\nNR."], /without a tuple/],
    ["a state of a list", ["]}b."], /no dict/],
    ["items for a number", ["K", 1, "K", 2, "a."], /no list/],
    ["a key without a value", ["}(K", 1, "u."], /no dict/],
    ["values that do not exist", ["h", 9, "."], /value 9, which does not exist/],
    ["an empty stack", ["."], /without its operands/],
    ["operands beyond a mark", ["K", 1, "(a."], /without its operands/],
    ["a mark that is not there", ["t."], /without its mark/],
    ["a huge integer", [0x8b, u32(0x7fffffff), "."], /integer of 2147483647 bytes/],
    ["a negative length", [0x8b, u32(-1), "."], /integer of 4294967295 bytes/],
    ["an integer beyond 2^53", [0x8a, 8, 255, 255, 255, 255, 255, 255, 255, 127, "."], /2\^53/],
    ["a text longer than the file", ["X", u32(0xffffffff), "abc."], /where the file ends/],
    ["bytes longer than the file", [0x8e, u32(0), u32(0x7fffffff), "."], /where the file ends/],
    ["a text that is no UTF-8", ["X", u32(2), 0xff, 0xfe, "."], /no UTF-8/],
    ["a name without an end", ["cos"], /without an end/],
    ["nothing", [], /where the file ends/],
    ["protocol 9", [0x80, 9, "N."], /protocol above 5/],
    ["a persistent id of its own", ["N", "Q."], /persistent id/],
    ["a tensor without a storage", ["ctorch._utils\n_rebuild_tensor_v2\n)R."], /without a storage/],
    ["a dict of a text", ["ccollections\nCounter\n", ...text("x"), 0x85, "R."], /than a dict/],
  ] as [string, Parameters<typeof assemble>, RegExp][])("refuses %s", (_name, parts, message) => {
    expect(refusal(() => read(...parts))).toMatch(message);
  });

  test("names that it refuses are printed safely, and not in full", () => {
    const message = refusal(() => read(`c${"a".repeat(9000)}\u001b\nb\n.`));
    expect(message.length).toBeLessThan(700);
    expect(refusal(() => read("c\u001b[31m\nb\n."))).toContain('"\\u001b[31m.b"');
  });

  test("100,000 lists in one another need no stack", () => {
    const depth = 100_000;
    const readOf = (...parts: Parameters<typeof assemble>) =>
      readPickle(assemble(...parts), TORCH_GLOBALS, 2 ** 25);
    expect(Array.isArray(readOf("]".repeat(depth), "a".repeat(depth - 1), "."))).toBe(true);
    const message = refusal(() => readOf("]".repeat(2 ** 20 + 1), "."));
    expect(message).toMatch(/more than 1048576 collections/);
  });

  test.each([
    ["values", "N"],
    ["marks", "("],
    ["lists", "]"],
    ["dicts", "}"],
    ["bytes of no length", "C\u0000"],
    ["notes", "N\u0094"],
  ])("%s for which there is no room are refused", (_, opcode) => {
    const message = refusal(() => read(opcode.repeat(2_000_000), "."));
    expect(message).toMatch(/room for/);
  });

  test("a list may hold itself, and doubling references costs nothing", () => {
    expect(read("]q", 0, "h", 0, "a.")).toHaveLength(1);
    // A tuple of two of the tuple before, 10,000 times: 2^10000 leaves, if anyone walked there.
    expect(
      read("N", ...Array.from({ length: 10_000 }, () => ["2", 0x86] as const).flat(), "."),
    ).toHaveLength(2);
  });

  test("counts its steps", () => {
    const pushedAndPopped = Buffer.alloc(2 ** 23 + 1, "N0");
    expect(refusal(() => readPickle(pushedAndPopped, TORCH_GLOBALS))).toMatch(
      /more than 8388608 opcodes/,
    );
  });

  test("keys cannot reach a prototype", () => {
    const value = read("}(", ...text("__proto__"), "}", ...text("polluted"), 0x88, "su.");
    expect(value).toBeInstanceOf(Map);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe("readPickle() on broken bytes", () => {
  test("gives a value or an LmuError, whatever changes of opcodes do", () => {
    const path = new URL("golden/torch/extra-modules.pt", import.meta.url);
    const files = unzipSync(new Uint8Array(readFileSync(path)));
    const whole = files["extra-modules/data.pkl"]!;
    const random = new Random(17);
    let values = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = whole.slice();
      for (let i = random.integer(3); i >= 0; i--) {
        // Half of the changes put one byte of the file for another: mostly opcodes that exist.
        const from = random.integer(2) ? whole[random.integer(whole.length)]! : random.integer(256);
        bytes[random.integer(bytes.length)] = from;
      }
      try {
        readPickle(bytes, TORCH_GLOBALS);
        values++;
      } catch (error) {
        if (!(error instanceof LmuError)) throw error;
      }
    }
    expect(values).toBeGreaterThan(ROUNDS / 10);
  });
});

/** An archive with one storage of four floats and a dict of one tensor over it. */
function archive(layout: (string | number | readonly number[])[], storage = "Float"): Uint8Array {
  const pickle = assemble(
    ...["}", ...text("w"), "ctorch._utils\n_rebuild_tensor_v2\n(("],
    ...[...text("storage"), `ctorch\n${storage}Storage\n`, ...text("0"), ...text("cpu"), "K", 4],
    ...["tQ", ...layout, 0x89, "ccollections\nOrderedDict\n)Rt", "Rs."],
  );
  const numbers = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);
  return zipSync({ "a/data.pkl": pickle, "a/data/0": numbers }, { level: 0 });
}

const TWO_BY_TWO = ["K", 2, "K", 2, 0x86];
const strides = (a: number, b: number): (string | number)[] => ["K", a, "K", b, 0x86];

async function tensorOf(...args: Parameters<typeof archive>): Promise<number[]> {
  const tensor = (await tensorsOf(archive(...args))).get("w")!;
  return Array.from({ length: 4 }, (_, i) => tensor.at(i));
}

describe("readTorch() tensors", () => {
  test("are views with an offset and strides", async () => {
    expect(await tensorOf(["K", 0, ...TWO_BY_TWO, ...strides(2, 1)])).toEqual([1, 2, 3, 4]);
    expect(await tensorOf(["K", 0, ...TWO_BY_TWO, ...strides(1, 2)])).toEqual([1, 3, 2, 4]);
    expect(await tensorOf(["K", 0, ...TWO_BY_TWO, ...strides(1, 1)])).toEqual([1, 2, 2, 3]);
  });

  test.each([
    ["beyond the storage", ["K", 1, ...TWO_BY_TWO, ...strides(2, 1)], /beyond its 4 stored/],
    ["at a negative offset", ["J", u32(-4), ...TWO_BY_TWO, ...strides(2, 1)], /no proper offset/],
    ["with negative strides", ["K", 0, ...TWO_BY_TWO, "J", u32(-2), "K", 1, 0x86], /no proper/],
    ["with a shape that is none", ["K", 0, "N", ...strides(2, 1)], /no proper/],
    ["with too few strides", ["K", 0, ...TWO_BY_TWO, "K", 1, 0x85], /2 axes and 1 strides/],
    [
      "that repeat a number a million times",
      ["K", 0, "J", u32(1000), "J", u32(1000), 0x86, ...strides(0, 0)],
      /contiguous/,
    ],
    [
      "of sizes whose product is beyond everything",
      [
        "K",
        0,
        "(",
        ...Array.from({ length: 60 }, () => ["J", u32(0x7fffffff)]).flat(),
        "t(",
        "K\u0001".repeat(60),
        "t",
      ],
      /more than any file/,
    ],
  ] as [string, Parameters<typeof assemble>, RegExp][])(
    "%s are refused",
    async (_n, layout, why) => {
      const error: unknown = await tensorsOf(archive(layout)).catch((cause: unknown) => cause);
      expect(
        refusal(() => {
          throw error;
        }),
      ).toMatch(why);
    },
  );

  test("of wider elements than the file holds are refused", async () => {
    const layout = ["K", 0, ...TWO_BY_TWO, ...strides(2, 1)];
    await expect(tensorsOf(archive(layout, "Double"))).rejects.toThrow(/beyond its 2 stored/);
    await expect(tensorsOf(archive(layout, "ComplexFloat"))).rejects.toThrow(
      /no tensors of a known type/,
    );
    await expect(tensorsOf(archive(layout, "QInt8"))).rejects.toThrow(/"torch\.QInt8Storage"/);
  });

  test("whose storage is not there are refused", async () => {
    const layout = ["K", 0, ...TWO_BY_TWO, ...strides(2, 1)];
    const whole = archive(layout);
    const renamed = whole.map((byte, i) =>
      byte === 0x30 && whole[i - 1] === 0x2f && whole[i - 2] === 0x61 ? 0x31 : byte,
    );
    await expect(tensorsOf(renamed)).rejects.toThrow(/storage "0", which is not there/);
  });
});
