import { readFileSync } from "node:fs";
import { instantiate, instantiateSync } from "@assemblyscript/loader";
import { describe, expect, test } from "vitest";
import type { Exports } from "../bindings/runtime/exports.js";
import { WASM_PATH } from "./support/kernel.js";
import { Random } from "./support/random.js";

/*
 * lmu.wasm on its own, as those use it who want bare kernels: loaded by @assemblyscript/loader, memory laid out by hand.
 */

type Kernels = Exports & Record<string, unknown>;

const bytes = readFileSync(WASM_PATH);
const kernels = (): Kernels => instantiateSync<Kernels>(bytes).exports;

/** A live view of memory. */
function floats({ memory }: Kernels, at: number, count: number): Float32Array {
  return new Float32Array(memory.buffer, at, count);
}

describe("@assemblyscript/loader", () => {
  test.each([
    ["bytes", async () => (await instantiate<Kernels>(bytes)).exports],
    ["a module", async () => (await instantiate<Kernels>(new WebAssembly.Module(bytes))).exports],
    [
      "a response",
      async () => {
        const headers = { "content-type": "application/wasm" };
        return (await instantiate<Kernels>(new Response(bytes, { headers }))).exports;
      },
    ],
    ["bytes, synchronously", async () => kernels()],
  ])("instantiates lmu.wasm from %s", async (_, start) => {
    const { memory, heapBase, tanh } = await start();
    expect(memory.buffer.byteLength).toBeGreaterThanOrEqual(65536);
    expect(heapBase() % 16).toBe(0);
    expect(heapBase()).toBeLessThan(65536);
    expect(tanh).toBeTypeOf("function");
  });

  test("only functions and memory go out", () => {
    const kinds = WebAssembly.Module.exports(new WebAssembly.Module(bytes)).map(({ kind }) => kind);
    expect(new Set(kinds)).toEqual(new Set(["function", "memory"]));
  });
});

describe("bare kernels", () => {
  test("tanh() and sigmoid() work in place", () => {
    const wasm = kernels();
    const at = wasm.heapBase();
    const x = [-100, -1, -0.25, 0, 1e-3, 0.5, 2, 100];
    for (const [kernel, exact] of [
      [wasm.tanh, Math.tanh],
      [wasm.sigmoid, (value: number) => 1 / (1 + Math.exp(-value))],
    ] as const) {
      floats(wasm, at, 8).set(x);
      kernel(at, 8);
      floats(wasm, at, 8).forEach((y, i) => expect(y).toBeCloseTo(exact(x[i]!), 6));
    }
  });

  test("affine() is a matrix-vector product over panels", () => {
    const wasm = kernels();
    // 20 rows: a panel of 16 and one of 4, each [column][row].
    const [rows, columns] = [20, 3];
    const random = new Random(1);
    const [W, b, x] = [random.floats(rows * columns), random.floats(rows), random.floats(columns)];
    const at = { W: wasm.heapBase(), b: 0, x: 0, y: 0 };
    at.b = at.W + 4 * rows * columns;
    at.x = at.b + 4 * rows;
    at.y = at.x + 16;
    const packed = floats(wasm, at.W, rows * columns);
    for (const [first, height] of [
      [0, 16],
      [16, 4],
    ] as const) {
      for (let k = 0; k < columns; k++) {
        for (let r = 0; r < height; r++) {
          packed[first * columns + k * height + r] = W[(first + r) * columns + k]!;
        }
      }
    }
    floats(wasm, at.b, rows).set(b);
    floats(wasm, at.x, columns).set(x);
    wasm.affine(at.y, 0, at.b, 0, at.x, 0, 1, at.W, columns, rows);
    floats(wasm, at.y, rows).forEach((y, r) => {
      const exact = x.reduce((sum, value, k) => sum + W[r * columns + k]! * value, b[r]!);
      expect(y).toBeCloseTo(exact, 6);
    });
  });

  test("softmax() takes rows of any width, in memory that has grown", () => {
    const wasm = kernels();
    wasm.memory.grow(1);
    const at = wasm.memory.buffer.byteLength - 32;
    const x = [1, 2, 3, 4, 5];
    floats(wasm, at, 5).set(x);
    wasm.softmax(at, 5);
    const sum = x.reduce((total, value) => total + Math.exp(value), 0);
    floats(wasm, at, 5).forEach((y, i) => expect(y).toBeCloseTo(Math.exp(x[i]!) / sum, 6));
  });
});
