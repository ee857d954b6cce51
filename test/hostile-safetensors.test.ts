import { describe, expect, test, vi } from "vitest";
import type { Description, LayerDescription } from "../bindings/description.js";
import { load } from "../bindings/index.js";
import { allocatedBy } from "./support/allocation.js";
import { DEEP, WORDLESS } from "./support/hostile.js";
import { fileOf } from "./support/models.js";
import { refusal } from "./support/torch.js";

/*
 * Headers and descriptions made by somebody who has read the readers: each is refused by an LmuError, or runs. What
 * chance finds is in fuzz.test.ts.
 */

/** A safetensors file with this header. */
function safetensors(header: string, dataBytes = 0): Uint8Array {
  const json = new TextEncoder().encode(header);
  const file = new Uint8Array(8 + json.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  return file;
}

/** A native file with this description and no tensors. */
const native = (description: string) =>
  safetensors(JSON.stringify({ __metadata__: { "lmu-wasm": description } }));

/** A native file whose only layer has these fields. */
const layer = (fields: string) =>
  native(`{"version":1,"input":{"width":1},"layers":[{"name":"a",${fields}}]}`);

describe("values of the wrong kind are refused", () => {
  const tensor = (dtype: string, shape: string, offsets: string) =>
    safetensors(`{"a":{"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}}}`, 4);

  test.each([
    ["a dtype", tensor(DEEP, "[1]", "[0,4]")],
    ["a dtype without words", tensor(WORDLESS, "[1]", "[0,4]")],
    ["a dtype in a list", tensor('["F32"]', "[1]", "[0,4]")],
    ["a shape", tensor('"F32"', DEEP, "[0,4]")],
    ["offsets", tensor('"F32"', "[1]", DEEP)],
    ["a version", native(`{"version":${DEEP}}`)],
    ["a layer", native(`{"version":1,"input":{"width":1},"layers":[${DEEP}]}`)],
    ["a type", layer(`"type":${DEEP}`)],
    ["a type without words", layer(`"type":${WORDLESS}`)],
    ["a type in a list", layer('"type":["last"]')],
    ["a hidden type without words", layer(`"type":"lmu","order":2,"hidden":{"type":${WORDLESS}}`)],
    ["an activation", layer(`"type":"activation","activation":${DEEP}`)],
    ["a parameter", layer(`"type":"activation","activation":{"type":"elu","alpha":${DEEP}}`)],
    ["an input", layer(`"type":"last","from":[${DEEP}]`)],
  ])("%s", async (_, file) => {
    const { code, message } = await refusal(() => load(file));
    expect(code).toMatch(/^(format|description)-invalid$|-unsupported$/);
    expect(message.length).toBeLessThan(1000);
  });
});

describe("headers of safetensors", () => {
  const entry = '{"dtype":"F32","shape":[1],"data_offsets":[0,4]}';

  test.each([
    ["a name that is there twice", `{"a":${entry},"a":${entry}}`, "a is there twice"],
    ["the same name, written otherwise", `{"a":${entry},"\\u0061":${entry}}`, "a is there twice"],
    [
      "a key that is there twice",
      `{"a":${entry.replace("{", '{"shape":[9],')}}`,
      "a has a key twice",
    ],
    [
      "metadata that are there twice",
      `{"__metadata__":{"b\\":":"\\"c\\":","b\\":":""},"a":${entry}}`,
      "__metadata__ has a key twice",
    ],
    ["an object in an object", `{"a":{"b":{}}}`, "no valid JSON of flat objects"],
    ["a list", "{[]}", "no valid JSON"],
    ["a text without end", `{"a\\":${entry}}`, "no valid JSON"],
    ["no comma", `{"a":${entry}"b":${entry}}`, "no valid JSON"],
    ["a comma at the end", `{"a":${entry},}`, "no valid JSON"],
    ["something behind", `{"a":${entry}}{}`, "no valid JSON"],
  ])("%s is refused", async (_, header, message) => {
    expect(await refusal(() => load(safetensors(header, 4)))).toMatchObject({
      code: "format-invalid",
      message: expect.stringContaining(message) as string,
    });
  });

  test.each([
    ["a million objects", `{"x":[${"{},".repeat(1e6)}{}]}`],
    ["a million lists in each other", `{"x":${"[".repeat(1e6)}${"]".repeat(1e6)}}`],
    ["a million backslashes", `{"x${"\\\\".repeat(1e6)}":1}`],
  ])("%s are never parsed", async (_, header) => {
    const parse = vi.spyOn(JSON, "parse");
    expect((await refusal(() => load(safetensors(header)))).message).toContain("no valid JSON");
    expect(Math.max(0, ...parse.mock.calls.map(([text]) => text.length))).toBeLessThan(100);
    parse.mockRestore();
  });

  test("names with braces, quotes and spaces around them are read", async () => {
    const name = '{"}';
    const layers = [{ name, type: "dense" }];
    const description = JSON.stringify({ version: 1, input: { width: 1 }, layers });
    const metadata = JSON.stringify({ "lmu-wasm": description });
    const weight = `${JSON.stringify(`${name}.weight`)} : ${entry.replace("[1]", "[ 1, 1 ]")}`;
    const header = `{ "__metadata__" : ${metadata} , ${weight} } `;
    const model = await load(safetensors(header, 4));
    expect(model.report().layers.map(({ name }) => name)).toEqual([name]);
    model.dispose();
  });
});

describe("descriptions of more than there is are refused", () => {
  const from = ["input"];
  const many = (count: number, fields: (index: number) => object) =>
    Array.from({ length: count }, (_, i) => ({ name: `n${i}`, ...fields(i) }) as LayerDescription);
  const norms = many(100, () => ({ type: "layer-norm", epsilon: 1 }));
  const twice = (i: number) => Array<string>(2).fill(i === 0 ? "input" : `n${i - 1}`);
  const doubled = many(60, (i) => ({ type: "concatenate", from: twice(i) }));
  const memory = { name: "m", type: "lmu", order: 2048, theta: 1000 } as const;

  test.each<[string, Description["input"], readonly LayerDescription[]]>([
    ["channels of memories", { width: 2 ** 24 }, [memory]],
    ["computed factors", { width: 2 ** 20 }, [{ ...memory, order: 16 }]],
    [
      "computed matrices",
      { width: 1 },
      many(3, (i) => ({ ...memory, discretizer: "bilinear", name: `m${i}`, from })),
    ],
    ["work for one matrix", { width: 1 }, [memory]],
    [
      "work for many matrices",
      { width: 1 },
      many(9, (i) => ({ ...memory, order: 512, theta: 512 + i, name: `m${i}`, from })),
    ],
    ["norms of wide inputs", { width: 2 ** 20 }, norms],
    [
      "means of wide inputs",
      { width: 2 ** 22 },
      many(9, () => ({ type: "mean", from: ["input", "input"] })),
    ],
    [
      "norms of doubled inputs",
      { width: 1 },
      [...doubled, norms[0]!].map((l, i) => ({ ...l, name: `n${i}` })),
    ],
    [
      "norms of flattened inputs",
      { width: 2 ** 24, steps: 2 ** 24 },
      [
        { name: "f", type: "flatten" },
        { name: "g", type: "layer-norm", epsilon: 1 },
      ],
    ],
  ])("%s", async (_, input, layers) => {
    const file = fileOf({ description: { version: 1, input, layers }, tensors: new Map() });
    let code: string | undefined;
    const allocated = await allocatedBy(async () => {
      ({ code } = await refusal(() => load(file)));
    });
    expect(code).toBe("model-too-large");
    expect(allocated).toBeLessThanOrEqual(4 * file.length + 2 ** 20);
  });

  test("tensors of a stream that does not say how long it is", async () => {
    const layers = [{ name: "d", type: "dense" }];
    const description = JSON.stringify({ version: 1, input: { width: 1 }, layers });
    const entry = { dtype: "I8", shape: [2 ** 22, 1], data_offsets: [0, 2 ** 22] };
    const header = { __metadata__: { "lmu-wasm": description }, "d.weight": entry };
    const file = safetensors(JSON.stringify(header));
    const allocated = await allocatedBy(async () => {
      const { message } = await refusal(() => load(new Blob([file as BlobPart]).stream()));
      expect(message).toContain("ends within tensor d.weight");
    });
    expect(allocated).toBeLessThanOrEqual(2 ** 20);
  });
});

describe("work that grows faster than the file is refused, or done another way", () => {
  const many = (count: number, fields: (index: number) => object) =>
    Array.from({ length: count }, (_, i) => ({ name: `n${i}`, ...fields(i) }) as LayerDescription);
  const made = (layers: readonly LayerDescription[]) =>
    fileOf({ description: { version: 1, input: { width: 1 }, layers }, tensors: new Map() });

  test.each([5e-324, 1e-308, 1e-9])("a memory of %s steps forgets at once", async (theta) => {
    const model = await load(made([{ name: "m", type: "lmu", order: 3, theta }]));
    const output = model.run([1, 0]);
    expect([...output].every((value) => Number.isFinite(value))).toBe(true);
    expect([...output.subarray(3)]).toEqual([0, 0, 0].map((zero) => expect.closeTo(zero, 12)));
    model.dispose();
  });

  test.each([
    [
      "windows of windows",
      many(1001, () => ({ type: "pool", mode: "max", size: 1 })),
      "more than 1000",
    ],
    [
      "inputs without end",
      many(11, () => ({ type: "add", from: Array(10_000).fill("input") })),
      "110000 inputs, expected at most 100000",
    ],
  ])("%s", async (_, layers, problem) => {
    expect((await refusal(() => load(made(layers)))).message).toContain(problem);
  });

  test("a thousand windows run", async () => {
    const model = await load(made(many(1000, () => ({ type: "pool", mode: "max", size: 1 }))));
    expect([...model.run([1, 2])]).toEqual([1, 2]);
    model.dispose();
  });

  test("40,000 scales without rows", async () => {
    const entry = (dtype: string) => `{"dtype":"${dtype}","shape":[0],"data_offsets":[0,0]}`;
    const entries = Array.from(
      { length: 40_000 },
      (_, i) => `"t${i}:scale":${entry("F32")},"t${i}":${entry("I8")}`,
    );
    const description = { version: 1, input: { width: 1 }, layers: [{ name: "a", type: "last" }] };
    const metadata = JSON.stringify({ "lmu-wasm": JSON.stringify(description) });
    const file = safetensors(`{"__metadata__":${metadata},${entries.join()}}`);
    expect((await refusal(() => load(file))).message).toContain("no layer reads tensor");
  });
});
