import { describe, expect, test } from "vitest";
import { LmuError } from "../bindings/errors.js";
import { Readout, type ReadoutOptions } from "../bindings/readout/readout.js";
import { hashOf } from "../bindings/model/hash.js";
import { Random } from "./support/random.js";

type Kind = new (...words: never[]) => Error;

const random = new Random(9);
const [X, Y] = [random.floats(60), random.floats(40)];

/** A readout that has learned something. */
function learned(): Readout {
  const readout = new Readout({ features: 3, targets: 2, forgetting: 0.99 });
  readout.fit(X, Y);
  return readout;
}

test.each<[string, unknown, Kind, string]>([
  ["nothing", undefined, TypeError, "options is undefined"],
  ["no features", {}, RangeError, "features is undefined, expected an integer from 1 to 4095"],
  ["half a feature", { features: 1.5 }, RangeError, "features is 1.5"],
  ["too many", { features: 4096 }, RangeError, "features is 4096"],
  ["no targets", { features: 1, targets: 0 }, RangeError, "targets is 0"],
  ["too large", { features: 4095, targets: 1 }, RangeError, "targets is 1, expected"],
  ["a negative ridge", { features: 1, ridge: -1 }, RangeError, "ridge is -1, expected one from 0"],
  ["an infinite one", { features: 1, ridge: Infinity }, RangeError, "ridge is Infinity"],
  ["a text", { features: 1, ridge: "1" }, RangeError, "ridge is 1"],
  [
    "forgetting all",
    { features: 1, forgetting: 0 },
    RangeError,
    "forgetting is 0, expected one above 0",
  ],
  ["forgetting backwards", { features: 1, forgetting: 1.01 }, RangeError, "forgetting is 1.01"],
  ["no number", { features: 1, forgetting: NaN }, RangeError, "forgetting is NaN"],
  ["a word for a flag", { features: 1, intercept: "no" }, TypeError, "intercept is string"],
  [
    "another option",
    { features: 1, lambda: 1 },
    TypeError,
    'options has "lambda", expected features',
  ],
])("refuses options: %s", (_, options, kind, message) => {
  const make = () => new Readout(options as ReadoutOptions);
  expect(make).toThrow(kind);
  expect(make).toThrow(message);
});

test.each<[string, (readout: Readout) => unknown, Kind, string]>([
  ["too few features", (r) => r.predict([1, 2]), RangeError, "features has 2 values, expected 3"],
  ["no features", (r) => r.predict(undefined as never), TypeError, "features is undefined"],
  ["bytes", (r) => r.predict(new Uint8Array(3) as never), TypeError, "features is Uint8Array"],
  ["texts", (r) => r.predict(["1", 2, 3] as never), TypeError, "features[0] is string"],
  ["null", (r) => r.update([1, 2, null] as never, Y), TypeError, "features[2] is null"],
  ["NaN", (r) => r.predict([1, NaN, 3]), LmuError, "features[1] is NaN, expected a finite"],
  ["what no f32 holds", (r) => r.update([1e39, 0, 0], [1, 2]), LmuError, "features[0] is 1e+39"],
  [
    "an infinite target",
    (r) => r.update([1, 2, 3], [1, -Infinity]),
    LmuError,
    "targets[1] is -Inf",
  ],
  [
    "one target of two",
    (r) => r.update([1, 2, 3], 1),
    RangeError,
    "target has 1 values, expected 2",
  ],
  ["three targets", (r) => r.update([1, 2, 3], [1, 2, 3]), RangeError, "target has 3 values"],
  ["no target", (r) => r.update([1, 2, 3], undefined as never), TypeError, "target is undefined"],
  [
    "errors elsewhere",
    (r) => r.update([1, 2, 3], [1, 2], [] as never),
    TypeError,
    "errors is Array",
  ],
  ["a short output", (r) => r.predict([1, 2, 3], new Float32Array(1)), RangeError, "output has 1"],
  [
    "an output of ints",
    (r) => r.predict([1, 2, 3], new Int32Array(2) as never),
    TypeError,
    "Int32",
  ],
  ["half a sample", (r) => r.fit(X.subarray(1), Y), RangeError, "features has 59 values"],
  ["no samples", (r) => r.fit([], []), RangeError, "features has 0 values, expected samples × 3"],
  [
    "other targets",
    (r) => r.fit(X, Y.subarray(1)),
    RangeError,
    "targets has 39 values, expected 40",
  ],
  [
    "NaN at the end",
    (r) => r.fit(X, [...Y.subarray(1), NaN]),
    LmuError,
    "Cannot fit the readout: targets[39] is NaN",
  ],
])("refuses %s and changes nothing", (_, call, kind, message) => {
  const readout = learned();
  const before = readout.save();
  expect(() => call(readout)).toThrow(kind);
  expect(() => call(readout)).toThrow(message);
  expect(readout.save()).toEqual(before);
});

