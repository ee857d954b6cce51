import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

/*
 * The shipped declarations, as a strict TypeScript project reads them that checks those of its libraries, too.
 */

const root = fileURLToPath(new URL("..", import.meta.url));
/** Files that no entry refers to. */
const UNREACHED = /^(source.(reader|budget)|runtime.hex)\.d\.ts$/;
const files = ["index.d.ts", "legendre.d.ts", "runtime/kernel.d.ts", "worker/worker.d.ts"];

test.each([["dom"], ["webworker"]])("es2022 and %s are all they need", (host) => {
  const options = ["--noEmit", "--strict", "--skipLibCheck", "false", "--types", ""];
  const { stdout } = spawnSync(
    process.execPath,
    [
      ...["node_modules/@typescript/native/bin/tsc", ...options],
      ...["--ignoreConfig", "--module", "nodenext", "--lib", `es2022,${host}`],
      ...files.map((file) => `dist/${file}`),
    ],
    { cwd: root, encoding: "utf8" },
  );
  expect(stdout).toBe("");
});

test("nor do they name what TypeScript 5.4 does not know: typed arrays by their buffer", () => {
  const declarations = readdirSync(join(root, "dist"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".d.ts") && !UNREACHED.test(file))
    .filter((file) => {
      const text = readFileSync(join(root, "dist", file), "utf8");
      return /Array<ArrayBuffer/.test(text.replace(/\/\*[^]*?\*\//g, ""));
    });
  expect(declarations).toEqual([]);
});
