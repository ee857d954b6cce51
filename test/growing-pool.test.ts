import { expect, test } from "vitest";
import { load } from "../bindings/index.js";
import { goldenFile } from "./support/golden.js";
import { Random } from "./support/random.js";

const gpt2 = () =>
  load({
    "config.json": goldenFile("language/gpt2/config.json"),
    "model.safetensors": goldenFile("language/gpt2/model.safetensors"),
  });

test("a pool of states that grow: the bits of streams, however samples come and pasts move", async () => {
  const model = await load(goldenFile("language/lmu-lm-global.safetensors"));
  const random = new Random(1);
  const pool = model.pool(5);
  /** Streams beside it, which see the same. */
  const streams = new Map<number, ReturnType<typeof model.stream>>();
  const newest = new Map<number, Float32Array>();
  const check = () => {
    pool.tick();
    for (const [id, stream] of streams) {
      if (!stream.position) continue;
      expect(pool.position(id)).toBe(stream.position);
      const wanted = newest.get(id);
      if (wanted) expect(pool.output(id).join()).toBe(wanted.join());
    }
  };
  for (let round = 0; round < 120; round++) {
    const ids = [...streams.keys()];
    const id = ids[random.integer(ids.length)];
    const move = random.integer(7);
    if (id === undefined || (move === 0 && pool.size < 5)) streams.set(pool.open(), model.stream());
    else if (move === 1 && pool.size < 5) streams.set(pool.fork(id), streams.get(id)!.fork());
    else if (move === 2 && pool.size < 5) {
      streams.set(pool.restore(pool.save(id)), streams.get(id)!.fork());
    } else if (move === 3 && round % 3 === 0) {
      pool.close(id);
      streams.delete(id);
    } else if (move === 4 && round % 5 === 0) {
      pool.reset(id);
      streams.get(id)!.reset();
      newest.delete(id);
    }
    for (const [one, stream] of streams) {
      for (let left = random.integer(random.next() < 0.1 ? 80 : 4); left > 0; left--) {
        const token = random.integer(61);
        pool.push(one, token);
        newest.set(one, stream.step(token).slice());
      }
    }
    check();
    for (const [one, stream] of streams) {
      if (round % 8 === 0) expect(Buffer.compare(pool.save(one), stream.save())).toBe(0);
    }
  }
  const { memoryBytes } = model.report();
  pool.dispose();
  const other = model.pool(5);
  for (let i = 0; i < 5; i++) other.push(other.open(), 1);
  other.tick();
  expect(model.report().memoryBytes).toBe(memoryBytes);
});

test("no more samples wait than the model has positions for", async () => {
  const model = await gpt2();
  const pool = model.pool(2);
  const [a, b] = [pool.open(), pool.open()];
  for (let i = 0; i < 64; i++) pool.push(a, i);
  expect(() => pool.push(a, 0)).toThrow(/has 65 steps, expected at most the 64 positions/);
  pool.push(b, 7);
  pool.tick();
  expect([pool.position(a), pool.position(b)]).toEqual([64, 1]);
  expect(() => pool.push(a, 0)).toThrow(expect.objectContaining({ code: "input-invalid" }));
  pool.reset(a);
  pool.push(a, 7);
  pool.tick();
  expect(pool.output(a).slice()).toEqual(pool.output(b).slice());
});
