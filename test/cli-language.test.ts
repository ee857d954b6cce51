import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LanguageModel } from "../bindings/language/language.js";
import { runCommand } from "./support/command.js";

const model = fileURLToPath(new URL("golden/language/gpt2", import.meta.url));
const TEXT = "THE SEA, THE SEA!\nTHE OPEN SEA";
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lmu-wasm-cli-"));
  writeFileSync(join(folder, "text.txt"), TEXT);
  writeFileSync(join(folder, "latin-1.txt"), Buffer.from("CAF\u00c9", "latin1"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const command = (...args: string[]) => runCommand(folder, args);

test("generate writes what the model writes, the same for the same seed", async () => {
  const lm = await LanguageModel.load(model);
  const options = { seed: 3, maxTokens: 20, temperature: 0.8, topK: 30, topP: 0.9 };
  const tokens = [...lm.generation("THE SEA", options)];
  const args = ["--seed", "3", "--max-tokens", "20", "--temperature", "0.8", "--top-k", "30"];
  const all = ["generate", model, "--prompt", "THE SEA", ...args, "--top-p", "0.9"];
  const { stdout, code } = await command(...all, "--json");
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    prompt: "THE SEA",
    text: tokens.map(({ text }) => text).join(""),
    ids: tokens.map(({ id }) => id),
  });
  // Characters that steer a terminal are spelt out.
  const shown = await command(...all);
  expect(shown.stdout).toMatch(/^THE SEA/);
  // eslint-disable-next-line no-control-regex
  expect(shown.stdout).not.toMatch(/[\u0000-\u0008\u000b-\u001f]/);
});

test("generate takes its prompt from a pipe as it is, with its last line end", async () => {
  const args = ["generate", model, "--max-tokens", "3", "--json", "--prompt"];
  const piped = await runCommand(folder, [...args, "-"], { input: Buffer.from("THE SEA,\n") });
  expect(piped.code).toBe(0);
  expect(piped.stdout).toBe((await command(...args, "THE SEA,\n")).stdout);
});

test("perplexity measures a file", async () => {
  const lm = await LanguageModel.load(model);
  const found = await lm.perplexity(TEXT);
  const json = await command("perplexity", model, "text.txt", "--json");
  expect(JSON.parse(json.stdout)).toEqual(found);
  const { stdout } = await command("perplexity", model, "text.txt");
  expect(stdout).toContain(`${found.bitsPerByte.toFixed(4)} bits a byte`);
  expect(stdout).toContain(`${TEXT.length - 1} tokens`);
});

test.each([
  [["generate", model], /required option '--prompt <text>'/],
  [["generate", model, "--prompt", ""], /the prompt is empty/],
  [["generate", model, "--prompt", "sea"], /tokenizer gives token 115.*\(input-invalid\)/],
  [["generate", model, "--prompt", "A", "--top-p", "2"], /topP is 2, expected 0 to 1/],
  [["perplexity", model, "missing.txt"], /missing\.txt.*\(ENOENT\)/],
  [["generate", "-", "--prompt", "-"], /model and prompt are both the standard input/],
  [["perplexity", "-", "-"], /model and text are both the standard input/],
  [["perplexity", model, "latin-1.txt"], /Cannot read latin-1\.txt: it is no text in UTF-8/],
])("%j says what is wrong", async (args, message) => {
  const { stderr, code } = await command(...args);
  expect(code).toBe(1);
  expect(stderr).toMatch(message);
});
