import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import type * as Index from "../bindings/index.js";
import type * as Worker from "../bindings/worker/worker.js";

/*
 * What minifying must not change: names that people read, and the way to the sources.
 */

const dist = new URL("../dist/", import.meta.url).href;

test("models, streams and workers print what they are", async () => {
  const { load } = (await import(`${dist}index.js`)) as typeof Index;
  const { LmuWorker } = (await import(`${dist}worker/worker.js`)) as typeof Worker;
  const model = await load("models/mackey-glass.safetensors");
  const text = 'Model {"format":"lmu-wasm","inputSize":1,"outputSize":1,"returnsSequence":true}';
  expect(inspect(model)).toBe(text);
  expect(inspect({ model })).toBe(`{\n  model: ${text}\n}`);
  expect(String(model)).toBe(text);
  expect(String(Object.getPrototypeOf(model))).toBe("Model {}");
  const stream = model.stream();
  stream.step(1);
  expect(inspect(stream)).toBe('Stream {"position":1,"isEnded":false}');
  const worker = new LmuWorker();
  expect(inspect(worker)).toMatch(/^LmuWorker /);
  worker.terminate();
});

test.each(["index.js", "worker/worker.js"])("%s: an error prints as LmuError", async (entry) => {
  const { LmuError } = (await import(dist + entry)) as typeof Index | typeof Worker;
  const error = new LmuError("disposed", "Cannot run the model: the model is disposed");
  expect(LmuError.name).toBe("LmuError");
  expect(inspect(error)).toMatch(/^LmuError: Cannot run/);
});

test("opening a file takes no modules that Node has not loaded already", () => {
  const script = `
    const { load } = await import(${JSON.stringify(`${dist}index.js`)});
    const before = new Set(process.moduleLoadList);
    await load("models/mackey-glass.safetensors");
    console.log(process.moduleLoadList.filter((name) => !before.has(name)).join());`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script]);
  expect(stdout.toString()).toBe("\n");
});

test.each(["workerd", "edge"])("the language entry of %s takes its main entry", (host) => {
  const text = readFileSync(new URL(`language/language.${host}.js`, dist), "utf8");
  const imports = [...text.matchAll(/\bfrom\s*"([^"]+)"/g)].map(([, path]) => path);
  expect(imports).toEqual([`../index.${host}.js`]);
});

describe("an error that nobody catches", () => {
  const script = `
    import { load } from ${JSON.stringify(`${dist}index.js`)};
    (await load("models/mackey-glass.safetensors")).run([NaN]);`;
  const run = (...options: string[]) =>
    spawnSync(process.execPath, [
      ...options,
      "--input-type=module",
      "-e",
      script,
    ]).stderr.toString();

  test("prints a screen at most", () => {
    const printed = run();
    expect(printed).toContain("Cannot run the model: input[0] is NaN");
    expect(printed.length).toBeLessThan(2_000);
  });

  test("leads debuggers to the sources in the package", () => {
    const [, path, line] = /at refuse \(([^:]+):(\d+):/.exec(run("--enable-source-maps"))!;
    expect(readFileSync(path!, "utf8").split("\n")[Number(line) - 1]).toMatch(
      /throw new LmuError\(/,
    );
  });

  test.each(["index.js", "index.edge.js", "formats/foreign.js", "worker/host.js", "cli/main.js"])(
    "%s: every source of its map is there",
    (entry) => {
      const map = new URL(`${dist}${entry}.map`);
      const { sources } = JSON.parse(readFileSync(map, "utf8")) as { sources: string[] };
      expect(sources.length).toBeGreaterThan(0);
      for (const source of sources) {
        expect(existsSync(fileURLToPath(new URL(source, map))), source).toBe(true);
        expect(source).toMatch(/^(\.\.\/)+bindings\//);
      }
    },
  );
});
