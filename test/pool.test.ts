import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { LmuError } from "../bindings/index.js";
import { Pool } from "../bindings/model/pool.js";
import { type LmuChoice, lmuModel, loadMadeUp, makeUp } from "./support/models.js";
import { expectPooled } from "./support/pool.js";
import { Random } from "./support/random.js";

/** A model of two inputs and six outputs. */
const choice: LmuChoice = {
  ...{ inputs: 2, channels: 1, order: 8, theta: 20, hidden: "rnn", units: 6 },
  ...{ isFedBack: true, remembers: true, seesInput: true, hasBias: true, isLearned: false },
};
const model = await loadMadeUp(lmuModel(choice, 1));
const signal = new Random(1).floats(4000);
const sample = signal.subarray(0, 2);

describe("a pool", () => {
  test("gives streams the outputs they have alone", () => {
    for (let seed = 1; seed <= 20; seed++) expectPooled(model, signal, seed);
  });

  test.each([
    ["strides", { stride: 3 }],
    ["look-ahead", { padding: [1, 2] }],
    ["padding in front", { padding: [4, 0], stride: 2 }],
  ])("of a model with %s, too", async (_, options) => {
    const layers = [
      { name: "a", type: "convolution", ...options },
      { name: "b", type: "pool", mode: "mean", size: 2 },
      { name: "c", type: "lmu", order: 4, theta: 9 },
    ] as const;
    const shapes = { "a.weight": [3, 3, 2], "c.encoder.input": [1, 3] };
    const other = await loadMadeUp(makeUp({ width: 2 }, layers as never, shapes));
    for (let seed = 1; seed <= 20; seed++) expectPooled(other, signal, seed);
  });

  test("takes all samples that wait, however many, in their order", () => {
    const pool = model.pool(3);
    const [a, b] = [pool.open(), pool.open()];
    for (let t = 0; t < 2000; t++) {
      pool.push(a, signal.subarray(2 * t, 2 * t + 2));
      if (t < 400) pool.push(b, signal.subarray(2 * t, 2 * t + 2));
    }
    expect(pool.position(a)).toBe(0);
    pool.tick();
    expect([pool.position(a), pool.position(b)]).toEqual([2000, 400]);
    const outputs = model.run(signal);
    expect(pool.output(a, new Float32Array(6))).toEqual(outputs.slice(-6));
    expect(pool.output(b)).toEqual(outputs.slice(399 * 6, 400 * 6));
    const bytes = model.report().memoryBytes;
    for (let t = 0; t < 4000; t += 2) pool.push(b, signal.subarray(t, t + 2));
    pool.tick();
    expect(model.report().memoryBytes).toBe(bytes);
    pool.dispose();
  });

  test("of tokens takes ids", async () => {
    const layers = [{ name: "e", type: "embedding" }] as const;
    const tokens = await loadMadeUp(makeUp({ vocabulary: 9 }, layers, { "e.weight": [9, 4] }));
    const pool = tokens.pool(2);
    const [a, b] = [pool.open(), pool.open()];
    pool.push(a, 8);
    pool.push(b, [3]);
    expect(() => pool.push(b, 9)).toThrow("input[0] is 9, expected a token id from 0 to 8");
    pool.tick();
    expect(pool.output(a, new Float32Array(4))).toEqual(tokens.run([8]));
    expect(pool.output(b)).toEqual(tokens.run([3]));
  });

  test("returns an array of its own, or fills the given one", () => {
    const pool = model.pool(1);
    const id = pool.open();
    const first = pool.output(id);
    expect(first).toEqual(new Float32Array(6).fill(NaN));
    expect(pool.output(id)).toBe(first);
    structuredClone(first, { transfer: [first.buffer] });
    expect(pool.output(id)).toHaveLength(6);
    const output = new Float32Array(6);
    expect(pool.output(id, output)).toBe(output);
    expect(() => pool.output(id, new Float32Array(5))).toThrow(RangeError);
  });

  test("gives its memory back to the next one", () => {
    model.pool(100).dispose();
    const bytes = model.report().memoryBytes;
    const pools = [];
    for (let i = 0; i < 100; i++) {
      pools.push(model.pool(1 + (i % 50)));
      if (pools.length > 2) pools.shift()!.dispose();
      pools.at(-1)!.dispose();
      pools.at(-1)!.dispose();
    }
    for (let i = 0; i < 20; i++) model.pool(100).dispose();
    expect(model.report().memoryBytes).toBe(bytes);
  });

  test("prints as what it holds", () => {
    const pool = model.pool(7);
    pool.open();
    expect([pool.size, pool.capacity]).toEqual([1, 7]);
    expect(inspect(pool)).toBe('Pool {"size":1,"capacity":7}');
  });
});

