import { execFileSync } from "node:child_process";
import {
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
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { writeSafetensors } from "../bindings/formats/native/write.js";
import { MAIN, runCommand } from "./support/command.js";

/*
 * What the command does with files: it never prints what would steer a terminal, never destroys what it reads, and takes
 * pipes for files.
 */

const keras = fileURLToPath(new URL("golden/keras/gru.keras", import.meta.url));
let folder = "";

beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "lmu-wasm-files-"))));
afterEach(() => rmSync(folder, { recursive: true }));

describe("a file that would steer the terminal", () => {
  // Sets the title, clears the screen, turns red (also by the one-character CSI of C1), reverses the line.
  const name = "\u001b]0;owned\u0007\u001b[2J\u009b31m\u202ered\u007f";
  const source = "\u001b[1mfake\nlmu-wasm: all is well";
  // Everything but the line feed that ends a line.
  // eslint-disable-next-line no-control-regex
  const steering = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

  beforeEach(() => {
    const description = {
      version: 1,
      input: { width: 1 },
      layers: [{ name, type: "dense" }],
      source,
    };
    const weight = (tensor: string) => ({
      name: `${name}.${tensor}`,
      dtype: "F32",
      shape: [1, 1],
      bytes: new Uint8Array(4),
    });
    const metadata = { "lmu-wasm": JSON.stringify(description) };
    writeFileSync(join(folder, "good"), writeSafetensors([weight("weight")], metadata));
    writeFileSync(
      join(folder, "odd"),
      writeSafetensors([weight("weight"), weight("more")], metadata),
    );
  });

  test.each([
    ["inspect", "good"],
    ["convert", "good", "converted"],
    ["check", "good", "good"],
    ["inspect", "odd"],
    ["inspect", name],
  ])("%s %s", async (...args) => {
    // A name with NUL cannot be an argument; the others can.
    const { stdout, stderr } = await runCommand(folder, args);
    expect(stdout + stderr).not.toMatch(steering);
    expect(stdout + stderr).not.toMatch(/^lmu-wasm: all is well/m);
  });

  test("--json says the same, escaped", async () => {
    const { stdout } = await runCommand(folder, ["inspect", "good", "--json"]);
    expect(stdout).not.toMatch(steering);
    expect(JSON.parse(stdout)).toMatchObject({ source, layers: [{ name }] });
  });
});

describe("convert", () => {
  test("refuses to write over what it reads, by whatever name", async () => {
    const before = readFileSync(keras);
    writeFileSync(join(folder, "model.keras"), before);
    symlinkSync(join(folder, "model.keras"), join(folder, "link"));
    mkdirSync(join(folder, "network"));
    writeFileSync(join(folder, "network", "model.keras"), before);
    for (const [from, to, kept] of [
      ["model.keras", "model.keras", "model.keras"],
      ["model.keras", "link", "model.keras"],
      ["network", "network/model.keras", "network/model.keras"],
    ] as const) {
      const { code, stderr } = await runCommand(folder, ["convert", from, to]);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^lmu-wasm: Cannot write .*: it is the model that is read.*\n$/);
      expect(readFileSync(join(folder, kept)).equals(before)).toBe(true);
    }
  });

  test("replaces another file as a whole, through links, and leaves nothing beside it", async () => {
    writeFileSync(join(folder, "old"), "old");
    symlinkSync("old", join(folder, "link"));
    expect((await runCommand(folder, ["convert", keras, "link"])).code).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(["link", "old"]);
    expect((await runCommand(folder, ["inspect", "old"])).code).toBe(0);
    writeFileSync(join(folder, "bad"), "no model");
    expect((await runCommand(folder, ["convert", "bad", "old"])).code).toBe(1);
    expect((await runCommand(folder, ["inspect", "old"])).code).toBe(0);
  });
});

describe("-", () => {
  test("convert - - is a filter; what there is to say goes to the error stream", async () => {
    await runCommand(folder, ["convert", keras, "file"]);
    const piped = await runCommand(folder, ["convert", "-", "-"], { input: readFileSync(keras) });
    expect(piped.bytes.equals(readFileSync(join(folder, "file")))).toBe(true);
    expect(piped.stderr).toMatch(/^standard output: [\d,]+ bytes, 4 layers, weights as f32\n/);
  });

  test("inspect - reads the standard input", async () => {
    const input = readFileSync(keras);
    const { stdout } = await runCommand(folder, ["inspect", "-"], { input });
    expect(stdout).toMatch(/^format {2}keras/m);
  });

  test("a path may lead to a pipe", () => {
    const script = 'cat "$1" | "$2" "$3" inspect /dev/stdin';
    const stdout = execFileSync("sh", ["-c", script, "sh", keras, process.execPath, MAIN]);
    expect(String(stdout)).toMatch(/^format {2}keras/m);
  });

  test("check reads one of its two from there", async () => {
    const io = keras.replace(".keras", ".io.safetensors");
    const input = readFileSync(io);
    expect((await runCommand(folder, ["check", keras, "-"], { input })).code).toBe(0);
    expect((await runCommand(folder, ["check", "-", "-"], { input })).stderr).toMatch(
      /both the standard input/,
    );
  });
});
