import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { writeNative } from "../bindings/formats/native/write.js";
import { load, LmuError, type Progress } from "../bindings/index.js";
import { tensorOfValues } from "../bindings/tensor.js";
import { fileOf, loadMadeUp, lmuModel } from "./support/models.js";
import { goldenFile } from "./support/golden.js";
import { Random } from "./support/random.js";
import { serve } from "./support/server.js";

const made = lmuModel(
  {
    ...{ inputs: 1, channels: 1, order: 8, theta: 20, hidden: "rnn", units: 10 },
    ...{ isFedBack: false, remembers: false, seesInput: true, hasBias: true, isLearned: false },
  },
  1,
);
const file = fileOf(made);
const input = new Random(1).floats(50);

let folder = "";
let address = "";
const answer: RequestListener = (request, response) => {
  if (request.url === "/model") response.end(file);
  else if (request.url === "/slow") response.write(file.subarray(0, 20));
  else response.writeHead(404).end();
};
let site: Awaited<ReturnType<typeof serve>>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "lmu-wasm-"));
  writeFileSync(join(folder, "model.safetensors"), file);
  site = await serve(answer);
  address = site.address;
});

afterAll(() => {
  rmSync(folder, { recursive: true });
  site.close();
});

/** A stream of pieces; knows nothing of the length. */
function streamOf(bytes: Uint8Array, piece: number): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + piece));
      at += piece;
    },
  });
}

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

describe("options", () => {
  test.each<[string, object, typeof Error, string]>([
    [
      "a misspelt one",
      { onprogress: () => 0 },
      TypeError,
      'options has "onprogress", expected signal,onProgress',
    ],
    ["a signal of another kind", { signal: {} }, TypeError, "signal is {}, expected AbortSignal"],
    [
      "progress to nobody",
      { onProgress: true },
      TypeError,
      "onProgress is true, expected function",
    ],
    ["layers as text", { layers: "lmu" }, TypeError, 'layers is "lmu", expected array'],
    ["bytes as text", { maxBytes: "5" }, TypeError, 'maxBytes is "5", expected number'],
    ["half a byte", { maxBytes: 0.5 }, RangeError, "maxBytes is 0.5, expected an integer from 1"],
    ["no number", { maxBytes: NaN }, RangeError, "maxBytes is NaN"],
  ])("%s is refused before anything is read", async (_, options, kind, message) => {
    let isAsked = false;
    const source = new ReadableStream<Uint8Array>(
      { pull: () => void (isAsked = true) },
      { highWaterMark: 0 },
    );
    const error = await load(source, options).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(kind);
    expect((error as Error).message).toContain(message);
    expect([isAsked, source.locked]).toEqual([false, false]);
  });

  test("undefined is not given", async () => {
    const options = { signal: undefined, layers: undefined, maxBytes: undefined };
    expect((await load(file, options)).run(input)).toHaveLength(500);
  });
});

/** Pieces without end; tells how many were asked for, and whether somebody said stop. */
function endless(first: Uint8Array, piece = new Uint8Array(1 << 16)) {
  const seen = { pieces: 0, isCancelled: false };
  const stream = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => controller.enqueue(seen.pieces++ === 0 ? first : piece.slice()),
      cancel: () => void (seen.isCancelled = true),
    },
    { highWaterMark: 0 },
  );
  return { stream, seen };
}

describe("what is read and held is bounded", () => {
  test("unknown bytes are refused by the first piece", async () => {
    const { stream, seen } = endless(new Uint8Array(3000));
    await expect(load(stream)).rejects.toMatchObject({ code: "format-unknown" });
    expect(seen).toEqual({ pieces: 1, isCancelled: true });
  });

  test.each(["keras/gru.keras", "legacy/keras-lmu-0.1-classifier.h5"])(
    "%s that goes on is refused at maxBytes",
    async (path) => {
      const { stream, seen } = endless(goldenFile(path));
      const error = await load(stream, { maxBytes: 1 << 20 }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "source-too-large" });
      expect((error as Error).message).toContain("maxBytes, 1048576 bytes");
      expect(seen.isCancelled).toBe(true);
      expect(seen.pieces).toBeLessThanOrEqual(18);
    },
  );

  test("a file that says it is larger is not read", async () => {
    const { stream, seen } = endless(goldenFile("keras/gru.keras"));
    const response = new Response(stream, { headers: { "content-length": "3000000000" } });
    await expect(load(response)).rejects.toMatchObject({ code: "source-too-large" });
    expect(seen.pieces).toBe(1);
  });

  test("what an archive inflates to counts, over HTTP as well", async () => {
    const zeros = zipSync({ "a.npy": new Uint8Array(1 << 20) }, { level: 9 });
    await expect(load(zeros, { maxBytes: 1 << 19 })).rejects.toThrow("maxBytes, 524288 bytes");
    const bomb = gzipSync(Buffer.concat([zeros, new Uint8Array(8 << 20)]));
    const page = await serve((_, response) =>
      response.writeHead(200, { "content-encoding": "gzip" }).end(bomb),
    );
    await expect(load(page.address, { maxBytes: 1 << 20 })).rejects.toMatchObject({
      code: "source-too-large",
    });
    page.close();
  });

  test("a native file streams, whatever maxBytes, but for its header", async () => {
    const maxBytes = new DataView(file.buffer, file.byteOffset).getUint32(0, true);
    expect(maxBytes).toBeLessThan(file.length);
    expect((await load(streamOf(file, 100), { maxBytes })).run(input)).toHaveLength(500);
    await expect(load(file, { maxBytes: maxBytes - 1 })).rejects.toMatchObject({
      code: "source-too-large",
    });
  });
});

