import { writeFileSync } from "node:fs";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type * as Index from "../bindings/index.js";
import type * as WorkerModule from "../bindings/worker/worker.js";
import { loadMadeUp, fileOf, type LmuChoice, lmuModel } from "./support/models.js";
import { Random } from "./support/random.js";

/*
 * The worker proxy as it is shipped, on this Node: a thread runs the script beside it, so the built package is tested.
 */

const built = new URL("../dist/worker/worker.js", import.meta.url).href;
const index = new URL("../dist/index.js", import.meta.url).href;
const { load, LmuError, LmuWorker } = (await import(built)) as typeof WorkerModule;

const choice: LmuChoice = {
  ...{ inputs: 2, channels: 2, order: 6, theta: 20, hidden: "gru" as const, units: 9 },
  ...{ isFedBack: true, remembers: true, seesInput: true, hasBias: true, isLearned: false },
};
const made = lmuModel(choice, 1);
const file = fileOf(made);
const input = new Random(1).floats(400);
const expected = (await loadMadeUp(made)).run(input);

let folder = "";
const worker = new LmuWorker();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lmu-wasm-"));
  writeFileSync(join(folder, "model.safetensors"), file);
});

afterAll(() => {
  rmSync(folder, { recursive: true });
  worker.terminate();
});

test.each([["host.js"], [new URL("file:///host.js")], [5]])("%s is no worker", (other) => {
  expect(() => new LmuWorker(other as never)).toThrow(
    new TypeError(`Cannot use the worker: ${String(other)} is no Worker`),
  );
});

describe("load() in a worker", () => {
  test.each([
    ["a path", () => join(folder, "model.safetensors")],
    ["a folder", () => folder],
    ["a file URL", () => pathToFileURL(join(folder, "model.safetensors"))],
    ["bytes, which stay the caller's", () => file],
    ["a Blob", () => new Blob([file as BlobPart])],
    ["a Response", () => new Response(file as BodyInit)],
    ["a ReadableStream", () => new Blob([file as BlobPart]).stream()],
    ["a promise", () => Promise.resolve(file)],
    ["named sources", () => ({ "model.safetensors": file })],
  ])("takes %s", async (_, source) => {
    const model = await load(source() as string, { worker });
    expect(await model.run(input)).toEqual(expected);
    expect(file.length).toBeGreaterThan(0);
    model.dispose();
  });

  test("gives the facts of the model and its report", async () => {
    const model = await load(file);
    expect(model).toMatchObject({
      inputSize: 2,
      outputSize: 9,
      returnsSequence: true,
      vocabulary: undefined,
      lookAhead: 0,
    });
    expect(await model.report()).toMatchObject({ format: "lmu-wasm", outputSize: 9 });
    model.dispose();
    model.dispose();
    await expect(model.run(input)).rejects.toMatchObject({
      name: "LmuError",
      code: "disposed",
      message: "Cannot run the model: the model is disposed",
    });
  });

  test("tells progress", async () => {
    const seen: number[] = [];
    const onProgress = ({ loaded }: { loaded: number }) => void seen.push(loaded);
    await load(join(folder, "model.safetensors"), { worker, onProgress });
    expect(seen.at(-1)).toBe(file.length);
    seen.length = 0;
    await load(new Response(file as BodyInit), { worker, onProgress });
    expect(seen.at(-1)).toBe(file.length);
  });

  test("errors keep their class and code", async () => {
    const unknown = load(new TextEncoder().encode("<html>"), { worker });
    await expect(unknown).rejects.toBeInstanceOf(LmuError);
    await expect(unknown).rejects.toMatchObject({ code: "format-unknown" });
    await expect(load(5 as never, { worker })).rejects.toBeInstanceOf(TypeError);
    const model = await load(file, { worker });
    await expect(model.run([1, 2, 3])).rejects.toBeInstanceOf(RangeError);
    await expect(model.run([1, NaN])).rejects.toMatchObject({ code: "input-invalid" });
  });
});

describe("streams in a worker", () => {
  test("give the same bits, in the order of the calls", async () => {
    const model = await load(file, { worker });
    const [a, b] = [await model.stream(), await model.stream()];
    const pending = [];
    for (let t = 0; t < 20; t++) {
      pending.push(a.step(input.subarray(2 * t, 2 * t + 2)));
      pending.push(b.push(input.subarray(6 * t, 6 * t + 6)));
    }
    const answers = await Promise.all(pending);
    const steps = answers.filter((_, i) => i % 2 === 0).flatMap((rows) => [...rows]);
    const chunks = answers.filter((_, i) => i % 2 === 1).flatMap((rows) => [...rows]);
    expect(Float32Array.from(steps)).toEqual(expected.subarray(0, steps.length));
    expect(Float32Array.from(chunks)).toEqual(expected.subarray(0, chunks.length));
    expect([a.position, b.position]).toEqual([20, 60]);
    await a.reset();
    expect(a.position).toBe(0);
    expect(await a.step([input[0]!, input[1]!])).toEqual(expected.subarray(0, 9));
    const newest = expected.subarray(9 * 9, 10 * 9);
    expect(await a.last(input.subarray(2, 20))).toEqual(newest);
    const output = new Float32Array(9);
    await a.reset();
    expect(await a.last(input.subarray(0, 20), output)).toBe(output);
    expect(output).toEqual(newest);
    await expect(a.last([])).rejects.toBeInstanceOf(RangeError);
    expect(await a.end()).toEqual(new Float32Array(0));
    a.dispose();
    await expect(a.push([1, 1])).rejects.toMatchObject({
      code: "disposed",
      message: "Cannot push into the stream: the stream is disposed",
    });
  });
});

