import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readNpy } from "../bindings/formats/containers/npy.js";
import { readSafetensors } from "../bindings/formats/containers/safetensors.js";
import { run, type RunOptions } from "../bindings/cli/run/run.js";
import { load } from "../bindings/index.js";
import { MAIN, runCommand } from "./support/command.js";
import { valuesOf } from "./support/golden.js";
import { Random } from "./support/random.js";
import { npyFile, wavFile } from "./support/signals.js";

/*
 * `lmu-wasm run`: whatever a signal is stored as, the outputs are those of model.run. What processes have nothing to do with is
 * run in this one.
 */

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const model = path("../models/mackey-glass.safetensors");
const classifier = path("golden/keras/stack-classifier.keras");
const signal = new Random(3).floats(5000, 0.5);
let folder = "";

beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "lmu-wasm-run-"))));
afterAll(() => rmSync(folder, { recursive: true }));

const command = (args: readonly string[], input?: string | Uint8Array) =>
  runCommand(folder, ["run", ...args], input === undefined ? {} : { input: Buffer.from(input) });

/** What the command writes for a signal, without a process of its own. */
async function outputsOf(
  file: string,
  signal: string | Uint8Array,
  options: Partial<RunOptions> = {},
): Promise<string> {
  const [from, output] = ["signal", "outputs.csv"].map((name) => join(folder, name));
  writeFileSync(from!, signal);
  rmSync(output!, { force: true });
  await run(file, from!, { json: false, weights: "f32", output: output!, ...options });
  return readFileSync(output!, "utf8");
}

/** What the command prints, as numbers. */
const numbersOf = (text: string) =>
  Float32Array.from(text.trim().split(/[\n,]/), (field) => Number(field));

async function expected(file: string, input: Float32Array | number[], batch = 1) {
  const loaded = await load(file);
  return loaded.run(input, { batch });
}

describe("tables", () => {
  test.each([
    ["a column", (x: number) => `${x}`, ""],
    ["a name", (x: number) => `${x}`, "x\n"],
    ["a comment of numpy", (x: number) => x.toExponential(), "# x\n"],
    ["commas", (x: number, t: number) => `${t},${x}`, "t,x\n", "x"],
    ["quotes", (x: number, t: number) => `"a,""b"" ${t}","${x}"`, `"t,""1""",x\r\n`, "2"],
    [
      "decimal commas",
      (x: number, t: number) => `${t};${String(x).replace(".", ",")}`,
      "t;x\n",
      "x",
    ],
    ["tabs", (x: number, t: number) => `${t}\t${x}\r`, "\ufefft\tx\r\n", "x"],
    ["blanks", (x: number, t: number) => `  ${t}   ${x}`, "", "2"],
    ["a name of three words", (x: number) => `${x}`, "Temperature of air\n"],
    ["a name in quotes", (x: number) => `"${x}"`, '"Temperature (C)"\r\n'],
    ["lines of old Macs", (x: number, t: number) => `${t},${x}\r`, "t,x\r", "x"],
    ["Excel's first line", (x: number, t: number) => `${t};${x}`, "sep=;\r\nt;x\r\n", "x"],
    ["dates, unnamed", (x: number, t: number) => `2024-01-01 ${t},${x}`, "", "2"],
    ["a name that is a number", (x: number, t: number) => `${t},${x}`, "t,2024\n", "2024"],
    ["dates, named", (x: number, t: number) => `2024-01-01 ${t},${x}`, "t,x\n", "2"],
  ] as const)("with %s", async (_, line, head, columns?: string) => {
    const end = head.endsWith("\r") ? "" : "\n";
    const text = head + Array.from(signal, (x, t) => `${line(x, t)}${end}`).join("");
    const table = await outputsOf(model, text, columns === undefined ? {} : { columns });
    const hasNames = head !== "" && !head.startsWith("#");
    const rows = hasNames ? table.replace(/^output_0\n/, "") : table;
    expect(numbersOf(rows)).toEqual(await expected(model, signal));
  });

  test("from the standard input to the standard output", async () => {
    const text = `t,x\n${Array.from(signal, (x, t) => `${t},${x}\n`).join("")}`;
    const { stdout, stderr, code } = await command([model, "-", "--columns", "x"], text);
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
    expect(numbersOf(stdout.replace(/^output_0\n/, ""))).toEqual(await expected(model, signal));
  });

  test("go through in constant memory", async () => {
    // Neither its lines nor its numbers would find room.
    const text = "0.25\n".repeat(600_000);
    const env = { NODE_OPTIONS: "--max-old-space-size=12" };
    const args = ["run", model, "-", "-o", "long.npy"];
    const { stderr, code } = await runCommand(folder, args, { input: Buffer.from(text), env });
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
    expect(readNpy("long", readFileSync(join(folder, "long.npy")))!.shape).toEqual([600_000, 1]);
  });

  test.each([
    ["x\n1\nabc\n", /row 3, column 1 \("x"\) is "abc", expected a number/],
    ["1\n2\nnan\n", /row 3, column 1 is "nan", expected a number/],
    ["1\n1e39\n", /row 2, column 1 is 1e\+39, expected a finite 32-bit float/],
    ["x y\n1 1\n\n2\n", /it has 2 columns \("x", "y"\), expected 1/],
    ["x\n1\n\n2 3\n", /row 4, column 1 \("x"\) is "2 3", expected a number/],
    ["x,y\n1,1\n\n2\n", /row 4 has 1 columns, expected 2 as the first row/, "y"],
    ["a,b\n1,2\n", /it has 2 columns \("a", "b"\), expected 1: choose with --columns/],
    ["", /it has no row/],
    ["x\n", /it has names alone, expected rows of numbers/],
    ["\u0000\u0001", /it has other bytes than text after row 0/],
    [new Uint8Array([0x31, 0x0a, 0xff, 0xfe, 0x0a]), /other bytes than text/],
    ["1".repeat(3_000_000), /row 1 has over 1048576 letters/],
  ])("that are none are refused: %#", async (text, message, columns?: string) => {
    const outputs = outputsOf(model, text, columns === undefined ? {} : { columns });
    await expect(outputs).rejects.toThrow(message);
    expect(() => readFileSync(join(folder, "outputs.csv"))).toThrow("ENOENT");
  });

  test("that are none print why, and nothing else", async () => {
    writeFileSync(join(folder, "bad.csv"), "1\n2\nnan\n");
    const { stdout, stderr, code } = await command([model, "bad.csv"]);
    expect({ stdout, code }).toEqual({ stdout: "", code: 1 });
    expect(stderr).toMatch(/Cannot read bad\.csv: row 3, column 1 is "nan", expected a number/);
  });

  test("count their rows where a piece of the file ends between the two ends of a line", async () => {
    // 65,536 bytes are a third of a line more than lines.
    const text = `${"1\r\n".repeat(60_000)}x\r\n`;
    await expect(outputsOf(model, text)).rejects.toThrow(/row 60001, column 1 is "x"/);
  });

  test("name the columns there are", async () => {
    const outputs = outputsOf(model, "a,b\n1,2\n", { columns: "y" });
    await expect(outputs).rejects.toThrow(/no column "y", expected one of 2 \("a", "b"\)/);
  });
});

