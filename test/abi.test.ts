import { readdirSync, readFileSync } from "node:fs";
import binaryen from "binaryen";
import { describe, expect, test } from "vitest";
import {
  ACTIVATION_KINDS,
  COMBINES,
  FIELDS,
  KINDS,
  LAYER,
  PARTS,
  PLAN,
} from "../bindings/runtime/abi.js";
import { WASM_PATH } from "./support/kernel.js";

const wasm = readFileSync(WASM_PATH);
const source = (path: string) =>
  readFileSync(new URL(`../assembly/${path}`, import.meta.url), "utf8");

/** Every class of assembly/layers with its fields, in order of declaration. */
function classes(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const files = readdirSync(new URL("../assembly/layers/", import.meta.url));
  for (const file of files) {
    const text = source(`layers/${file}`);
    for (const [, name, body] of text.matchAll(/export class (\w+)[^{]*\{([^]*?)\n\}/g)) {
      const fields = [...body!.matchAll(/^ {2}(\w+): (?:u32|i32|usize|f32) = 0;/gm)];
      found.set(
        name!,
        fields.map((match) => match[1]!),
      );
    }
  }
  return found;
}

/** Names of an enum in assembly. */
function enumOf(path: string, name: string): string[] {
  const body = new RegExp(`enum ${name} \\{([^}]*)\\}`).exec(source(path))![1]!;
  return [...body.matchAll(/(\w+)(?: = \d+)?,/g)].map((match) => match[1]!);
}

const capital = (name: string) => name[0]!.toUpperCase() + name.slice(1);

describe("bindings/runtime/abi.ts mirrors assembly", () => {
  const declared = classes();

  test.each(Object.entries(FIELDS).filter(([kind]) => kind !== "loop"))(
    "record %s",
    (kind, fields) => {
      const name = kind === "activation" ? "ActivationLayer" : capital(kind);
      expect(declared.get(name)).toEqual([...fields]);
    },
  );

  test("parts, headers and codes", () => {
    for (const [part, fields] of Object.entries(PARTS)) {
      expect(declared.get(capital(part))).toEqual([...fields]);
    }
    expect(declared.get("Layer")).toEqual([...LAYER]);
    expect(declared.get("Plan")).toEqual([...PLAN]);
    expect(enumOf("plan.ts", "Kind")).toEqual(KINDS.map(capital));
    expect(enumOf("layers/activation.ts", "Kind")).toEqual(ACTIVATION_KINDS.slice(1).map(capital));
    expect(enumOf("kernels/combine.ts", "Combine")).toEqual(COMBINES.map(capital));
  });

  test("every function that is typed is exported, and no other", () => {
    const abi = readFileSync(new URL("../bindings/runtime/abi.ts", import.meta.url), "utf8");
    const body = /export interface Exports \{([^]*?)\n\}/.exec(abi)![1]!;
    const typed = [...body.matchAll(/^ {2}(?:readonly )?(\w+)[(:]/gm)].map((match) => match[1]!);
    const module = new WebAssembly.Module(wasm);
    expect(
      WebAssembly.Module.exports(module)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(typed.sort());
  });
});

describe("lmu.wasm", () => {
  test("imports nothing", () => {
    expect(WebAssembly.Module.imports(new WebAssembly.Module(wasm))).toEqual([]);
  });

  test("uses no relaxed SIMD, threads or other features beyond fixed-width SIMD and bulk memory", () => {
    const { Features } = binaryen;
    const module = binaryen.readBinaryWithFeatures(wasm, Features.All);
    const allowed =
      Features.SIMD128 |
      Features.BulkMemory |
      Features.BulkMemoryOpt |
      Features.MutableGlobals |
      Features.SignExt |
      Features.NontrappingFPToInt;
    module.setFeatures(allowed);
    expect(module.validate()).toBe(1);
    module.dispose();
  });

  test("makes no call inside a loop that computes", () => {
    const module = binaryen.readBinary(wasm);
    const offenders = functionsOf(module.emitText()).filter((text) => computesAndCalls(text));
    module.dispose();
    expect(offenders).toEqual([]);
  });

  test("would notice a call inside a loop that computes", () => {
    const [inner, outer] = ["(call $f (i32.const 0))", "(local.get $0)"];
    const nested = (own: string, deep: string) =>
      `(func (loop $a ${own} (loop $b (f32x4.mul (local.get $1) ${deep}))))`;
    expect(computesAndCalls(nested(inner, outer))).toBe(false);
    expect(computesAndCalls(nested(outer, inner))).toBe(true);
  });
});

/** The functions of a module in text form. */
function functionsOf(text: string): string[] {
  return text.split(/\n (?=\()/).filter((part) => part.startsWith("(func "));
}

/** Whether a loop holds both SIMD arithmetic and a call, loops inside it not counted. */
function computesAndCalls(text: string): boolean {
  const loops: { computes: boolean; calls: boolean; depth: number }[] = [];
  let depth = 0;
  for (const [token] of text.matchAll(/\(([\w.]*)|\)/g)) {
    const loop = loops.at(-1);
    if (token === ")") {
      depth--;
      if (loop?.depth !== depth) continue;
      loops.pop();
      if (loop.computes && loop.calls) return true;
      continue;
    }
    if (token === "(loop") loops.push({ computes: false, calls: false, depth });
    else if (loop && /^\((f32x4|f64x2)\.(?!splat)/.test(token)) loop.computes = true;
    else if (loop && token.startsWith("(call")) loop.calls = true;
    depth++;
  }
  return false;
}