describe("streams of the platform in a worker", () => {
  test("pipe, and loop over sources, with the same bits", async () => {
    const model = await load(file, { worker });
    const chunks = [input.subarray(0, 31), input.subarray(31, 32), [...input.subarray(32)]];
    const source = new ReadableStream<Index.Chunk>({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(chunk);
        controller.close();
      },
    });
    const piped = source.pipeThrough((await model.stream()).transform());
    for (const outputs of [piped, (await model.stream()).over(chunks)]) {
      const rows: Float32Array[] = [];
      for await (const chunk of outputs) rows.push(...model.rows(chunk));
      expect(rows).toEqual(model.rows(expected));
    }
    const wrong = (await model.stream()).over([
      [1, 2],
      [NaN, 1],
    ]);
    await wrong.next();
    await expect(wrong.next()).rejects.toMatchObject({ code: "input-invalid" });
    model.dispose();
  });
});

describe("threads", () => {
  test("several workers work side by side", async () => {
    const models = await Promise.all([load(file), load(file), load(file)]);
    const outputs = await Promise.all(models.map((model) => model.run(input)));
    for (const output of outputs) expect(output).toEqual(expected);
    for (const model of models) model.dispose();
  });

  test("an input may be handed over", async () => {
    const model = await load(file, { worker });
    const own = input.slice();
    expect(await model.run(own, { transfer: true })).toEqual(expected);
    expect(own.length).toBe(0);
  });

  test("a run is aborted in the middle, and the worker goes on", async () => {
    const model = await load(file, { worker });
    const long = new Random(2).floats(6_000_000);
    const reason = new Error("enough");
    const controller = new AbortController();
    const run = model.run(long, { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 100);
    await expect(run).rejects.toBe(reason);
    expect(await model.run(input)).toEqual(expected);
  });

  test("an aborted signal's reason comes back unchanged", async () => {
    const signal = AbortSignal.abort("why");
    await expect(load(file, { worker, signal })).rejects.toBe("why");
  });

  test("aborting ends the wait for a promise", async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort("why"), 20);
    const never = new Promise<Response>(() => undefined);
    await expect(load(never, { worker, signal: controller.signal })).rejects.toBe("why");
  });

  test("errors are LmuErrors for the main entry, too, and others are not", async () => {
    const { LmuError: MainError } = (await import(index)) as typeof Index;
    const error: unknown = await load(new Uint8Array(9), { worker }).catch((reason) => reason);
    expect(error).toBeInstanceOf(LmuError);
    expect(error).toBeInstanceOf(MainError);
    for (const other of [new Error("no"), {}, undefined, null, "LmuError"]) {
      expect(other instanceof MainError).toBe(false);
    }
  });

  test("a worker that runs something else is given up", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const own = new LmuWorker(new Worker("setInterval(() => {}, 1000)", { eval: true }));
    const model = own.load(file);
    const refused = expect(model).rejects.toMatchObject({ code: "worker-failed" });
    await vi.advanceTimersByTimeAsync(30_000);
    await refused;
    vi.useRealTimers();
    own.terminate();
  });

  test("steps by other times than one as the main entry does, and refuses what it refuses", async () => {
    const model = await worker.load(file);
    const [stream, here] = [await model.stream(), (await loadMadeUp(made)).stream()];
    for (const options of [{ dt: 2.5 }, { dt: 0.1 }, { dt: 9, between: "zero" }] as const) {
      const expected = here.step([1, 2], undefined, options);
      expect(await stream.step([1, 2], undefined, options)).toEqual(expected);
    }
    await expect(stream.step([1, 2], undefined, { dt: 0 })).rejects.toThrow(RangeError);
    expect(await stream.step([1, 2])).toEqual(here.step([1, 2]));
  });

  test("streams end with their model, and the worker goes on", async () => {
    const model = await load(file, { worker });
    const stream = await model.stream();
    model.dispose();
    await expect(stream.step([1, 2])).rejects.toMatchObject({ code: "disposed" });
    stream.dispose();
    const next = await load(file, { worker });
    expect(await next.run(input)).toEqual(expected);
    next.dispose();
  });

  test("a terminated worker rejects what waits and what comes", async () => {
    const own = new LmuWorker();
    const model = await own.load(file);
    const run = model.run(new Random(3).floats(2_000_000));
    own.terminate();
    await expect(run).rejects.toMatchObject({ code: "worker-failed" });
    await expect(model.run(input)).rejects.toMatchObject({ code: "worker-failed" });
  });
});