test("getters of an array do what they want, before anything is written", () => {
  const [readout, control] = [learned(), learned()];
  const sample = [1, 2, 3];
  Object.defineProperty(sample, 2, {
    get: () => {
      readout.update([5, 5, 5], [5, 5]);
      return 3;
    },
  });
  readout.update(sample, [1, 2]);
  control.update([5, 5, 5], [5, 5]);
  control.update([1, 2, 3], [1, 2]);
  expect(readout.save()).toEqual(control.save());
});

describe("save() and restore()", () => {
  test("go on with the same bits, from a view too", () => {
    const readout = learned();
    const bytes = readout.save();
    expect(bytes).toHaveLength(48 + 8 * ((4 * (3 + 2 + 2 * 2)) / 2));
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    const restored = Readout.restore(shifted.subarray(3));
    expect(restored.samples).toBe(20);
    for (const one of [readout, restored]) one.update([1, 2, 3], [4, 5]);
    expect(restored.save()).toEqual(readout.save());
    expect(restored.weights).toEqual(readout.weights);
    expect(Readout.restore(bytes.buffer).save()).toEqual(bytes);
  });

  test("a saved readout loads for ever", () => {
    const readout = Readout.restore(Buffer.from(GOLDEN, "base64"));
    const { features, targets, intercept, ridge, forgetting, samples } = readout;
    expect({ features, targets, intercept, ridge, forgetting, samples }).toEqual({
      ...{ features: 2, targets: 1, intercept: true, ridge: 0.5, forgetting: 0.875, samples: 3 },
    });
    const again = new Readout({ features: 2, ridge: 0.5, forgetting: 0.875 });
    for (const [x, y] of SAMPLES) again.update(x, y);
    expect(Buffer.from(again.save()).toString("base64")).toBe(GOLDEN);
  });

  test("refuse every flipped bit, every cut, and what is none", () => {
    const bytes = learned().save();
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice();
      changed[at]! ^= 1 << (at % 8);
      expect(() => Readout.restore(changed)).toThrow(LmuError);
      expect(() => Readout.restore(bytes.subarray(0, at))).toThrow(
        expect.objectContaining({ code: "snapshot-invalid" }),
      );
    }
    expect(() => Readout.restore("text" as never)).toThrow(TypeError);
    expect(() => Readout.restore(new Uint8Array(48))).toThrow(/are none of a readout/);
  });

  test.each<[string, (words: Uint32Array, doubles: Float64Array) => void, string, string]>([
    ["a newer version", (w) => (w[1] = 2), "snapshot-newer", "have version 2, expected at most 1"],
    ["no version", (w) => (w[1] = 0), "snapshot-invalid", "wrong header"],
    ["flags of others", (w) => (w[1]! |= 512), "snapshot-invalid", "wrong header"],
    ["other sizes", (w) => (w[2] = 4), "snapshot-invalid", "another length"],
    ["enormous sizes", (w) => (w[3] = 2 ** 31), "snapshot-invalid", "wrong header"],
    ["half a sample", (_, d) => (d[2] = 0.5), "snapshot-invalid", "wrong header"],
    ["a wrong ridge", (_, d) => (d[3] = -1), "snapshot-invalid", "wrong header"],
    ["a wrong forgetting", (_, d) => (d[4] = 2), "snapshot-invalid", "wrong header"],
    ["numbers without end", (_, d) => (d[6] = Infinity), "snapshot-invalid", "not finite"],
    ["a negative diagonal", (_, d) => (d[5] = -1), "snapshot-invalid", "negative diagonal"],
  ])("refuse %s under a right checksum", (_, forge, code, message) => {
    const bytes = learned().save();
    const words = new Uint32Array(bytes.buffer);
    forge(words, new Float64Array(bytes.buffer));
    words.set(hashOf(words.subarray(0, -2)), words.length - 2);
    expect(() => Readout.restore(bytes)).toThrow(expect.objectContaining({ code }));
    expect(() => Readout.restore(bytes)).toThrow(message);
  });
});

const SAMPLES = [
  [[1, 2], 3],
  [[-1, 0.5], 0.25],
  [[0, 4], -2],
] as const;
/** Written by the first version that saves. */
const GOLDEN =
  "TE1VcgEBAAACAAAAAQAAAAAAAAAAAAhAAAAAAAAA4D8AAAAAAADsPy1lp6cho/c/FH5DBAKx5z9FywKdAfSyv2BRc+rBgfY/O4IaToKDEUDoJ4ucBAP2P34e9Qn2tO+/pnRrUOGS6z9RFQjy32gCQFpGlCMnSqR2";