/** One stream that has taken a sample and waits to take another. */
function opened() {
  const pool = model.pool(2);
  const id = pool.open();
  pool.push(id, sample);
  pool.tick();
  pool.push(id, sample);
  return { pool, id };
}

describe("what a pool refuses changes nothing", () => {
  const { pool, id } = opened();
  const full = model.pool(1);
  const other = full.open();
  const closed = pool.open();
  pool.close(closed);
  const reopened = pool.open();
  const before = pool.save(id);

  const calls: [string, (id: number) => unknown][] = [
    ["push", (wrong) => pool.push(wrong, sample)],
    ["output", (wrong) => pool.output(wrong)],
    ["position", (wrong) => pool.position(wrong)],
    ["save", (wrong) => pool.save(wrong)],
    ["fork", (wrong) => pool.fork(wrong)],
    ["reset", (wrong) => pool.reset(wrong)],
    ["close", (wrong) => pool.close(wrong)],
  ];
  const wrongs = [closed, other, 0, -0, 1, -1, NaN, Infinity, 0.5, id + 0.5, id + 2 ** 40, -id];
  const kinds: unknown[] = [
    undefined,
    null,
    "1",
    String(id),
    [id],
    {},
    true,
    { valueOf: () => id },
  ];
  test.each(calls)("%s of a stream it has not", (_, call) => {
    for (const wrong of [...wrongs, ...kinds]) {
      expect(() => call(wrong as number)).toThrow(LmuError);
      expect(() => call(wrong as number)).toThrow(
        /^Cannot .* the pool: id is .*, expected that of/,
      );
    }
    for (const wrong of [5n, Symbol("5")]) expect(() => call(wrong as never)).toThrow(TypeError);
  });

  test.each([
    ["a sample too short", [1], RangeError, "input has 1 values, expected 2"],
    ["a sample too long", [1, 2, 3], RangeError, "input has 3 values, expected 2"],
    ["a number for two inputs", 1, RangeError, "input has 1 values, expected 2"],
    ["a text", "ab", TypeError, "input is string, expected an array of numbers"],
    ["NaN", [1, NaN], LmuError, "input[1] is NaN, expected a finite 32-bit float"],
    ["NaN in memory", Float32Array.of(NaN, 1), LmuError, "input[0] is NaN"],
    ["more than a float holds", [1e39, 0], LmuError, "input[0] is 1e+39"],
  ])("%s", (_, wrong, kind, message) => {
    expect(() => pool.push(id, wrong as never)).toThrow(kind);
    expect(() => pool.push(id, wrong as never)).toThrow(`Cannot push into the pool: ${message}`);
  });

  test("one stream too many", () => {
    const calls = [() => full.open(), () => full.fork(other), () => full.restore(before)];
    for (const call of calls) expect(call).toThrow(/has 1 streams open, expected fewer/);
    expect(() => full.open()).toThrow(expect.objectContaining({ code: "pool-full" }));
    expect(full.size).toBe(1);
  });

  test("snapshots that are none, and samples after the end", () => {
    const size = pool.size;
    expect(() => pool.restore(before.subarray(1))).toThrow(/^Cannot restore a stream of the pool/);
    const stream = model.stream();
    stream.end();
    pool.close(reopened);
    const ended = pool.restore(stream.save());
    expect(() => pool.push(ended, sample)).toThrow("has ended; reset it first");
    pool.reset(ended);
    pool.push(ended, sample);
    expect(pool.size).toBe(size);
  });

  test.each([0, -1, 1.5, NaN, 2 ** 20 + 1, "3", undefined])("a capacity of %s", (capacity) => {
    expect(() => model.pool(capacity as number)).toThrow(RangeError);
  });

  test("and the stream goes on as if nothing had been", () => {
    expect(pool.save(id)).toEqual(before);
    pool.tick();
    expect(pool.output(id)).toEqual(model.run([...sample, ...sample]).slice(6));
  });
});

