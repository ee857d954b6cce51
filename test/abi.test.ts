import { readdirSync, readFileSync } from "node:fs";
import binaryen from "binaryen";
import { describe, expect, test } from "vitest";
import { addActivations, encodeActivation } from "../bindings/activations.js";
import { FULL_ACTIVATIONS } from "../bindings/layers/full-activations.js";
import { ACTIVATION_KINDS, FLOATS, PARTS, RECORDS, STATE } from "../bindings/runtime/records.js";
import { recordsModule } from "../scripts/records.mjs";
import { FULL_PATH, WASM_PATH } from "./support/kernel.js";

addActivations(FULL_ACTIVATIONS);

const wasm = readFileSync(WASM_PATH);
const full = readFileSync(FULL_PATH);
const EDITIONS = [
  ["lmu.wasm", wasm],
  ["lmu-full.wasm", full],
] as const;
const source = (path: string) =>
  readFileSync(new URL(`../assembly/${path}`, import.meta.url), "utf8");

describe("the host knows assembly/", () => {
  test("the records are those of the classes as they are now", () => {
    const url = new URL("../bindings/runtime/records.ts", import.meta.url);
    expect(readFileSync(url, "utf8")).toBe(recordsModule());
  });

  test("fields in the order of their class, floats told from integers, states by their offsets", () => {
    expect(RECORDS.norm).toEqual([
      "input",
      "output",
      "stride",
      "width",
      "scale",
      "shift",
      "epsilon",
    ]);
    expect(PARTS.matrix).toEqual(["panels", "columns", "rows", "scales", "rounded"]);
    expect(FLOATS).toEqual(["p0", "p1", "p2", "p3", "factor", "divisor", "epsilon"]);
    expect(STATE).toEqual({ position: 0, slot: 8, ended: 12, bytes: 16 });
  });

  test.each(Object.keys(FULL_ACTIVATIONS))("activation %s has a kernel", (name) => {
    expect(ACTIVATION_KINDS).toContain(encodeActivation("a layer", name).kind);
  });
});

/** The functions that an interface of exports.ts names. */
function typedIn(name: string) {
  const text = readFileSync(new URL("../bindings/runtime/exports.ts", import.meta.url), "utf8");
  const body = new RegExp(`export interface ${name} [^{]*\\{([^]*?)\\n\\}`).exec(text)![1]!;
  return [...body.matchAll(/^ {2}(\w+)\(([^)]*)\): (\w+);/gm)].map(
    ([, name, parameters, result]) => ({
      name: name!,
      parameters: [...parameters!.matchAll(/(\w+): (\w+)/g)].map((match) => match[1]!),
      types: [...parameters!.matchAll(/(\w+): (\w+)/g)].map((match) => match[2]!),
      result: result!,
    }),
  );
}

describe("the exports", () => {
  const core = typedIn("Exports");
  const typed = [...core, ...typedIn("FullExports")];

  test.each([
    ["lmu.wasm", wasm, core],
    ["lmu-full.wasm", full, typed],
  ])("of %s are those that are typed, and no other", (_, bytes, functions) => {
    const names = WebAssembly.Module.exports(new WebAssembly.Module(bytes)).map(({ name }) => name);
    expect(names.sort()).toEqual(["memory", ...functions.map(({ name }) => name)].sort());
  });

  test("take as many numbers as are typed, none of 64 bits, and return one or none", () => {
    const module = binaryen.readBinary(full);
    const { i32, f32, f64 } = binaryen;
    for (const { name, parameters, types, result } of typed) {
      const info = binaryen.getFunctionInfo(module.getFunction(exportOf(module, name)));
      const passed = binaryen.expandType(info.params);
      expect(passed, name).toHaveLength(parameters.length);
      expect([i32, f32, f64], name).toEqual(expect.arrayContaining(passed));
      expect(new Set([...types, "number"]), name).toEqual(new Set(["number"]));
      expect(info.results === binaryen.none, name).toBe(result === "void");
    }
    module.dispose();
  });

  test("take them in the order of assembly", () => {
    const kernels = readdirSync(new URL("../assembly/kernels/", import.meta.url));
    const texts = ["plan.ts", "tick.ts", ...kernels.map((file) => `kernels/${file}`)].map(source);
    for (const { name, parameters } of typed.filter(({ parameters }) => parameters.length > 0)) {
      const found = texts.flatMap((text) => [
        ...text.matchAll(new RegExp(`^export function ${name}\\(([^)]*)\\)`, "gm")),
      ]);
      expect(found, name).toHaveLength(1);
      const code = found[0]![1]!.replace(/\/\/.*/g, "");
      const names = [...code.matchAll(/(\w+): \w+/g)].map((match) => match[1]!);
      // What assembly calls `at` is a plan to whoever calls these.
      if (["run", "fade"].includes(name)) names[0] = "plan";
      expect(names, name).toEqual(parameters);
    }
  });
});

function exportOf(module: binaryen.Module, name: string): string {
  return binaryen.getExportInfo(module.getExport(name)).value;
}

describe.each(EDITIONS)("%s", (_, wasm) => {
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
