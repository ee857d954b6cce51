import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { load } from "../bindings/compiled/compiled.js";
import { load as loadModel } from "../bindings/index.js";
import { runCommand } from "./support/command.js";
import { fileOf, makeUp } from "./support/models.js";

const keras = fileURLToPath(new URL("golden/keras/gru.keras", import.meta.url));
let folder = "";

beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "lmu-wasm-compile-"))));
afterEach(() => rmSync(folder, { recursive: true }));

test("compile writes a module that runs, and its types", async () => {
  const args = ["compile", keras, "-o", "gru.wasm", "--types", "--json"];
  const { code, stdout } = await runCommand(folder, args);
  expect(code).toBe(0);
  const bytes = readFileSync(join(folder, "gru.wasm"));
  const said = JSON.parse(stdout) as Record<string, unknown>;
  expect(said).toMatchObject({ files: ["gru.wasm", "gru.d.wasm.ts"], bytes: bytes.length });
  const compiled = await load(bytes);
  const stream = (await loadModel(keras)).stream();
  const sample = [0.1, 0.2, 0.3, 0.4, 0.5];
  expect(compiled.step(sample)).toEqual(stream.step(sample));
  const types = readFileSync(join(folder, "gru.d.wasm.ts"), "utf8");
  expect(types).toContain("readonly inputSize: 5;");
  expect(types).toContain(`readonly fingerprint: "${compiled.meta.fingerprint}";`);
});

test("outputs get labels, one each, and layers keep their names", async () => {
  const labels = ['a"b', "c", "d"];
  writeFileSync(join(folder, "labels.txt"), `${labels.join("\n")}\n`);
  const args = ["compile", keras, "-o", "gru.wasm", "--types", "--labels"];
  expect((await runCommand(folder, [...args, "labels.txt"])).code).toBe(0);
  const { meta } = await load(readFileSync(join(folder, "gru.wasm")));
  expect(meta.labels).toEqual(labels);
  const { layers } = (await loadModel(keras)).report();
  expect(meta.names).toEqual(layers.map(({ name }) => name));
  const types = readFileSync(join(folder, "gru.d.wasm.ts"), "utf8");
  expect(types).toContain(`readonly labels: readonly ["a\\"b","c","d"];`);
  const few = await runCommand(folder, [...args, "a,b,c,d,e,f,g,h"]);
  expect(few.code).toBe(1);
  expect(few.stderr).toMatch(/Cannot label the outputs: there are 8 labels, expected 3, one for/);
});

test("its types are literal sizes to tsc, and the loader takes them", async () => {
  await runCommand(folder, ["compile", keras, "-o", "gru.wasm", "--types"]);
  const root = fileURLToPath(new URL("..", import.meta.url));
  writeFileSync(join(folder, "package.json"), `{ "type": "module" }`);
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules/lmu-wasm"));
  const use = (size: number) => `import { load } from "lmu-wasm/compiled";
import module, { type ModelMeta } from "./gru.wasm";
const model = await load<ModelMeta>(module);
const size: ${size} = model.meta.inputSize;
export const output: number | undefined = model.step(new Float32Array(size))[0];
`;
  writeFileSync(join(folder, "right.ts"), use(5));
  writeFileSync(join(folder, "wrong.ts"), use(6));
  const tsc = join(root, "node_modules/@typescript/native/bin/tsc");
  const options = ["--noEmit", "--strict", "--ignoreConfig", "--allowArbitraryExtensions"];
  const modules = ["--module", "nodenext", "--target", "es2022", "--types", ""];
  const { stdout } = spawnSync(
    process.execPath,
    [tsc, ...options, ...modules, "right.ts", "wrong.ts"],
    { cwd: folder, encoding: "utf8" },
  );
  // One error, and none in right.ts.
  expect(stdout.trim()).toMatch(/^wrong\.ts\(4,7\): error TS2322: Type '5' is not[^\n]*$/);
});

test("it says what it wrote, beside a module that goes to the standard output", async () => {
  const { code, bytes, stderr } = await runCommand(folder, ["compile", keras, "-o", "-"]);
  expect(code).toBe(0);
  expect(stderr).toMatch(
    /^standard output: [\d,]+ bytes, 5 to 3 values, fingerprint [\da-f]{16}\n$/,
  );
  expect((await load(new Uint8Array(bytes))).meta.outputSize).toBe(3);
});

test("what cannot be compiled is refused with the reason, and nothing is written", async () => {
  const reversed = fileOf(makeUp({ width: 1 }, [{ name: "r", type: "reverse" }], {}));
  writeFileSync(join(folder, "r.safetensors"), reversed);
  const whole = await runCommand(folder, ["compile", "r.safetensors", "-o", "r.wasm"]);
  expect(whole).toMatchObject({ code: 1, stdout: "" });
  expect(whole.stderr).toContain("Cannot compile the model: r reads the sequence from its end");
  expect(() => readFileSync(join(folder, "r.wasm"))).toThrow("ENOENT");
  const same = await runCommand(folder, ["compile", "r.safetensors", "-o", "r.safetensors"]);
  expect(same.stderr).toContain("it is the model that is read");
  const types = await runCommand(folder, ["compile", keras, "-o", "-", "--types"]);
  expect(types).toMatchObject({ code: 1, stdout: "" });
  expect(types.stderr).toContain("Cannot write declarations");
});
