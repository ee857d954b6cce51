import { inspect } from "node:util";
import { expect, test } from "vitest";
import type * as Index from "../bindings/index.js";
import type * as Worker from "../bindings/worker/worker.js";

/*
 * What minifying must not change: names that people read.
 */

const dist = new URL("../dist/", import.meta.url).href;

test("models, streams and workers print what they are", async () => {
  const { load } = (await import(`${dist}index.js`)) as typeof Index;
  const { LmuWorker } = (await import(`${dist}worker/worker.js`)) as typeof Worker;
  const model = await load("models/mackey-glass.safetensors");
  const text = 'Model {"format":"lmu-wasm","inputSize":1,"outputSize":1,"returnsSequence":true}';
  expect(inspect(model)).toBe(text);
  expect(inspect({ model })).toBe(`{\n  model: ${text}\n}`);
  expect(String(model)).toBe(text);
  expect(String(Object.getPrototypeOf(model))).toBe("Model {}");
  const stream = model.stream();
  stream.step(1);
  expect(inspect(stream)).toBe('Stream {"position":1,"isEnded":false}');
  const worker = new LmuWorker();
  expect(inspect(worker)).toMatch(/^LmuWorker /);
  worker.terminate();
});

test.each(["index.js", "worker/worker.js"])("%s: an error prints as LmuError", async (entry) => {
  const { LmuError } = (await import(dist + entry)) as typeof Index | typeof Worker;
  const error = new LmuError("disposed", "Cannot run the model: the model is disposed");
  expect(LmuError.name).toBe("LmuError");
  expect(inspect(error)).toMatch(/^LmuError: Cannot run/);
});