describe("arrays", () => {
  test("of sequences, in and out", async () => {
    writeFileSync(join(folder, "in.npy"), npyFile("<f4", [2, 2500, 1], signal));
    const { stdout } = await command([model, "in.npy", "-o", "out.npy", "--json"]);
    const facts = { steps: 5000, rows: 5000, outputSize: 1, output: "out.npy" };
    expect(JSON.parse(stdout)).toEqual(facts);
    const out = readNpy("out", readFileSync(join(folder, "out.npy")))!;
    expect(out.shape).toEqual([2, 2500, 1]);
    expect(Float32Array.from(valuesOf(out))).toEqual(await expected(model, signal, 2));
  });

  test("of a file of Keras give what Keras gave", async () => {
    const io = readSafetensors(readFileSync(classifier.replace(".keras", ".io.safetensors")));
    const [input, output] = ["input", "output"].map((name) => io.tensors.get(name)!);
    const values = Float32Array.from(valuesOf(input!));
    const rows = numbersOf(await outputsOf(classifier, npyFile("<f4", input!.shape, values)));
    expect(rows).toHaveLength(valuesOf(output!).length);
    valuesOf(output!).forEach((value, i) => expect(rows[i]).toBeCloseTo(value, 4));
  });

  test.each([
    ["golden/layers/backwards.keras", "a model that needs its whole sequence"],
    ["golden/keras/conv-front-end.keras", "a model with strides"],
  ])("%s, %s", async (file) => {
    const { inputSize } = await load(path(file));
    const input = new Random(1).floats(40 * inputSize);
    const outputs = await outputsOf(path(file), npyFile("<f4", [40, inputSize], input));
    expect(numbersOf(outputs)).toEqual(await expected(path(file), input));
  });

  test("of ids", async () => {
    const gpt2 = path("golden/language/gpt2");
    const ids = [5, 1, 2, 9];
    const outputs = await outputsOf(gpt2, npyFile("<i8", [4], ids));
    expect(numbersOf(outputs)).toEqual(await expected(gpt2, ids));
    const unknown = outputsOf(gpt2, npyFile("<i8", [2], [1, 1e6]));
    await expect(unknown).rejects.toThrow(/row 2, column 1 is 1000000, expected a token id below/);
  });

  test.each([
    ["<f4", [2, 3], [1, 2, 3, 4, 5, 6], /shape \[2, 3\], expected \[steps, 1\]/],
    ["<f8", [3], [1, NaN, 2], /row 2, column 1 is NaN, expected a finite 32-bit float/],
    ["<f8", [3], [1, 2], /it ends within row 3, expected 3/],
    ["<c8", [1], [1, 2], /it has no real numbers/],
  ] as const)("that do not fit are refused: %s %j", async (descr, shape, values, message) => {
    await expect(outputsOf(model, npyFile(descr, shape, values))).rejects.toThrow(message);
    expect(() => readFileSync(join(folder, "outputs.csv"))).toThrow("ENOENT");
  });
});

