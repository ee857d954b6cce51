import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { load, LmuError } from "../bindings/index.js";
import { file, input, made, serveFile, streamOf } from "./support/file.js";
import { goldenFile } from "./support/golden.js";
import { loadMadeUp } from "./support/models.js";

let folder = "";
let address = "";
let site: Awaited<ReturnType<typeof serveFile>>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "lmu-wasm-"));
  writeFileSync(join(folder, "model.safetensors"), file);
  site = await serveFile();
  address = site.address;
});

afterAll(() => {
  rmSync(folder, { recursive: true });
  site.close();
});

describe("load() takes any source", () => {
  const padded = new Uint8Array(file.length + 10);
  padded.set(file, 3);

  test.each([
    ["a path", () => join(folder, "model.safetensors")],
    ["a file URL", () => pathToFileURL(join(folder, "model.safetensors"))],
    ["a URL as text", () => `${address}/model`],
    ["a URL", () => new URL(`${address}/model`)],
    ["a data URL", () => `data:;base64,${Buffer.from(file).toString("base64")}`],
    ["a Request", () => new Request(`${address}/model`)],
    ["a Response", () => fetch(`${address}/model`)],
    ["a Blob", () => new Blob([file as BlobPart])],
    ["an ArrayBuffer", () => file.slice().buffer],
    ["a typed array in the middle of a buffer", () => padded.subarray(3, 3 + file.length)],
    ["a DataView", () => new DataView(padded.buffer, 3, file.length)],
    ["a ReadableStream of single bytes", () => streamOf(file, 1)],
    ["a promise of bytes", () => Promise.resolve(file)],
  ])("%s", async (_, source) => {
    const expected = (await loadMadeUp(made)).run(input);
    const model = await load(source() as Parameters<typeof load>[0]);
    expect(model.run(input)).toEqual(expected);
  });

  test.each([
    ["a number", 5],
    ["null", null],
    ["an object", {}],
  ])("but not %s", async (_, source) => {
    await expect(load(source as never)).rejects.toThrow(TypeError);
  });
});

async function usedResponse(): Promise<Response> {
  const response = await fetch(`${address}/model`);
  await response.arrayBuffer();
  return response;
}

