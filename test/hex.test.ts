import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { bytesOfHex } from "../bindings/runtime/hex.js";
import { wasmHex } from "../bindings/runtime/wasm-hex.js";

const wasm = new Uint8Array(readFileSync(new URL("../build/lmu.wasm", import.meta.url)));

test("the embedded text is lmu.wasm, by whatever decoder the host has", () => {
  const none = { Uint8Array: {} };
  const newest = { Uint8Array: { fromHex: (text: string) => bytesOfHex(text, none) } };
  const node = { Uint8Array: {}, Buffer };
  for (const host of [none, newest, node]) {
    expect(new Uint8Array(bytesOfHex(wasmHex, host))).toEqual(wasm);
  }
});
