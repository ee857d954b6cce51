import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/*
 * Every ```js block of the README and every @example of the sources runs as a reader would paste it: against the built
 * package, in a folder of its own. A comment after console.log is what it must print; … stands for anything.
 */

const root = fileURLToPath(new URL("..", import.meta.url));
const run = promisify(execFile);

/** Files that examples speak of. */
const MODELS = {
  "model.pt": "torch/torch-lmu-1.pt",
  "model.keras": "keras/stack-classifier.keras",
};

let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lmu-wasm-readme-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(
    join(root, "node_modules", "@assemblyscript"),
    join(folder, "node_modules", "@assemblyscript"),
  );
  symlinkSync(root, join(folder, "node_modules", "lmu-wasm"));
  symlinkSync(join(root, "models"), join(folder, "models"));
  for (const [name, golden] of Object.entries(MODELS)) {
    symlinkSync(join(root, "test/golden", golden), join(folder, name));
  }
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Code blocks of a language in a text. */
function blocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, "gm"))].map(
    (m) => m[1]!,
  );
}

/** Examples in the documentation comments of a source file. */
function examples(path: string): string[] {
  const comments = readFileSync(join(root, path), "utf8").replace(/^ *\* ?/gm, "");
  return blocks(comments, "ts");
}

/** What the block says it prints, one pattern per console.log with a comment. */
function expectations(code: string): RegExp[] {
  return [...code.matchAll(/^ *console\.log\(.*\); \/\/ (.+)$/gm)]
    .map((match) => match[1]!)
    .filter((text) => /^[-\d[{]|^true|^false|^[A-Z]\w+ \[|…/.test(text))
    .map((text) => new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("…", ".*")));
}

async function expectRuns(code: string, name: string): Promise<void> {
  const path = join(folder, `${name}.mjs`);
  writeFileSync(path, code);
  const { stdout } = await run(process.execPath, [path], { cwd: folder });
  for (const pattern of expectations(code)) expect(stdout).toMatch(pattern);
}

describe("README.md", () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const found = blocks(readme, "js");

  test("has examples", () => {
    expect(found.length).toBeGreaterThan(3);
  });

  test.each(found.map((code, i) => [i + 1, code] as const))("example %i runs", async (i, code) => {
    await expectRuns(code, `readme-${i}`);
  });

  test("begins with the two commands", () => {
    const [first] = blocks(readme, "sh");
    expect(first).toMatch(/^npm ci && npm start/);
    expect(first).toMatch(/^npm ci && npm test/m);
  });

  test("links to nothing that is missing", () => {
    for (const [, target] of readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      expect(existsSync(join(root, target!)), target).toBe(true);
    }
  });
});

// What needs an AudioContext is tried in browsers.
const documented = readdirSync(join(root, "bindings"), { recursive: true })
  .map((path) => join("bindings", String(path)))
  .filter((path) => path.endsWith(".ts") && !path.includes("worklet"))
  .flatMap((path) => examples(path).map((code, i) => [path, i + 1, code] as const));

test.each(documented)("%s: example %i runs", async (path, i, code) => {
  await expectRuns(code, `${path.replaceAll(/\W/g, "-")}-${i}`);
});
