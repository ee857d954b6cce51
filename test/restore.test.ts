import { describe, expect, test } from "vitest";
import { load, Timeline } from "../bindings/index.js";
import { HALF, signal } from "./runtimes/scenario/scenario.mjs";
import { distance, goldenFile } from "./support/golden.js";
import { loadMadeUp, makeUp } from "./support/models.js";
import { Random } from "./support/random.js";
import { made, open } from "./support/stream.js";

const mackeyGlass = "models/mackey-glass.safetensors";

/** An LMU whose last row alone is returned. */
const single = makeUp(
  { width: 1 },
  [
    { name: "l", type: "lmu", order: 4, theta: 9 },
    { name: "e", type: "last" },
  ],
  {},
);

describe("golden snapshots", () => {
  test.each([
    [mackeyGlass, "f32", 0],
    // Of the largest output, as docs/snapshots.md has it.
    [mackeyGlass, "f16", 1e-3],
    [mackeyGlass, "int8", 4e-2],
    ["test/golden/keras/conv-front-end.keras", "f32", 0],
    ["test/golden/keras/hidden-lstm-all-connections.keras", "f32", 0],
  ] as const)("%s in %s loads, and goes on as run does", async (path, dtype, allowed) => {
    const model = await load(path);
    const [name] = path.split("/").at(-1)!.split(".");
    const stream = model.restore(goldenFile(`snapshots/${name}.${dtype}.snapshot`));
    expect(stream.position).toBe(HALF);
    const input = signal(model) as Float32Array;
    const whole = model.returnsSequence ? model.run(input) : model.stream().push(input);
    const rest = stream.push(input.subarray(HALF * model.inputSize));
    const expected = whole.subarray(whole.length - rest.length);
    const scale = Math.max(...expected.map(Math.abs));
    expect(distance(rest, expected)).toBeLessThanOrEqual(allowed * scale);
  });
});

describe("a stream that has been restored", () => {
  test("answers after a sample, not before, where only the last output counts", async () => {
    const model = await loadMadeUp(single);
    const stream = model.stream();
    const output = stream.push([1, 2, 3]);
    expect(stream.fork().push([])).toEqual(output);
    for (const restored of [model.restore(stream.save()), model.restore(stream.save()).fork()]) {
      const unknown = expect.objectContaining({ code: "input-invalid" });
      expect(() => restored.push([])).toThrow(unknown);
      expect(() => restored.end()).toThrow("its snapshot came without the newest output");
      expect(restored.position).toBe(3);
      expect(restored.step(4)).toEqual(stream.fork().step(4));
      expect(restored.push([])).toEqual(stream.fork().step(4));
      restored.reset();
      expect(restored.push([])[0]).toBeNaN();
      expect(restored.push([1, 2, 3])).toEqual(output);
      expect(restored.end()).toEqual(output);
    }
    expect(() => model.advance(stream.save(), [])).toThrow("expected a sample first");
    expect(model.restore(model.stream().save()).push([])[0]).toBeNaN();
  });

  test("repeats the newest output where steps may have none", async () => {
    const layers = [{ name: "c", type: "convolution", stride: 3 }] as const;
    const model = await loadMadeUp(makeUp({ width: 1 }, layers, { "c.weight": [1, 2, 1] }));
    const stream = model.stream();
    expect(model.restore(stream.save()).step(1)[0]).toBeNaN();
    const newest = stream.push([1, 2]).slice();
    expect(model.restore(stream.save({ dtype: "int8" })).step(3)).toEqual(newest);
    const forked = stream.fork();
    expect(forked.step(3)).toEqual(newest);
  });

  test("stays ended", async () => {
    const stream = await open();
    stream.push([1, 2]);
    stream.end();
    const restored = (await loadMadeUp(made)).restore(stream.save());
    expect(() => restored.step([1, 2])).toThrow("has ended; reset it first");
    restored.reset();
    const fresh = await open();
    expect(restored.step([1, 2])).toEqual(fresh.step([1, 2]));
  });

  test("is refused by models that cannot stream", async () => {
    const layers = [{ name: "r", type: "reverse" }] as const;
    const model = await loadMadeUp(makeUp({ width: 1 }, layers, {}));
    expect(() => model.restore(new Uint8Array(40))).toThrow(
      expect.objectContaining({ code: "not-streamable" }),
    );
  });
});

