import { describe, expect, test } from "vitest";
import { load } from "../bindings/index.js";
import { refusal } from "./support/torch.js";

/*
 * Files made by somebody who has read the readers: each is refused by an LmuError, or runs. What chance finds is in
 * fuzz.test.ts.
 */

/** Deeper than any stack. */
const DEPTH = 100_000;
const DEEP = "[".repeat(DEPTH) + "]".repeat(DEPTH);
/** An object that no text can be made of. */
const WORDLESS = '{"toString":1,"valueOf":1}';

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
