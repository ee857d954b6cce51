import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { brokenRules } from "../scripts/imports.mjs";
import { pictureOf, withPicture } from "../scripts/picture.mjs";

/*
 * The rules are in scripts/imports.mjs. Every one is planted a violation here, so that none can fall silent.
 */

const root = fileURLToPath(new URL("..", import.meta.url));

/** Files that break no rule, as text by path; each stands for a row. */
const INNOCENT: Readonly<Record<string, string>> = {
  "bindings/index.ts": 'import "./model/model.js";\nvoid import("./formats/foreign.js");',
  "bindings/model/model.ts":
    'import type { Plan } from "../plan/plan.js";\nexport type Model = Plan;',
  "bindings/formats/foreign.ts": 'import "./keras/keras.js";',
  "bindings/formats/keras/keras.ts":
    'import type { Description } from "../../description.js";\nexport type Keras = Description;',
  "bindings/description.ts":
    'import type { Dense } from "./layers/dense.js";\nexport type Description = Dense;',
  "bindings/layers/dense.ts":
    'import type { Plan } from "../plan/plan.js";\nexport type Dense = Plan;',
  "bindings/plan/plan.ts": 'import "../runtime/abi.js";\nexport type Plan = 1;',
  "bindings/runtime/abi.ts": 'export * from "../errors.js";',
  "bindings/errors.ts": "export const a = 1;",
  "assembly/index.ts": 'import "./plan";',
  "assembly/plan.ts": 'import "./layers/dense";',
  "assembly/layers/dense.ts": 'import "../kernels/affine";',
  "assembly/kernels/affine.ts": 'import "../simd/f32x4";',
  "assembly/simd/f32x4.ts": "export const madd = 1;",
};

