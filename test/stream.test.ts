import { describe, expect, test } from "vitest";
import { LmuError } from "../bindings/index.js";
import { loadMadeUp, makeUp } from "./support/models.js";
import { Random } from "./support/random.js";
import { made, open } from "./support/stream.js";

/** Changes nothing when it throws: the next outputs are those of a stream that never saw the call. */
async function expectUntouched(call: (stream: Awaited<ReturnType<typeof open>>) => unknown) {
  const [touched, control] = [await open(), await open()];
  const random = new Random(1);
  const first = random.floats(2);
  expect(touched.step(first)).toEqual(control.step(first));
  expect(() => call(touched)).toThrow();
  expect(touched.position).toBe(1);
  const next = random.floats(20);
  expect(touched.push(next)).toEqual(control.push(next));
}

describe("Stream.step()", () => {
  test("returns the stream's own array, or fills the given one", async () => {
    const [stream, control] = [await open(), await open()];
    const expected = control.push([0.5, -0.5, 0.1, 0.2, 0.3, 0.4]);
    const first: Float32Array<ArrayBuffer> = stream.step([0.5, -0.5]);
    expect(first).toEqual(expected.subarray(0, 6));
    expect(stream.step([0.1, 0.2])).toBe(first);
    expect(first).toEqual(expected.subarray(6, 12));
    const output = new Float32Array(6);
    expect(stream.step([0.3, 0.4], output)).toBe(output);
    expect(output).toEqual(expected.subarray(12));
  });

  test("goes on when the array it returned is changed or transferred", async () => {
    const layers = [{ name: "c", type: "convolution", stride: 3 }] as const;
    const model = await loadMadeUp(makeUp({ width: 1 }, layers, { "c.weight": [1, 1, 1] }));
    const [stream, expected] = [model.stream(), model.run([1, 2, 3, 4])];
    const first = stream.step(1);
    expect(first).toEqual(expected.subarray(0, 1));
    first[0] = 99;
    expect(stream.step(2)).toEqual(expected.subarray(0, 1));
    structuredClone(first, { transfer: [first.buffer] });
    expect(stream.step(3)).toEqual(expected.subarray(0, 1));
    expect(stream.step(4)).toEqual(expected.subarray(1));
  });

  test("takes the number itself when there is one input", async () => {
    const one = makeUp({ width: 1 }, [{ name: "l", type: "lmu", order: 4, theta: 9 }], {});
    const [a, b] = [(await loadMadeUp(one)).stream(), (await loadMadeUp(one)).stream()];
    for (const value of [1, -0.25, 0.125]) expect(a.step(value)).toEqual(b.step([value]));
  });

  test.each([
    ["too short", [0.5], RangeError, "input has 1 values, expected 2"],
    ["too long", [1, 2, 3], RangeError, "input has 3 values, expected 2"],
    ["a number for two inputs", 1, RangeError, "input has 1 values, expected 2"],
    ["a text", "ab", TypeError, "input is string, expected an array of numbers"],
    ["nothing", undefined, TypeError, "input is undefined"],
    ["texts", ["a", "b"], TypeError, "input[0] is string, expected a number"],
    ["digits", ["1", "2"], TypeError, "input[0] is string, expected a number"],
    ["null, as JSON writes NaN", [1, null], TypeError, "input[1] is null, expected a number"],
    ["true", [1, true], TypeError, "input[1] is boolean, expected a number"],
    ["bigints", [1n, 2n], TypeError, "input[0] is bigint, expected a number"],
    ["bytes", new Uint8Array(2), TypeError, "input is Uint8Array, expected an array of numbers"],
    ["a Buffer", Buffer.from([1, 2]), TypeError, "input is Buffer, expected an array of numbers"],
    ["other integers", new BigInt64Array(2), TypeError, "Float32Array.from(input)"],
    ["NaN", [1, NaN], LmuError, "input[1] is NaN, expected a finite 32-bit float"],
    ["infinity", [-Infinity, 0], LmuError, "input[0] is -Infinity"],
    ["beyond f32", [1e39, 0], LmuError, "input[0] is 1e+39"],
  ])("refuses %s and changes nothing", async (_, sample, kind, message) => {
    await expectUntouched((stream) => {
      try {
        return stream.step(sample as never);
      } catch (error) {
        expect(error).toBeInstanceOf(kind);
        expect((error as Error).message).toContain(message);
        throw error;
      }
    });
  });

  test("refuses an output of the wrong kind or length and changes nothing", async () => {
    await expectUntouched((stream) => stream.step([1, 2], new Float32Array(5)));
    await expectUntouched((stream) => stream.step([1, 2], [] as never));
  });
});