test("model.advance() is pure, and leaves no stream open", async () => {
  const model = await loadMadeUp(made);
  const { memoryBytes } = model.report();
  const input = new Random(2).floats(400);
  const first = model.advance(undefined, input.subarray(0, 100));
  const kept = first.snapshot.slice();
  for (let tries = 0; tries < 2000; tries++) model.advance(first.snapshot, input.subarray(100));
  expect(() => model.advance(first.snapshot, [NaN, 1])).toThrow("input[0] is NaN");
  expect(() => model.advance(first.snapshot, [1, 1], { dtype: "x" as never })).toThrow(TypeError);
  expect(first.snapshot).toEqual(kept);
  expect(model.report().memoryBytes).toBe(memoryBytes);
  const second = model.advance(first.snapshot, input.subarray(100), { dtype: "f16" });
  const whole = model.run(input);
  expect(first.output).toEqual(whole.subarray(0, first.output.length));
  expect(second.output).toEqual(whole.subarray(first.output.length));
});

describe("Timeline", () => {
  test("goes back to what is kept, however the stream is fed", async () => {
    const model = await loadMadeUp(made);
    const input = new Random(8).floats(600);
    const whole = model.run(input);
    const stream = model.stream();
    const timeline = new Timeline(stream, { every: 20, capacity: 5 });
    expect(timeline.positions).toEqual([0]);
    stream.push(input.subarray(0, 2 * 150));
    expect(timeline.positions).toEqual([60, 80, 100, 120, 140]);
    for (let t = 150; t < 165; t++) stream.step(input.subarray(2 * t, 2 * t + 2));
    expect(timeline.positions).toEqual([80, 100, 120, 140, 160]);
    for (const [asked, got] of [
      [80, 80],
      [119, 100],
      [165, 160],
    ] as const) {
      const past = timeline.at(asked);
      expect(past.position).toBe(got);
      expect(past.push(input.subarray(2 * got))).toEqual(whole.subarray(6 * got));
    }
    timeline.rewind(130);
    expect([stream.position, timeline.positions]).toEqual([120, [80, 100, 120]]);
    expect(stream.push(input.subarray(240))).toEqual(whole.subarray(720));
    expect(timeline.positions).toEqual([220, 240, 260, 280, 300]);
  });

  test("begins anew with reset and load, and keeps an end once", async () => {
    const stream = await open();
    const timeline = new Timeline(stream, { every: 2, capacity: 9 });
    stream.push(new Float32Array(10));
    const bytes = stream.save();
    stream.reset();
    expect(timeline.positions).toEqual([0]);
    stream.load(bytes);
    expect(timeline.positions).toEqual([5]);
    stream.push([1, 2]);
    stream.end();
    expect(timeline.positions).toEqual([5, 6]);
    expect(timeline.at(5).step([1, 2]).length).toBe(6);
  });

  test("refuses what it has not, and options that are none", async () => {
    const stream = await open();
    for (const options of [{ every: 0, capacity: 1 }, { every: 1, capacity: 0.5 }, { every: 1 }]) {
      expect(() => new Timeline(stream, options as never)).toThrow(RangeError);
    }
    expect(() => new Timeline(stream, { every: 1, capacity: 1, size: 1 } as never)).toThrow(
      TypeError,
    );
    const timeline = new Timeline(stream, { every: 1, capacity: 2 });
    stream.push(new Float32Array(12));
    for (const position of [4, 7, 5.5, NaN]) {
      expect(() => timeline.at(position)).toThrow("expected an integer from 5 to 6");
      expect(() => timeline.rewind(position)).toThrow(RangeError);
    }
    expect(stream.position).toBe(6);
    stream.dispose();
    expect(() => timeline.at(5)).toThrow(expect.objectContaining({ code: "disposed" }));
  });
});
