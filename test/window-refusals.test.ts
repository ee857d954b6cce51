import { describe, expect, test } from "vitest";
import { LmuError } from "../bindings/errors.js";
import { allocatedBy } from "./support/allocation.js";
import { loadMadeUp, makeUp } from "./support/models.js";

/*
 * Looking back with arguments that are wrong, and without making anything.
 */

type Kind = new (...words: never[]) => Error;

describe("refuses, and says what there is", () => {
  const layers = [
    { name: "first", type: "lmu", order: 4, theta: 10 },
    { name: "second", type: "lmu", order: 4 },
    { name: "frozen", type: "lmu", order: 4, theta: "Infinity" as never },
    { name: "r", type: "rnn" },
  ] as const;
  const made = makeUp({ width: 1 }, layers, {
    ...{ "second.encoder.input": [1, 4], "second.D": [4, 4], "second.B": [4] },
    ...{ "frozen.encoder.input": [2, 4], "r.input": [3, 8], "r.recurrent": [3, 3] },
  });
  const opened = async () => (await loadMadeUp(made)).stream();
  type Opened = Awaited<ReturnType<typeof opened>>;

  test.each<[string, (stream: Opened) => unknown, Kind, string]>([
    ["an unknown layer", (s) => s.window("x"), RangeError, 'layer "x" has no memory state'],
    ["a place beyond", (s) => s.mean(4), RangeError, "layer 4 has no memory state"],
    ["no layer", (s) => s.memory(undefined as never), RangeError, "expected first,second,frozen"],
    ["a layer of another kind", (s) => s.slope("r"), RangeError, 'layer "r" has no memory'],
    ["no hidden state", (s) => s.hidden("first"), RangeError, "has no hidden state, expected r"],
    ["a delay before now", (s) => s.window(0, { from: -1 }), RangeError, "from is -1, expected"],
    ["one past theta", (s) => s.mean(0, { to: 10.1 }), RangeError, "to is 10.1, expected a number"],
    ["a delay that is none", (s) => s.energy(0, { to: NaN }), RangeError, "to is NaN, expected"],
    ["a text", (s) => s.window(0, { to: "1" as never }), RangeError, "to is 1, expected a number"],
    ["no samples", (s) => s.window(0, { samples: 0 }), RangeError, "samples is 0, expected"],
    ["half a sample", (s) => s.window(0, { samples: 1.5 }), RangeError, "samples is 1.5"],
    ["a channel too many", (s) => s.window(0, { channel: 1 }), RangeError, "channel is 1"],
    ["one of the memory", (s) => s.memory(0, { channel: -1 }), RangeError, "channel is -1"],
    ["options of others", (s) => s.mean(0, { samples: 3 } as never), TypeError, '"samples"'],
    ["no options", (s) => s.window(0, null as never), TypeError, "options is null"],
    ["null for options", (s) => s.memory(0, null as never), TypeError, "options is null"],
    [
      "an output too short",
      (s) => s.window(0, { samples: 3, output: new Float32Array(2) }),
      RangeError,
      "output has 2 values, expected 3",
    ],
    [
      "an output of doubles",
      (s) => s.memory(0, { output: new Float64Array(4) as never }),
      TypeError,
      "output is Float64Array, expected a Float32Array",
    ],
    ["another output", (s) => s.hidden("r", new Float32Array(2)), RangeError, "expected 3"],
    ["matrices of no theta", (s) => s.window(1), LmuError, "second has theta NaN"],
    ["a window without end", (s) => s.mean("frozen"), LmuError, "frozen has theta Infinity"],
  ])("%s", async (_, call, kind, message) => {
    const [stream, control] = [await opened(), await opened()];
    stream.push([1, 2]);
    expect(() => call(stream)).toThrow(kind);
    expect(() => call(stream)).toThrow(message);
    control.push([1, 2]);
    expect(stream.push([3, 4])).toEqual(control.push([3, 4]));
  });

  test("a disposed stream, and a disposed model; not one that has ended", async () => {
    const stream = await opened();
    stream.push([1, 2, 3]);
    const before = stream.window(0);
    expect(stream.memory("second")).toHaveLength(4);
    stream.end();
    expect(stream.window(0)).toEqual(before);
    stream.dispose();
    const disposed = expect.objectContaining({ code: "disposed" });
    expect(() => stream.window(0)).toThrow(disposed);
    const model = await loadMadeUp(made);
    const other = model.stream();
    model.dispose();
    expect(() => other.mean(0)).toThrow(disposed);
    expect(() => other.hidden("r")).toThrow(disposed);
  });

  test("with arrays of its own, nothing is made anew", async () => {
    const stream = await opened();
    stream.push([1, 2]);
    const [output, memory, hidden] = [10, 4, 3].map((length) => new Float32Array(length));
    const look = () => {
      stream.window("first", { output });
      stream.memory("first", { output: memory });
      stream.hidden("r", hidden);
      stream.energy("first", { from: 2, to: 5 });
    };
    look();
    expect(await allocatedBy(async () => look())).toBe(0);
    expect(await allocatedBy(async () => stream.memory("first"))).toBe(16);
  });
});