describe("signal and progress", () => {
  test("an aborted signal's reason is thrown unchanged", async () => {
    const reason = new Error("enough");
    await expect(load(file, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test.each([
    ["fetch", () => `${address}/slow`],
    ["stream", () => new ReadableStream<Uint8Array>()],
    ["promise", () => new Promise<Response>(() => undefined)],
  ])("aborting a %s that hangs ends it", async (_, sourceOf) => {
    const controller = new AbortController();
    const reason = { any: "thing" };
    const source = sourceOf();
    setTimeout(() => controller.abort(reason), 50);
    await expect(load(source, { signal: controller.signal })).rejects.toBe(reason);
  });

  test("progress counts every byte, up to the total where it is known", async () => {
    const seen: Progress[] = [];
    await load(streamOf(file, 100), { onProgress: (progress) => seen.push(progress) });
    expect(seen.at(-1)).toEqual({ file: "stream", loaded: file.length, total: undefined });
    expect(seen).toHaveLength(Math.ceil(file.length / 100));
    const page: Progress[] = [];
    await load(`${address}/model`, { onProgress: (progress) => page.push(progress) });
    expect(page.at(-1)).toMatchObject({ loaded: file.length });
  });
});

describe("native files", () => {
  test("a large one loads from a stream without being held in memory", async () => {
    const [outputs, inputs] = [2048, 2048]; // 16 MB of weights
    const layers = [{ name: "d", type: "dense" }] as const;
    const row = new Random(9).floats(inputs);
    const big = writeNative({
      format: "lmu-wasm",
      description: { version: 1, input: { width: inputs }, layers },
      tensors: new Map([
        [
          "d.weight",
          { dtype: "f32" as const, shape: [outputs, inputs], at: (i: number) => row[i % inputs]! },
        ],
      ]),
      notes: [],
      warnings: [],
    });
    let live = 0;
    let most = 0;
    const source = new ReadableStream<Uint8Array>({
      pull(controller) {
        const piece = big.subarray(live, live + 65536);
        if (piece.length === 0) return controller.close();
        live += piece.length;
        most = Math.max(most, process.memoryUsage().arrayBuffers);
        controller.enqueue(piece.slice());
      },
    });
    const before = process.memoryUsage().arrayBuffers;
    const model = await load(source);
    const ones = new Float32Array(inputs).fill(1);
    const sum = row.reduce((a, b) => a + b, 0);
    expect(model.run(ones)[outputs - 1]).toBeCloseTo(sum, 3);
    // Wasm memory is the model; beside it nothing of the file's size.
    expect(most - before).toBeLessThan(model.report().memoryBytes + big.length / 2);
  });

  test.each(["f16", "bf16", "int8"] as const)("weights may be stored as %s", async (stored) => {
    const tensors = new Map(
      [...made.tensors].map(([name, { shape, values }]) => [name, tensorOfValues(shape, values)]),
    );
    const checkpoint = {
      format: "",
      description: made.description,
      tensors,
      notes: [],
      warnings: [],
    };
    const bytes = writeNative(checkpoint, stored);
    expect(bytes.length).toBeLessThan(file.length);
    const [exact, rounded] = [await load(file), await load(bytes)].map((model) => model.run(input));
    const worst = exact!.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - rounded![i]!)),
      0,
    );
    expect(worst).toBeGreaterThan(0);
    expect(worst).toBeLessThan({ f16: 2e-3, bf16: 2e-2, int8: 2e-2 }[stored]);
  });

  test("a file that goes on after its last tensor is refused", async () => {
    const longer = new Uint8Array(file.length + 1);
    longer.set(file);
    await expect(load(streamOf(longer, 50))).rejects.toMatchObject({ code: "format-invalid" });
  });
});

test("weights alone ask for a configuration", async () => {
  const weights = goldenFile("keras/hidden-rnn.weights.h5");
  await expect(load(weights)).rejects.toThrow(
    "pass the model's configuration (model.to_json()) as the option config",
  );
});
