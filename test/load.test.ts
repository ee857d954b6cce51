import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
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
    ["no bytes", () => new Uint8Array(0), "format-unknown", "it begins with nothing"],
    [
      "another format",
      () => new TextEncoder().encode("<!doctype html>"),
      "format-unknown",
      'it begins with "<!doctype html>"',
    ],
    ["compressed bytes", () => Uint8Array.of(31, 139, 8, 0), "format-unknown", "with 1f 8b 08 00,"],
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

  test("a rejected promise passes through", async () => {
    const reason = new Error("mine");
    await expect(load(Promise.reject(reason))).rejects.toBe(reason);
  });

  test("wasm of another kind", async () => {
    const other = new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
    await expect(load(file, { wasm: other })).rejects.toMatchObject({ code: "wasm-unavailable" });
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
