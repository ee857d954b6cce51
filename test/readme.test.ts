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
 * the built package, as a file in a folder of its own. One process imports all these files, one after another.
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
/** What the examples have printed, by name. */
let ran: ReadonlyMap<string, Ran>;

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
  ran = await runAll([...found, ...documented].map(([path, i, code]) => [nameOf(path, i), code]));
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

/** Begins a line of which the test knows what it is. */
const MARK = "\u0001";

/** The comments of an example, and how it ended: what was printed at each comment, or why it failed. */
interface Ran {
  readonly comments: readonly string[];
  readonly lines: readonly (readonly string[])[];
  readonly end: string;
}

/** Imports what it is told, one after another. */
const IMPORTER = `
for (const name of process.argv.slice(2)) {
  const end = await import("./" + name + ".mjs").then(() => "", String);
  console.log("${MARK}" + name + " end " + JSON.stringify(end));
}`;

/** Runs examples by name; each console.log whose line ends in a comment tells that line. */
async function runAll(
  examples: readonly (readonly [name: string, code: string])[],
): Promise<Map<string, Ran>> {
  const all = examples.map(([name, code]) => {
    const comments: string[] = [];
    const marked = code.replace(
      /console\.log\((.*)\); \/\/ (.+)$/gm,
      (_, args: string, comment: string) =>
        `console.log("${MARK}${name} ${comments.push(comment) - 1}", ${args});`,
    );
    writeFileSync(join(folder, `${name}.mjs`), marked);
    return { name, comments };
  });
  writeFileSync(join(folder, "importer.mjs"), IMPORTER);
  const args = ["importer.mjs", ...all.map(({ name }) => name)];
  const options = { cwd: folder, timeout: 60_000, maxBuffer: 1 << 26 };
  // Whatever ends the process is told by those that have not come to their ends.
  const { stdout } = await run(process.execPath, args, options).catch(
    (error: Error & { stdout: string }) => error,
  );
  const printed = stdout.split("\n");
  const after = (start: string) =>
    printed.filter((line) => line.startsWith(start)).map((line) => line.slice(start.length));
  return new Map(
    all.map(({ name, comments }) => {
      const lines = comments.map((_, i) => after(`${MARK}${name} ${i} `));
      const [end = '"never"'] = after(`${MARK}${name} end `);
      return [name, { comments, lines, end: JSON.parse(end) as string }];
    }),
  );
}

/**
 * What a console.log prints whose line ends in a comment must be that comment, to the character, where … stands for anything;
 * one line, so that it may be compared. In a loop it is what each pass prints.
 */
function expectRan({ comments, lines, end }: Ran): void {
  expect(end).toBe("");
  comments.forEach((comment, i) => {
    expect(lines[i]!.length, comment).toBeGreaterThan(0);
    const literal = comment.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    const pattern = new RegExp(`^${literal.replaceAll("…", ".*")}$`);
    for (const line of lines[i]!) expect(line).toMatch(pattern);
  });
}

const nameOf = (path: string, i: number) => `${path.replaceAll(/\W/g, "-")}-${i}`;

const pages = ["README.md", ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`)]
  .filter((path) => path.endsWith(".md"))
  .map((path) => [path, readFileSync(join(root, path), "utf8")] as const);

const found = pages.flatMap(([path, text]) =>
  blocks(text, "js").map((code, i) => [path, i + 1, code] as const),
);

test("a comment that is not what was printed fails", async () => {
  const tried = await runAll([
    ["right", "console.log([1, 2]); // [ 1, … ]"],
    ["other", "console.log(13); // 3"],
    ["longer", "console.log(1); // 10"],
    ["silent", "if (0)\n  console.log(1); // 1"],
    ["failing", "console.log(1); // 1\nthrow new Error('why');"],
    ["wrong", "await nothing;"],
    ["ending", "console.log(1); // 1\nprocess.exit();"],
    ["behind", "console.log(1); // 1"],
  ]);
  expectRan(tried.get("right")!);
  const wrong = [...tried].filter(([name]) => name !== "right");
  expect(wrong).toHaveLength(7);
  for (const [, one] of wrong) expect(() => expectRan(one)).toThrow();
});

test.each(found)("%s: example %i runs", (path, i) => {
  expectRan(ran.get(nameOf(path, i))!);
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

test.each(documented)("%s: example %i runs", (path, i) => {
  expectRan(ran.get(nameOf(path, i))!);
});
