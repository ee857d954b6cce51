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
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

/*
 * Every ```js block of the README and of docs/, and every @example of the sources, runs as a reader would paste it: against
 * the built package, in a folder of its own.
 */

const root = fileURLToPath(new URL("..", import.meta.url));
const run = promisify(execFile);

/** Files that examples speak of. */
const MODELS = {
  "model.pt": "torch/torch-lmu-1.pt",
  "model.keras": "keras/stack-classifier.keras",
  gpt2: "language/gpt2",
  "memory-transformer.safetensors": "language/memory-transformer.safetensors",
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

beforeAll(async () => {
  const args = ["compile", "models/mackey-glass.safetensors", "-o", "model.wasm"];
  await run(process.execPath, [join(root, "dist/cli/main.js"), ...args], { cwd: folder });
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

/** Begins a line that a console.log with a comment has printed: which one, in order of the code. */
const MARK = "\u0001";

/**
 * Runs code. What a console.log prints whose line ends in a comment must be that comment, to the character, where … stands
 * for anything; one line, so that it may be compared. In a loop it is what each pass prints.
 */
async function expectRuns(code: string, name: string): Promise<void> {
  const comments: string[] = [];
  const marked = code.replace(
    /console\.log\((.*)\); \/\/ (.+)$/gm,
    (_, args: string, comment: string) =>
      `console.log("${MARK}${comments.push(comment) - 1}", ${args});`,
  );
  const path = join(folder, `${name}.mjs`);
  writeFileSync(path, marked);
  const { stdout } = await run(process.execPath, [path], { cwd: folder });
  const printed = stdout.split("\n").filter((line) => line.startsWith(MARK));
  comments.forEach((comment, i) => {
    const ours = printed
      .filter((line) => line.startsWith(`${MARK}${i} `))
      .map((line) => line.slice(`${MARK}${i} `.length));
    expect(ours.length, comment).toBeGreaterThan(0);
    const literal = comment.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    const pattern = new RegExp(`^${literal.replaceAll("…", ".*")}$`);
    for (const line of ours) expect(line).toMatch(pattern);
  });
}

const pages = ["README.md", ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`)]
  .filter((path) => path.endsWith(".md"))
  .map((path) => [path, readFileSync(join(root, path), "utf8")] as const);

const found = pages.flatMap(([path, text]) =>
  blocks(text, "js").map((code, i) => [path, i + 1, code] as const),
);

test("a comment that is not what was printed fails", async () => {
  await expectRuns("console.log([1, 2]); // [ 1, … ]", "right");
  for (const wrong of [
    "console.log(13); // 3",
    "console.log(1); // 10",
    "if (0) console.log(1);\n  console.log(0 ?? 2); // 1",
  ])
    await expect(expectRuns(wrong, "wrong")).rejects.toThrow();
});

test.each(found)("%s: example %i runs", async (path, i, code) => {
  await expectRuns(code, `${path.replaceAll(/\W/g, "-")}-${i}`);
});

test("pages have examples", () => {
  expect(found.filter(([path]) => path === "README.md").length).toBeGreaterThan(3);
  expect(found.map(([path]) => path)).toContain("docs/kernels.md");
});

test("the README begins with the two commands", () => {
  const [first] = blocks(pages[0]![1], "sh");
  expect(first).toMatch(/^npm ci && npm start/);
  expect(first).toMatch(/^npm ci && npm test/m);
});

test.each(pages)("%s links to nothing that is missing", (path, text) => {
  for (const [, target] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
    expect(existsSync(join(root, dirname(path), target!)), target).toBe(true);
  }
});

// What needs an AudioContext is tried in browsers.
const documented = readdirSync(join(root, "bindings"), { recursive: true })
  .map((path) => join("bindings", String(path)))
  .filter((path) => path.endsWith(".ts") && !path.includes("worklet"))
  .flatMap((path) => examples(path).map((code, i) => [path, i + 1, code] as const));

test.each(documented)("%s: example %i runs", async (path, i, code) => {
  await expectRuns(code, `${path.replaceAll(/\W/g, "-")}-${i}`);
});