describe("sounds", () => {
  test.each([
    ["pcm", 8],
    ["pcm", 16],
    ["pcm", 24],
    ["pcm", 32],
    ["float", 32],
    ["float", 64],
  ] as const)("of %s, %i bits", async (kind, bits) => {
    const { bytes, values } = wavFile(kind, bits, signal);
    expect(numbersOf(await outputsOf(model, bytes))).toEqual(await expected(model, values));
  });

  test.each([0, 0x7ffff000, 0x80000000, 0xffffffff])(
    "whose end was not known, of length %i",
    async (length) => {
      const { bytes, values } = wavFile("pcm", 16, signal);
      const end = 44 + 2 * values.length;
      bytes.writeUInt32LE(length, 40);
      const outputs = await outputsOf(model, bytes.subarray(0, end));
      expect(numbersOf(outputs)).toEqual(await expected(model, values));
    },
  );

  test("with an extensible format and chunks before the samples", async () => {
    const { bytes, values } = wavFile("pcm", 24, signal);
    const format = Buffer.concat([bytes.subarray(20, 36), Buffer.alloc(24)]);
    format.writeUInt16LE(0xfffe, 0);
    format.writeUInt16LE(1, 24);
    const odd = Buffer.from("LIST\u0003\0\0\0abc\0", "latin1");
    const head = Buffer.concat([bytes.subarray(0, 16), Buffer.of(40, 0, 0, 0), format, odd]);
    const outputs = await outputsOf(model, Buffer.concat([head, bytes.subarray(36)]));
    expect(numbersOf(outputs)).toEqual(await expected(model, values));
  });

  test.each([
    [
      (bytes: Buffer) => bytes.write("AVI ", 8),
      /it is a RIFF file of kind "AVI ", expected "WAVE"/,
    ],
    [(bytes: Buffer) => bytes.writeUInt32LE(0xfffffff0, 16), /it has no chunk named data/],
    [(bytes: Buffer) => bytes.writeUInt16LE(2, 22), /it has 2 channels, expected 1/],
    [(bytes: Buffer) => bytes.writeUInt16LE(7, 20), /it has 16 bits of format 7/],
    [(bytes: Buffer) => bytes.writeUInt32LE(1e6, 40), /it ends within sample \d+, expected 500000/],
    [(bytes: Buffer) => bytes.write("none", 36), /it has no chunk named data/],
  ])("that do not fit are refused: %#", async (spoil, message) => {
    const { bytes } = wavFile("pcm", 16, signal);
    spoil(bytes);
    await expect(outputsOf(model, bytes)).rejects.toThrow(message);
  });
});

describe("labels", () => {
  test("stand before the outputs", async () => {
    const { inputSize, outputSize } = await load(classifier);
    const input = new Random(2).floats(30 * inputSize);
    writeFileSync(join(folder, "one.npy"), npyFile("<f4", [30, inputSize], input));
    const labels = Array.from({ length: outputSize }, (_, i) => `kind ${i}`);
    writeFileSync(join(folder, "labels.txt"), labels.join("\n"));
    const { stdout } = await command([classifier, "one.npy", "--labels", "labels.txt"]);
    const [head, row] = stdout.split("\n");
    expect(head).toBe(["label", ...labels.map((label) => `"${label}"`)].join(","));
    const outputs = await expected(classifier, input);
    const largest = outputs.indexOf(Math.max(...outputs));
    expect(row).toMatch(new RegExp(`^"kind ${largest}",`));
    const json = await command([classifier, "one.npy", "--labels", labels.join(","), "--json"]);
    expect(JSON.parse(json.stdout)).toEqual({
      outputs: [{ label: `kind ${largest}`, output: expect.any(Array) as number[] }],
      ...{ steps: 30, rows: 1, outputSize },
    });
    const few = await command([classifier, "one.npy", "--labels", "a,b"]);
    expect(few.stderr).toMatch(/there are 2 labels, expected/);
  });
});

test("never writes over what it reads, and keeps what was there when it fails", async () => {
  writeFileSync(join(folder, "x.csv"), "1\n2\n");
  const same = await command([model, "x.csv", "-o", "x.csv"]);
  expect(same.stderr).toMatch(/Cannot write x\.csv/);
  writeFileSync(join(folder, "old.csv"), "old");
  writeFileSync(join(folder, "bad.csv"), "1\nx\n");
  expect((await command([model, "bad.csv", "-o", "old.csv"])).code).toBe(1);
  expect(readFileSync(join(folder, "old.csv"), "utf8")).toBe("old");
});

test("a run that is stopped half-way leaves nothing beside what was there", async () => {
  const child = spawn(process.execPath, [MAIN, "run", model, "-", "-o", "stopped.csv"], {
    cwd: folder,
  });
  const ended = new Promise((resolve) => child.on("close", resolve));
  child.stdin.write("0.5\n".repeat(5000));
  const parts = () => readdirSync(folder).filter((name) => name.startsWith("stopped"));
  await expect.poll(parts, { timeout: 30_000 }).toHaveLength(1);
  child.kill("SIGINT");
  expect(await ended).toBe(130);
  expect(parts()).toEqual([]);
});