/** The rules that files break, in a folder of their own. */
async function rulesBrokenBy(files: Readonly<Record<string, string>>): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "lmu-wasm-imports-"));
  try {
    for (const [path, text] of Object.entries({ ...INNOCENT, ...files })) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const { broken } = await brokenRules(folder);
    return [...new Set(broken.map(({ rule }) => rule))].sort();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("imports", () => {
  test("break no rule", async () => {
    const { files, broken } = await brokenRules(root);
    expect(broken).toEqual([]);
    expect(files).toBeGreaterThan(150);
  });

  test("of files that keep them break none", async () => {
    expect(await rulesBrokenBy({})).toEqual([]);
  });

  test.each<[rule: string, path: string, text: string]>([
    ["bindings: model import nothing above", "model/model.ts", 'import "../index.js";'],
    [
      "bindings: runtime import nothing above",
      "runtime/abi.ts",
      'export * from "../plan/plan.js";',
    ],
    ["bindings: runtime import nothing above", "runtime/hex.ts", 'void import("../plan/plan.js");'],
    [
      "bindings: errors, dispose, inspect, joined, pauses, utf8 import nothing above",
      "utf8.ts",
      'import type { Plan } from "./plan/plan.js";\nexport type A = Plan;',
    ],
    ["bindings: every file that imports has a row", "loose.ts", 'import "./errors.js";'],
    ["bindings: every file that is imported has a row", "loose.ts", "export const b = 1;"],
    ["formats know no wasm", "formats/keras/keras.ts", 'import "../../plan/plan.js";'],
    ["formats know no wasm", "formats/keras/keras.ts", 'import "../../validate.js";'],
    [
      "formats know no wasm",
      "formats/keras/keras.ts",
      'import type { Plan } from "../../plan/plan.js";\nexport type A = Plan;',
    ],
    ["a description holds types alone", "description.ts", 'import "./plan/plan.js";'],
    ["nothing is left over", "plan/alone.ts", "export const b = 1;"],
    ["imports are found", "plan/plan.ts", 'import "./gone.js";'],
  ])("bindings: %s: a violation in %s is seen", async (rule, path, text) => {
    const files: Record<string, string> = { [`bindings/${path}`]: text };
    // What the violations above lead to.
    if (rule.endsWith("imported has a row")) {
      files["bindings/model/model.ts"] = 'import "../loose.js";';
    }
    files["bindings/validate.ts"] = 'import "./runtime/image.js";';
    files["bindings/runtime/image.ts"] = "export const b = 1;";
    expect(await rulesBrokenBy(files)).toContain(rule);
  });

  test.each<[rule: string, path: string, text: string]>([
    ["assembly: plan import nothing above", "plan.ts", 'import "./index";'],
    ["assembly: kernels import nothing above", "kernels/affine.ts", 'import "../layers/dense";'],
    ["assembly: simd import nothing above", "simd/f32x4.ts", 'import "../kernels/affine";'],
    ["assembly: every file that imports has a row", "loose.ts", 'import "./plan";'],
    ["kernels know no layers", "kernels/affine.ts", 'import "../layers/dense";'],
    ["imports are found", "kernels/affine.ts", 'import "../layers/gone";'],
  ])("assembly: %s: a violation in %s is seen", async (rule, path, text) => {
    expect(await rulesBrokenBy({ [`assembly/${path}`]: text })).toContain(rule);
  });

  test.each([
    ["of values", 'import "./b.js";'],
    ["of types", 'import type { B } from "./b.js";\nexport type A = B;'],
  ])("a circle %s is seen", async (_, text) => {
    const files = {
      "bindings/source/a.ts": `${text}\nexport const a = 1;`,
      "bindings/source/b.ts": 'import { a } from "./a.js";\nexport type B = typeof a;',
    };
    expect(await rulesBrokenBy(files)).toEqual(["no circles"]);
  });

  test.each([
    ["a reader of foreign formats", 'import "./formats/foreign.js";'],
    ["the full edition", 'import "./full.js";'],
    ["a package", 'import "fflate";'],
  ])("an entry that needs %s at once is seen", async (_, text) => {
    const files = {
      "bindings/index.ts": text,
      "bindings/full.ts": "export const kinds = 1;",
      "node_modules/fflate/package.json": '{ "name": "fflate", "main": "index.js" }',
      "node_modules/fflate/index.js": "",
    };
    expect(await rulesBrokenBy(files)).toContain(
      "the entries need no package, no reader of foreign formats, and no full edition",
    );
  });
});

describe("the drawing in ARCHITECTURE.md", () => {
  test("is of these sources: npm run picture", async () => {
    const text = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");
    expect(await withPicture(text)).toBe(text);
  });

  test("shows direct imports that no longer path stands for", () => {
    const graph = new Map([
      ["bindings/index.ts", ["bindings/model", "bindings/errors.ts"]],
      ["bindings/index.edge.ts", ["bindings/model"]],
      ["bindings/model", ["bindings/errors.ts"]],
      ["bindings/errors.ts", []],
    ]);
    const arrows = pictureOf(graph).match(/\w+ --> [^;\n]+/g);
    expect(arrows).toEqual([
      "bindings_index --> bindings_model",
      "bindings_model --> bindings_errors",
    ]);
  });
});

describe("what files say", () => {
  /** Every TypeScript file below a folder, comments and texts left out. */
  const sources = (folder: string) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts"))
      .map((path) => {
        const text = readFileSync(join(root, folder, path), "utf8");
        return { path, code: text.replace(/\/\*[^]*?\*\/|\/\/.*|"[^"\n]*"/g, "") };
      });

  test("one folder touches WebAssembly, besides the loader of compiled models", () => {
    const touching = sources("bindings").filter(({ code }) => /\bWebAssembly\b/.test(code));
    const folders = new Set(touching.map(({ path }) => posix.dirname(path)));
    expect([...folders].sort()).toEqual(["compiled", "runtime"]);
  });

  test("layers know no instructions, and nothing the host's mathematics", () => {
    const all = sources("assembly");
    const layers = all.filter(({ path }) => path.startsWith("layers/"));
    const pathsOf = (found: typeof all) => found.map(({ path }) => path);
    expect(layers.length).toBeGreaterThan(10);
    expect(pathsOf(layers.filter(({ code }) => /\b(v128|[fi]\d+x\d+)\b/.test(code)))).toEqual([]);
    expect(pathsOf(all.filter(({ code }) => /\bMathf?\.\w/.test(code)))).toEqual([]);
  });
});