test("an array that does something while it is read does it first", () => {
  const { pool, id } = opened();
  const tricky = (act: () => void) => {
    const values = [0, 0];
    Object.defineProperty(values, 0, { get: () => (act(), 0.5) });
    return values;
  };
  pool.push(
    id,
    tricky(() =>
      pool.push(
        id,
        tricky(() => pool.tick()),
      ),
    ),
  );
  pool.tick();
  expect(pool.position(id)).toBe(4);
  expect(() =>
    pool.push(
      id,
      tricky(() => pool.close(id)),
    ),
  ).toThrow("id is");
  const again = pool.open();
  expect(() =>
    pool.push(
      again,
      tricky(() => pool.dispose()),
    ),
  ).toThrow("the pool is disposed");
});

test("no id is given twice, in whatever pool", () => {
  const pools = [model.pool(1), model.pool(2), model.pool(5), model.pool(1000)];
  const seen = new Set<number>();
  for (let i = 0; i < 4000; i++) {
    const pool = pools[i % 4]!;
    const id = pool.open();
    seen.add(id);
    if (pool.size === pool.capacity || i % 3) pool.close(id);
  }
  expect(seen.size).toBe(4000);
});

test("after disposal everything throws", async () => {
  const { pool, id } = opened();
  const bytes = pool.save(id);
  const calls: Record<string, (pool: Pool, id: number) => unknown> = {
    open: (p) => p.open(),
    push: (p, i) => p.push(i, sample),
    tick: (p) => p.tick(),
    output: (p, i) => p.output(i),
    position: (p, i) => p.position(i),
    save: (p, i) => p.save(i),
    restore: (p) => p.restore(bytes),
    fork: (p, i) => p.fork(i),
    reset: (p, i) => p.reset(i),
    close: (p, i) => p.close(i),
  };
  const methods = Object.getOwnPropertyNames(Pool.prototype);
  const harmless = ["constructor", "size", "dispose", "toString"];
  expect(Object.keys(calls)).toEqual(methods.filter((name) => !harmless.includes(name)));
  pool.dispose();
  pool.dispose();
  const other = await loadMadeUp(lmuModel(choice, 1));
  const orphan = other.pool(2);
  const child = orphan.open();
  other.dispose();
  for (const call of Object.values(calls)) {
    const disposed = { name: "LmuError", code: "disposed" };
    for (const i of [id, -1]) {
      expect(() => call(pool, i)).toThrow(expect.objectContaining(disposed));
    }
    expect(() => call(orphan, child)).toThrow(expect.objectContaining(disposed));
  }
  expect(() => orphan.tick()).toThrow("Cannot tick the pool: the model is disposed");
  expect(() => other.pool(2)).toThrow("the model is disposed");
  expect(pool.size).toBe(0);
  orphan.dispose();
});

test("a model that needs the whole sequence has no pool", async () => {
  const layers = [{ name: "r", type: "reverse" }] as const;
  const whole = await loadMadeUp(makeUp({ width: 1 }, layers, {}));
  expect(() => whole.pool(1)).toThrow(expect.objectContaining({ code: "not-streamable" }));
});

test("a pool that memory cannot hold leaves the model as it is", async () => {
  const layers = [{ name: "p", type: "pool", mode: "max", size: 1000 }] as const;
  const large = await loadMadeUp(makeUp({ width: 8 }, layers, {}));
  const { memoryBytes } = large.report();
  expect(() => large.pool(2 ** 20)).toThrow(expect.objectContaining({ code: "model-too-large" }));
  expect(large.report().memoryBytes).toBe(memoryBytes);
  large.pool(2).dispose();
});