describe("load() fails clearly", () => {
  test.each([
    ["a missing file", () => join(folder, "none.keras"), "source-unreadable", "none.keras"],
    ["a missing page", () => `${address}/none`, "source-unreadable", "the answer is 404"],
    ["a closed port", () => "http://127.0.0.1:1/", "source-unreadable", "Cannot fetch"],
    ["no bytes", () => new Uint8Array(0), "format-unknown", "it begins with nothing, expected"],
    ["a broken URL", () => "http://[", "source-unreadable", "http://[: "],
    [
      "another format",
      () => new TextEncoder().encode("<!doctype html>"),
      "format-unknown",
      'it begins with "<!doctype html>"',
    ],
    [
      "compressed bytes",
      () => Uint8Array.of(31, 139, 8, 0),
      "format-unknown",
      "with 1f 8b 08 00 (a gzip file),",
    ],
    [
      "a stream of texts",
      () => new ReadableStream({ start: (c) => c.enqueue("x") }),
      "source-unreadable",
      "Uint8Array",
    ],
    ["a Response that has been read", usedResponse, "source-unreadable", "has been read"],
  ])("on %s", async (_, source, code, message) => {
    const error = await load(source() as never).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LmuError);
    expect(error).toMatchObject({ code });
    expect((error as Error).message).toContain(message);
  });

  test.each<[string, string, RegExp]>([
    [
      "a SavedModel",
      "\x08\x01\x12\xc5\x09\x0a",
      /SavedModel[^]*\nmodel = tf_keras.models.load_model/,
    ],
    ["TensorFlow Lite", "\x1c\0\0\0TFL3\x14", /TensorFlow Lite.*\nmodel\.save/],
    ["ONNX", "\x08\x07\x12\x07pytorch\x1a\x05", /ONNX.*\ntorch\.save\(model\.state_dict/],
    [
      "old PyTorch",
      "\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.",
      /before version 1\.6[^]*\nstate = torch\.load/,
    ],
    ["a pickle", "\x80\x04\x95\0", /\narrays = joblib\.load/],
    ["a numpy array", "\x93NUMPY\x01\0", /\nnumpy\.savez/],
    ["a Git LFS pointer", "version https://git-lfs.github.com/spec/v1\n", /git lfs pull/],
    ["a web page", "\n<!DOCTYPE html><html>", /web page.*resolve/],
    ["a picture", "\xff\xd8\xff\xe0", /a picture/],
    ["a WebP", "RIFF\0\0\0\0WEBPVP8 ", /a picture/],
    ["a tar archive", "folder/".padEnd(257, "\0") + "ustar  ", /tar xf/],
    ["JSON", '{"a": 1}', /has no weights/],
  ])("on %s, with the way out", async (_, start, message) => {
    const bytes = Uint8Array.from(start.padEnd(600), (letter) => letter.charCodeAt(0));
    const error = await load(bytes).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "format-unknown" });
    expect((error as Error).message).toMatch(message);
  });

  test("on TorchScript, with the way out", async () => {
    const archive = goldenFile("torch/extra-scripted.pt");
    await expect(load(archive)).rejects.toThrow(
      /TorchScript program[^]*\nmodel = torch\.jit\.load/,
    );
  });

  test("in a message whose lines are the library's own", async () => {
    const header = { "a\nb": { dtype: "F32", shape: [1], data_offsets: [0, 4] } };
    const text = Buffer.from(JSON.stringify(header));
    const bytes = Buffer.concat([Buffer.alloc(8), text, Buffer.alloc(4)]);
    bytes.writeUInt32LE(text.length);
    const { message } = (await load(bytes).catch((error: unknown) => error)) as Error;
    expect(message).toContain("a\\u{a}b");
    expect(message.split("\n")[1]).toBe("load(source, { layers: [");
  });

  test("with the name of the file", async () => {
    const broken = join(folder, "broken\u202e.keras");
    writeFileSync(broken, "PK\x03\x04");
    await expect(load(broken)).rejects.toThrow(
      `Cannot load ${folder}/broken\\u{202e}.keras: cannot unpack`,
    );
    const named = load({ "model.safetensors": file.subarray(0, file.length - 1) });
    await expect(named).rejects.toThrow("Cannot load model.safetensors: cannot read safetensors: ");
    const address = `data:;base64,${"A".repeat(10_000)}`;
    const { message } = (await load(address).catch((error: unknown) => error)) as Error;
    expect(message).toMatch(/^Cannot load data:;base64,A+…A+: it begins with 00 00/);
    expect(message.length).toBeLessThan(500);
  });

  test("a rejected promise passes through", async () => {
    const reason = new Error("mine");
    await expect(load(Promise.reject(reason))).rejects.toBe(reason);
  });

  test("wasm of another kind", async () => {
    const other = new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
    await expect(load(file, { wasm: other })).rejects.toMatchObject({ code: "wasm-unavailable" });
  });

  test("an engine that has no memory to start with", async () => {
    const message = "WebAssembly.Instance(): Out of memory: Cannot allocate Wasm memory";
    const start = vi.spyOn(WebAssembly, "Instance").mockImplementation(function () {
      throw new RangeError(message);
    });
    const error = await load(file).catch((thrown: unknown) => thrown);
    start.mockRestore();
    expect(error).toMatchObject({ code: "model-too-large", cause: { message } });
  });
});

test("weights alone ask for a configuration", async () => {
  const weights = goldenFile("keras/hidden-rnn.weights.h5");
  await expect(load(weights)).rejects.toThrow(
    "pass the model's configuration (model.to_json()) as the option config",
  );
});
