import { afterAll, expect, test } from "vitest";
import type * as WorkerModule from "../bindings/worker/worker.js";
import { fileOf, loadMadeUp } from "./support/models.js";
import { Random } from "./support/random.js";
import { made } from "./support/stream.js";

/*
 * Snapshots through the worker proxy as it is shipped: the same bytes and bits as without one.
 */

const built = new URL("../dist/worker/worker.js", import.meta.url).href;
const { LmuWorker } = (await import(built)) as typeof WorkerModule;
const worker = new LmuWorker();
const file = fileOf(made);
const input = new Random(1).floats(400);
const [before, after] = [input.subarray(0, 150), input.subarray(150)];

afterAll(() => worker.terminate());

test("save, restore, load and fork", async () => {
  const [model, here] = [await worker.load(file), await loadMadeUp(made)];
  const stream = await model.stream();
  await stream.push(before);
  const [saved, local] = [await stream.save(), here.stream()];
  local.push(before);
  expect(saved).toEqual(local.save());
  expect(await stream.save({ dtype: "int8" })).toEqual(local.save({ dtype: "int8" }));
  const forked = await stream.fork();
  const restored = await model.restore(saved);
  expect([forked.position, restored.position]).toEqual([75, 75]);
  const expected = local.push(after);
  for (const one of [stream, forked, restored]) expect(await one.push(after)).toEqual(expected);
  await stream.load(saved);
  expect(stream.position).toBe(75);
  expect(await stream.push(after)).toEqual(expected);
  expect(saved.length).toBe(32 + 4 * 22);
});

test("advance", async () => {
  const [model, here] = [await worker.load(file), await loadMadeUp(made)];
  const first = await model.advance(undefined, before);
  const second = await model.advance(first.snapshot, after, { dtype: "f16" });
  const local = here.advance(undefined, before);
  expect(first).toEqual(local);
  expect(second).toEqual(here.advance(local.snapshot, after, { dtype: "f16" }));
});

test("what is wrong rejects as it throws without a worker, and changes nothing", async () => {
  const model = await worker.load(file);
  const stream = await model.stream();
  await stream.push(before);
  const saved = await stream.save();
  const cut = saved.subarray(1);
  const invalid = { name: "LmuError", code: "snapshot-invalid" };
  await expect(stream.load(cut)).rejects.toMatchObject(invalid);
  await expect(model.restore(cut)).rejects.toMatchObject(invalid);
  await expect(model.advance(cut, after)).rejects.toMatchObject(invalid);
  await expect(stream.load("text" as never)).rejects.toThrow(TypeError);
  await expect(model.restore(undefined as never)).rejects.toThrow(TypeError);
  await expect(stream.save({ dtype: "f64" as never })).rejects.toThrow(TypeError);
  expect(await stream.save()).toEqual(saved);
  stream.dispose();
  await expect(stream.fork()).rejects.toMatchObject({ code: "disposed" });
  await expect(stream.save()).rejects.toMatchObject({ code: "disposed" });
});