describe("Stream.push()", () => {
  test("refuses half a sample, a bad value anywhere, a wrong output, and changes nothing", async () => {
    await expectUntouched((stream) => stream.push([1, 2, 3]));
    const late = new Random(2).floats(400);
    late[399] = NaN;
    await expectUntouched((stream) => stream.push(late));
    await expectUntouched((stream) => stream.push([1, 2], new Float32Array(7)));
  });

  test("of nothing is nothing", async () => {
    const stream = await open();
    expect(stream.push([])).toEqual(new Float32Array(0));
    expect(stream.position).toBe(0);
  });

  test("of nothing is nothing, also where padding in front suffices for rows", async () => {
    const model = await loadMadeUp(
      makeUp({ width: 1 }, [{ name: "c", type: "convolution", padding: [5, 0] }], {
        "c.weight": [1, 1, 1],
      }),
    );
    const stream = model.stream();
    expect(stream.push([])).toHaveLength(0);
    const pushed = [...stream.push([1]), ...stream.push([]), ...stream.push([2, 3])];
    expect(pushed).toEqual([...model.run([1, 2, 3])]);
    model.dispose();
  });

  test("of a model that returns its last output gives that output", async () => {
    const layers = [
      { name: "r", type: "rnn" },
      { name: "l", type: "last" },
    ] as const;
    const shapes = { "r.input": [3, 1], "r.recurrent": [3, 3] };
    const model = await loadMadeUp(makeUp({ width: 1 }, layers, shapes));
    const input = new Random(4).floats(100);
    const stream = model.stream();
    const output = stream.push(input);
    expect(output).toEqual(model.run(input));
    expect(stream.push([])).toEqual(output);
  });
});

describe("a life of a stream", () => {
  test("reset returns to the beginning", async () => {
    const stream = await open();
    const input = new Random(5).floats(30);
    const once = stream.push(input);
    expect(stream.position).toBe(15);
    stream.reset();
    expect(stream.position).toBe(0);
    expect(stream.push(input)).toEqual(once);
  });

  test("streams of one model do not see each other, nor run()", async () => {
    const model = await loadMadeUp(made);
    const input = new Random(6).floats(40);
    const alone = model.run(input);
    const streams = Array.from({ length: 40 }, () => model.stream());
    const outputs: number[] = [];
    for (let t = 0; t < 20; t++) {
      for (const [i, stream] of streams.entries()) {
        const sample = i === 7 ? input.subarray(2 * t, 2 * t + 2) : [i / 40, -t / 20];
        const output = stream.step(sample);
        if (i === 7) outputs.push(...output);
      }
      if (t % 5 === 0) expect(model.run(input)).toEqual(alone);
    }
    expect(Float32Array.from(outputs)).toEqual(alone);
  });

  test("a closed stream's place is used again, cleared", async () => {
    const model = await loadMadeUp(made);
    const fresh = model.stream().step([1, 1]).slice();
    const used = model.stream();
    used.push(new Random(7).floats(50));
    used.dispose();
    used.dispose();
    expect(model.stream().step([1, 1])).toEqual(fresh);
    expect(() => used.step([1, 1])).toThrow(expect.objectContaining({ code: "disposed" }));
  });

  test("before the first output there is NaN, and look-ahead answers late", async () => {
    const layers = [{ name: "c", type: "convolution", padding: [0, 2] }] as const;
    const model = await loadMadeUp(makeUp({ width: 1 }, layers, { "c.weight": [1, 3, 1] }));
    expect(model.lookAhead).toBe(2);
    const stream = model.stream();
    const [a, b, c] = [1, 2, 3].map((value) => stream.step(value)[0]);
    expect([a, b]).toEqual([NaN, NaN]);
    const whole = model.run([1, 2, 3]);
    expect(c).toBe(whole[0]);
    expect(stream.end()).toEqual(whole.subarray(1));
    expect(() => stream.step(1)).toThrow("has ended; reset it first");
    stream.reset();
    expect(stream.push([1, 2, 3])).toEqual(whole.subarray(0, 1));
  });

  test("use after the model's dispose throws, twice is fine", async () => {
    const model = await loadMadeUp(made);
    const stream = model.stream();
    model.dispose();
    model.dispose();
    for (const use of [
      () => stream.step([1, 1]),
      () => model.run([1, 1]),
      () => model.stream(),
      () => model.report(),
    ]) {
      expect(use).toThrow(expect.objectContaining({ name: "LmuError", code: "disposed" }));
    }
    stream.dispose();
  });

  test("`using` disposes", async () => {
    const model = await loadMadeUp(made);
    model[Symbol.dispose]();
    expect(() => model.run([1, 1])).toThrow("disposed");
  });
});
