import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

/*
 * The shipped declarations, as a strict TypeScript project reads them that checks those of its libraries, too.
 */

const root = fileURLToPath(new URL("..", import.meta.url));
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
