import { Worker } from "node:worker_threads";
import { describe, expect, test, vi } from "vitest";
import type * as WorkerModule from "../bindings/worker/worker.js";
import { fileOf, makeUp } from "./support/models.js";

/*
 * Between a page and its worker, as they are shipped: what is lost, comes late or cannot be sent.
 */

const dist = new URL("../dist/", import.meta.url).href;
const { LmuWorker } = (await import(`${dist}worker/worker.js`)) as typeof WorkerModule;
const file = fileOf(makeUp({ width: 1 }, [{ name: "l", type: "lmu", order: 4, theta: 9 }], {}));

/** A worker of this package and the thread it runs in. */
function start() {
  const thread = new Worker(new URL(`${dist}worker/host.js`));
  return { thread, worker: new LmuWorker(thread) };
}

/** The page's end of a browser's worker. */
class FakeWorker extends EventTarget {
  readonly posted: unknown[] = [];
  postMessage(message: unknown): void {
    this.posted.push(message);
  }
  terminate(): void {}
  say(data: unknown): void {
    this.dispatchEvent(new MessageEvent("message", { data }));
  }
}

describe("a model that nobody waits for", () => {
  test("is disposed when its load was aborted at the last piece", async () => {
    const { thread, worker } = start();
    const loaded: unknown[] = [];
    thread.on("message", ({ value }: { value?: { model?: number } }) => {
      if (value?.model !== undefined) loaded.push(value.model);
    });
    const post = vi.spyOn(thread, "postMessage");
    for (let i = 0; i < 5; i++) {
      const controller = new AbortController();
      const onProgress = () => controller.abort("enough");
      const model = worker.load(file, { signal: controller.signal, onProgress });
      await expect(model).rejects.toBe("enough");
    }
    const closed = () =>
      post.mock.calls.flatMap(([message]) => {
        const { request } = message as { request?: { call: string; model: number } };
        return request?.call === "closeModel" ? [request.model] : [];
      });
    await vi.waitFor(() => expect(loaded).toHaveLength(5));
    await vi.waitFor(() => expect(closed()).toEqual(loaded));
    worker.terminate();
  });
});

describe("what cannot be sent", () => {
  test("is a TypeError, and keeps no process alive", async () => {
    const { thread, worker } = start();
    const [ref, unref] = [vi.spyOn(thread, "ref"), vi.spyOn(thread, "unref")];
    const model = await worker.load(file);
    const load = worker.load(file, { config: { made: () => 1 } });
    await expect(load).rejects.toThrow(
      "Cannot load the model: an argument cannot be sent to a worker",
    );
    await expect(load).rejects.toBeInstanceOf(TypeError);
    expect(unref.mock.invocationCallOrder.at(-1)).toBeGreaterThan(
      ref.mock.invocationCallOrder.at(-1)!,
    );
    expect(await model.run([1, 2])).toHaveLength(8);
    worker.terminate();
  });

  test("is copied if it is shared, or holds the output", async () => {
    const { worker } = start();
    const model = await worker.load(file);
    const expected = await model.run([1, 2]);
    const shared = new Float32Array(new SharedArrayBuffer(8));
    shared.set([1, 2]);
    expect(await model.run(shared, { transfer: true })).toEqual(expected);
    const output = new Float32Array(8);
    output.set([1, 2]);
    await model.run(output.subarray(0, 2), { output, transfer: true });
    expect(output).toEqual(expected);
    worker.terminate();
  });

  test("is a part of a large buffer: only that is copied", async () => {
    const { thread, worker } = start();
    const model = await worker.load(file);
    const post = vi.spyOn(thread, "postMessage");
    await model.run(new Float32Array(100_000).subarray(5, 9));
    const { request } = post.mock.calls.at(-1)![0] as { request: { input: Float32Array } };
    // It has been transferred: its buffer was its own.
    expect(request.input.buffer.byteLength).toBe(0);
    worker.terminate();
  });
});

describe("the worker fails, and says why,", () => {
  test("when a message does not reach it", async () => {
    const { thread, worker } = start();
    const model = await worker.load(file);
    // A view of a buffer that has been given away arrives nowhere.
    const view = new Float32Array(4);
    structuredClone(view, { transfer: [view.buffer] });
    const answer = model.report();
    thread.postMessage({ id: 99, aborted: true, view }, [view.buffer]);
    const lost = model.stream();
    await Promise.allSettled([answer, lost]);
    await expect(model.run([1])).rejects.toMatchObject({ code: "worker-failed" });
  });

  test("when an answer does not reach the page", async () => {
    const { thread, worker } = start();
    const model = await worker.load(file);
    const answer = expect(model.run([1])).rejects.toMatchObject({ code: "worker-failed" });
    thread.emit("messageerror", new Error("lost"));
    await answer;
    worker.terminate();
  });

  test("when its script cannot be loaded, of which browsers say nothing", async () => {
    const page = new FakeWorker();
    const model = new LmuWorker(page).load(file);
    await vi.waitFor(() => expect(page.posted).toHaveLength(2));
    page.dispatchEvent(new Event("error"));
    await expect(model).rejects.toMatchObject({
      code: "worker-failed",
      message:
        "Cannot use the worker: its script cannot be loaded, expected lmu-wasm/worker/host.js at its address",
    });
  });

  test("but not when it runs something else that talks", async () => {
    const page = new FakeWorker();
    const model = new LmuWorker(page).load(file);
    await vi.waitFor(() => expect(page.posted).toHaveLength(2));
    for (const data of [null, undefined, 5, "hello", {}, { id: 7 }, { id: 8, value: null }]) {
      page.say(data);
    }
    const { id } = page.posted.at(-1) as { id: number };
    page.say({ id, error: { kind: "LmuError", code: "disposed", message: "mine" } });
    await expect(model).rejects.toMatchObject({ code: "disposed", message: "mine" });
  });
});

test("a worker of another kind is refused", async () => {
  const { load } = (await import(`${dist}worker/worker.js`)) as typeof WorkerModule;
  await expect(load(file, { worker: 5 as never })).rejects.toThrow(
    new TypeError("Cannot load the model: worker is number, expected an LmuWorker"),
  );
});
