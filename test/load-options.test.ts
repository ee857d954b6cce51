import { gzipSync } from "node:zlib";
import { zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { load, type Progress } from "../bindings/index.js";
import { file, input, serveFile, streamOf } from "./support/file.js";
import { goldenFile } from "./support/golden.js";
import { serve } from "./support/server.js";

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
  let address = "";
  let site: Awaited<ReturnType<typeof serveFile>>;

  beforeAll(async () => {
    site = await serveFile();
    address = site.address;
  });

  afterAll(() => site.close());

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
