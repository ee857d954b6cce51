import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MAIN, type Result, runCommand } from "./support/command.js";
import { LMU } from "./support/torch.js";

/*
 * The command as it is shipped, run as a user runs it.
 */

const root = fileURLToPath(new URL("..", import.meta.url));
const model = join(root, "models", "mackey-glass.safetensors");
const keras = join(root, "test", "golden", "keras");
const torch = join(root, "test", "golden", "torch");
let folder = "";

beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "lmu-wasm-cli-"))));
afterAll(() => rmSync(folder, { recursive: true }));

function command(...args: string[]): Promise<Result> {
  return runCommand(folder, args);
}

describe("demo", () => {
  test("predicts the test series better than the published LMU, 0.049", async () => {
    for (const series of ["64", "100", "127"]) {
      const { stdout } = await command("demo", "--json", "--series", series);
      const result = JSON.parse(stdout) as Record<string, number>;
      expect(result).toMatchObject({ steps: 5000, parameters: 1417, stateBytes: 272 });
      expect(result["nrmse"]).toBeLessThan(0.002);
      expect(result["wasmBytes"]).toBe(readFileSync(join(root, "dist", "lmu.wasm")).length);
    }
  });

  test("draws a picture without control characters where there is no terminal", async () => {
    const { stdout, code } = await command("demo", "--steps", "300");
    expect(code).toBe(0);
    expect(stdout).toMatch(/╭─*●/);
    expect(stdout.replaceAll("\n", " ")).toContain(
      "a chaotic series (Mackey-Glass) that it has never seen",
    );
    expect(stdout).toMatch(/^Next: /m);
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    expect(stdout).toMatch(/NRMSE 0\.00\d+ over 300 steps/);
    expect(stdout).not.toContain("\u001b");
  });
});

describe("inspect", () => {
  test("prints the lines that convert a file as lines", async () => {
    const { stderr, code } = await command("inspect", join(torch, "extra-legacy.pt"));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^lmu-wasm: Cannot load .*before version 1\.6.* \(format-unknown\)$/m);
    expect(stderr).toMatch(/^import torch\nstate = torch\.load\(.*\ntorch\.save\(state, .*\n$/m);
  });

  test("prints layers and costs", async () => {
    const { stdout } = await command("inspect", model);
    expect(stdout).toMatch(/lmu_0 +lmu +16 +548 +128 +1,042/);
    expect(stdout).toMatch(/total +1,417 +272 +2,146/);
    expect(stdout).toMatch(/^ {2}lmu_1\.hidden\.memory +f32 +\[16, 32\]$/m);
  });

  test("prints what layers do, in lines of a terminal", async () => {
    const { stdout } = await command("inspect", join(keras, "conv-front-end.keras"));
    // As the model was made: test/golden/keras/index.json
    expect(stdout).toMatch(
      /conv1d_1 .*\n {2}stride 2, padding 2\+0, activation linear, kernel 3\n/,
    );
    expect(stdout).toMatch(
      /lmu_24 .*\n {2}order 6, theta 12, discretizer zoh, channels 2, hidden rnn \(activation tanh\)\n/,
    );
    for (const line of stdout.split("\n").slice(1)) expect(line.length).toBeLessThanOrEqual(80);
  });

  test("prints conventions found, and JSON", async () => {
    const file = join(torch, "torch-lmu-0.pt");
    const { stdout } = await command("inspect", file, "--layers", JSON.stringify(LMU), "--json");
    const report = JSON.parse(stdout) as { format: string; notes: string[] };
    expect(report.format).toMatch(/torch/i);
    expect(report.notes.length).toBeGreaterThan(0);
  });

  test.each([
    ["in the line", false],
    ["in a file", true],
  ])("takes the layers that a refusal suggests, %s", async (_, isInFile) => {
    const [file, io] = ["torch-lstm.pt", "torch-lstm.io.safetensors"].map((name) =>
      join(torch, name),
    ) as [string, string];
    const { stderr, code } = await command("check", file, io);
    expect(code).toBe(1);
    const answered = stderr.slice(stderr.indexOf("load(")).replace('"?"', '"linear"');
    const path = join(folder, "layers.txt");
    writeFileSync(path, answered);
    const checked = await command("check", file, io, "--layers", isInFile ? path : answered);
    expect([checked.code, checked.stderr]).toEqual([0, ""]);
  });

  test("leaves names of layers alone, whatever they look like", async () => {
    const layers = '[{ type: "linear", prefix: "a: // \\"b\\",]", }, ] // for example';
    const { stderr } = await command("inspect", join(torch, "torch-lstm.pt"), "--layers", layers);
    expect(stderr).toContain('a: // "b",]');
  });

  test("says what is wrong in one line", async () => {
    const { code, stderr, stdout } = await command("inspect", "missing.keras");
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^lmu-wasm: Cannot open missing\.keras: .* \(source-unreadable\)\n$/);
  });
});

