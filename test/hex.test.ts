import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { bytesOfHex } from "../bindings/runtime/hex.js";
import { wasmHex as fullHex } from "../bindings/runtime/full-hex.js";
import { wasmHex } from "../bindings/runtime/wasm-hex.js";

test.each([
  ["lmu.wasm", wasmHex],
  ["lmu-full.wasm", fullHex],
])("the embedded text is %s, by whatever decoder the host has", (name, hex) => {
  const wasm = new Uint8Array(readFileSync(new URL(`../build/${name}`, import.meta.url)));
  const none = { Uint8Array: {} };
  const newest = { Uint8Array: { fromHex: (text: string) => bytesOfHex(text, none) } };
  const node = { Uint8Array: {}, Buffer };
  for (const host of [none, newest, node]) {
    expect(new Uint8Array(bytesOfHex(hex, host))).toEqual(wasm);
  }
});
