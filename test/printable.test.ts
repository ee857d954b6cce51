import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodePrintable } from "../bindings/runtime/printable.js";
import { wasmText } from "../bindings/runtime/wasm-bytes.js";
// @ts-expect-error a script without types
import { encodePrintable } from "../scripts/printable.mjs";

const encode = encodePrintable as (bytes: Uint8Array) => string;

test("any bytes come back, through text that is safe in strings, HTML and every encoding", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => {
      const text = encode(bytes);
      expect(text).toMatch(/^[!#%&(-;=-[\]-_a-~]*$/);
      expect(decodePrintable(text)).toEqual(new Uint8Array(bytes));
    }),
  );
});

test("the embedded text is lmu.wasm", () => {
  const wasm = readFileSync(new URL("../build/lmu.wasm", import.meta.url));
  expect(decodePrintable(wasmText)).toEqual(new Uint8Array(wasm));
});
