import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readSafetensors } from "../bindings/formats/containers/safetensors.js";
import { openZip } from "../bindings/formats/containers/zip.js";
import { load, LmuError, type SourceFiles } from "../bindings/index.js";
import { distance, goldenFile, goldenTensors, valuesOf } from "./support/golden.js";
import { fileOf, type LmuChoice, lmuModel } from "./support/models.js";
import { Random } from "./support/random.js";
import { serve } from "./support/server.js";
import { nameOf, shardsOf } from "./support/shards.js";
import { LMU } from "./support/torch.js";

const choice: LmuChoice = {
  ...{ inputs: 2, channels: 2, order: 6, theta: 20, hidden: "lstm" as const, units: 9 },
  ...{ isFedBack: true, remembers: true, seesInput: true, hasBias: true, isLearned: false },
};
const file = fileOf(lmuModel(choice, 1));
const input = new Random(1).floats(60);

const description = readSafetensors(file).header.metadata.get("lmu-wasm")!;
const shards = shardsOf(file, 3, { "lmu-wasm": description });

let folder = "";
let address = "";
const answer: RequestListener = (request, response) => {
  const name = request.url!.replace("/model/", "");
  if (request.url!.startsWith("/model/") && name in shards)
    response.end(shards[name] as Uint8Array);
  else response.writeHead(404).end();
};
let site: Awaited<ReturnType<typeof serve>>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "lmu-wasm-"));
  for (const [name, bytes] of Object.entries(shards)) {
    writeFileSync(join(folder, name), bytes as Uint8Array);
  }
  mkdirSync(join(folder, "empty"));
  site = await serve(answer);
  address = site.address;
});

afterAll(() => {
  rmSync(folder, { recursive: true });
  site.close();
});

describe("a model of several files", () => {
  test.each([
    ["a folder", () => folder],
    ["a folder with a slash", () => `${folder}/`],
    ["a folder as a file URL", () => pathToFileURL(folder)],
    ["a URL", () => `${address}/model/`],
    ["named sources", () => shards],
  ])("in shards, from %s", async (_, source) => {
    const model = await load(source() as string);
    expect(model.run(input)).toEqual((await load(file)).run(input));
  });

  test("a state dict in shards", async () => {
    const io = goldenTensors("torch/torch-lmu-1.io.safetensors");
    const source = shardsOf(goldenFile("torch/torch-lmu-1.safetensors"), 2, {});
    const model = await load(source, { layers: LMU });
    const samples = valuesOf(io.get("input")!);
    const output = model.run(samples, { batch: io.get("input")!.shape[0]! });
    expect(distance(output, valuesOf(io.get("output")!))).toBeLessThan(2e-5);
  });

  test("the files of a .keras archive", async () => {
    const archive = goldenFile("keras/hidden-rnn.keras");
    const files = Object.fromEntries((await openZip(archive)).unpack(() => true));
    const model = await load(files as SourceFiles);
    expect(model.run(input.subarray(0, 40))).toEqual(
      (await load(archive)).run(input.subarray(0, 40)),
    );
  });

  test.each([
    ["an empty folder", () => join(folder, "empty"), "source-unreadable", "the folder has no"],
    ["a page without files", () => `${address}/other/`, "source-unreadable", "the folder has no"],
    [
      "a missing shard",
      () => ({ ...shards, [nameOf(1, 3)]: undefined }),
      "source-unreadable",
      nameOf(1, 3),
    ],
    [
      "an index that leads out of the folder",
      () => indexOf({ weight_map: { a: "../../etc/passwd" } }),
      "format-invalid",
      'names the file "../../etc/passwd"',
    ],
    ["an index without a map", () => indexOf({}), "format-invalid", "has no weight_map"],
    ["an index of nothing", () => indexOf({ weight_map: {} }), "format-invalid", "names no files"],
    [
      "an index of more files than can be open",
      () =>
        indexOf({
          weight_map: Object.fromEntries(Array.from({ length: 501 }, (_, i) => [i, `s${i}`])),
        }),
      "format-invalid",
      "names 501 files, expected at most 500",
    ],
    [
      "a broken index",
      () => ({ "model.safetensors.index.json": new TextEncoder().encode("{") }),
      "format-invalid",
      "is no valid JSON",
    ],
    [
      "a tensor in two shards",
      () => ({ ...shards, [nameOf(1, 3)]: shards[nameOf(0, 3)]! }),
      "tensor-invalid",
      "is there twice",
    ],
  ])("fails clearly on %s", async (_, source, code, message) => {
    const given = source();
    const files = typeof given === "string" ? given : withoutUndefined(given);
    const error = await load(files as SourceFiles).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LmuError);
    expect(error).toMatchObject({ code });
    expect((error as Error).message).toContain(message);
  });

  test("an error of onProgress is not one of the file that is read", async () => {
    const reason = new Error("of the page");
    const onProgress = () => {
      throw reason;
    };
    const files = { "config.json": new TextEncoder().encode("{}") };
    await expect(load(files, { onProgress })).rejects.toBe(reason);
  });

  test("shards are let go when one behind them cannot be opened", async () => {
    let isCancelled = false;
    const first = new ReadableStream<Uint8Array>({ cancel: () => void (isCancelled = true) });
    const reason = new Error("gone");
    const second = Promise.reject(reason);
    second.catch(() => undefined);
    const files = { ...indexOf({ weight_map: { a: "first", b: "second" } }), first, second };
    await expect(load(files as SourceFiles)).rejects.toBe(reason);
    expect(isCancelled).toBe(true);
  });
});

function indexOf(index: object): object {
  const text = new TextEncoder().encode(JSON.stringify(index));
  return { "model.safetensors.index.json": text };
}

function withoutUndefined(files: object): object {
  return Object.fromEntries(Object.entries(files).filter(([, source]) => source !== undefined));
}