describe("convert and check", () => {
  test.each([["f32"], ["f16"], ["bf16"], ["int8"]])("as %s", async (dtype) => {
    const [from, to] = [join(keras, "hidden-gru-feedback.keras"), join(folder, `${dtype}.lmu`)];
    const converted = await command("convert", from, to, "--dtype", dtype);
    expect(converted.stdout).toMatch(new RegExp(`layers, weights as ${dtype}`));
    const io = join(keras, "hidden-gru-feedback.io.safetensors");
    const tolerance = { f32: "1e-5", f16: "2e-3", bf16: "2e-2", int8: "5e-2" }[dtype]!;
    const checked = await command("check", to, io, "--tolerance", tolerance, "--json");
    expect(JSON.parse(checked.stdout)).toMatchObject({ passes: true });
    expect(checked.code).toBe(0);
  });

  test("check fails with exit code 1 when numbers differ", async () => {
    const io = join(keras, "hidden-gru-feedback.io.safetensors");
    const { code, stdout } = await command("check", join(folder, "int8.lmu"), io);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^FAIL {2}output/m);
  });

  test("an input of another width is said in one line", async () => {
    const io = join(keras, "hidden-gru-feedback.io.safetensors");
    const { code, stderr } = await command("check", join(keras, "lstm.keras"), io);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^lmu-wasm: Cannot check the model: input of .* has shape \[.*\n$/);
  });

  test("a file that cannot be written is said in one line", async () => {
    const { code, stderr } = await command("convert", model, join(folder, "no", "where"));
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^lmu-wasm: Cannot write .*where: no such file or directory \(ENOENT\)\n$/,
    );
  });

  test.each([
    [
      ["convert", model, "x.keras"],
      /Cannot write x\.keras: its name ends in \.keras, expected \.safe/,
    ],
    [["convert", model, "x.wasm"], /compile writes modules/],
    [["check", model, "no.io"], /Cannot open no\.io: no such file or directory \(ENOENT\)/],
    [["check", model, "."], /Cannot open the input: illegal operation on a directory/],
    [
      ["check", model, MAIN],
      /Cannot load .*main\.js: cannot read safetensors: the file does not begin with a header/,
    ],
    [["inspect", model, "--config", "no.json"], /Cannot open no\.json: no such file/],
    [["run", model, "no.csv"], /Cannot open no\.csv: no such file/],
  ])("%j says which file is wrong, and how", async (args, message) => {
    const { code, stderr, stdout } = await command(...args);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(message);
    expect(stderr.trim()).not.toContain("\n");
  });
});

test("--version is the package's", async () => {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    version: string;
  };
  expect(await command("--version")).toMatchObject({
    code: 0,
    stdout: `${version}\n`,
    stderr: "",
  });
});

test("--help lists the commands, and a wrong one exits with 1", async () => {
  const { stdout, code } = await command("--help");
  for (const name of ["demo", "inspect", "convert", "check"]) expect(stdout).toContain(name);
  expect(code).toBe(0);
  expect((await command("nonsense")).code).toBe(1);
});

test("a reader that has seen enough is no error", async () => {
  const child = spawn(process.execPath, [MAIN, "inspect", model]);
  child.stdout.destroy();
  let stderr = "";
  child.stderr.on("data", (text) => (stderr += String(text)));
  const code = await new Promise((resolve) => child.on("close", resolve));
  expect(stderr).toBe("");
  expect(code).toBe(0);
});

test.each([
  ["--steps", "0", "from 1"],
  ["--series", "-1", "from 0"],
])("demo %s %s is refused", async (option, value, expected) => {
  const { code, stderr } = await command("demo", option, value);
  expect(code).toBe(1);
  expect(stderr).toContain(`expected an integer ${expected}`);
});
