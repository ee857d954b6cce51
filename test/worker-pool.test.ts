import { afterAll, describe, expect, test } from "vitest";
import type * as WorkerModule from "../bindings/worker/worker.js";
import { fileOf, type LmuChoice, lmuModel, loadMadeUp } from "./support/models.js";
import { Random } from "./support/random.js";

/*
 * Pools in a worker, as shipped: what the pools of the main entry do, with promises.
 */

const built = new URL("../dist/worker/worker.js", import.meta.url).href;
const { load, LmuError, LmuWorker } = (await import(built)) as typeof WorkerModule;

const choice: LmuChoice = {
  ...{ inputs: 2, channels: 2, order: 6, theta: 20, hidden: "gru" as const, units: 9 },
  ...{ isFedBack: true, remembers: true, seesInput: true, hasBias: true, isLearned: false },
};
const made = lmuModel(choice, 1);
const twin = await loadMadeUp(made);
const signal = new Random(1).floats(400);
const sampleOf = (t: number) => signal.subarray(2 * t, 2 * t + 2);

const worker = new LmuWorker();
afterAll(() => worker.terminate());
const model = await load(fileOf(made), { worker });

describe("a pool in a worker", () => {
  test("gives the outputs of the main entry, however calls are mixed", async () => {
    const [pool, other] = [await model.pool(20), twin.pool(20)];
    const random = new Random(2);
    const pairs: [there: number, here: number][] = [];
    for (let i = 0; i < 12; i++) pairs.push([await pool.open(), other.open()]);
    for (let tick = 0; tick < 10; tick++) {
      for (let i = 0; i < 30; i++) {
        const [there, here] = pairs[random.integer(pairs.length)]!;
        const sample = sampleOf(random.integer(200));
        pool.push(there, sample);
        other.push(here, [...sample]);
      }
      const pair = pairs[tick]!;
      if (tick === 3) pairs.push([await pool.fork(pair[0]), other.fork(pair[1])]);
      if (tick === 5) await Promise.all([pool.reset(pair[0]), other.reset(pair[1])]);
      if (tick === 7) {
        await Promise.all([pool.close(pair[0]), other.close(pair[1])]);
        pairs.splice(tick, 1);
      }
      const ticked = pool.tick();
      // Samples of the next tick, given while this one is under way.
      pool.push(pairs[0]![0], sampleOf(tick));
      other.tick();
      other.push(pairs[0]![1], sampleOf(tick));
      await ticked;
      for (const [there, here] of pairs) {
        expect(pool.output(there)).toEqual(other.output(here));
        expect(await pool.position(there)).toBe(other.position(here));
      }
    }
    expect([pool.size, pool.capacity]).toEqual([12, 20]);
    expect(await pool.save(pairs[4]![0])).toEqual(other.save(pairs[4]![1]));
    pool.dispose();
  });

  test("restores snapshots of the main entry", async () => {
    const pool = await model.pool(2);
    const stream = twin.stream();
    stream.push(signal);
    const id = await pool.restore(stream.save());
    pool.push(id, sampleOf(3));
    await pool.tick();
    expect(pool.output(id, new Float32Array(9))).toEqual(stream.step(sampleOf(3)));
    expect(await pool.save(id, { dtype: "f16" })).toEqual(stream.save({ dtype: "f16" }));
    pool.dispose();
  });

  test("refuses what the main entry refuses", async () => {
    const pool = await model.pool(2);
    const id = await pool.open();
    expect(pool.output(id)).toEqual(new Float32Array(9).fill(NaN));
    expect(() => pool.push(id, [1])).toThrow("Cannot push into the pool: input has 1 values");
    expect(() => pool.push(id, [1, NaN])).toThrow(LmuError);
    expect(() => pool.push(id + 1, [1, 2])).toThrow("Cannot push into the pool: id is");
    expect(() => pool.output(id, new Float32Array(8))).toThrow(RangeError);
    expect(() => pool.output(NaN)).toThrow(expect.objectContaining({ code: "id-invalid" }));
    await expect(pool.restore(Uint8Array.of(1))).rejects.toMatchObject({
      code: "snapshot-invalid",
    });
    await expect(pool.save(id, { type: 1 } as never)).rejects.toThrow(TypeError);
    await pool.fork(id);
    await expect(pool.open()).rejects.toMatchObject({ code: "pool-full" });
    const closed = pool.close(id);
    await expect(pool.close(id)).rejects.toMatchObject({ code: "id-invalid" });
    await closed;
    await expect(model.pool(0)).rejects.toThrow(RangeError);
    pool.dispose();
    pool.dispose();
    await expect(pool.tick()).rejects.toMatchObject({ code: "disposed" });
  });

  test("says with the next call that a stream has ended", async () => {
    const pool = await model.pool(2);
    const stream = twin.stream();
    stream.end();
    const [ended, id] = [await pool.restore(stream.save()), await pool.open()];
    pool.push(ended, sampleOf(0));
    pool.push(id, sampleOf(0));
    await expect(pool.tick()).rejects.toThrow("has ended; reset it first");
    expect(await pool.position(id)).toBe(0);
    await pool.tick();
    expect(await pool.position(id)).toBe(1);
    pool.dispose();
  });

  test("ends with its model", async () => {
    const other = await load(fileOf(made), { worker });
    const pool = await other.pool(2);
    other.dispose();
    await expect(pool.open()).rejects.toMatchObject({ code: "disposed" });
  });
});
