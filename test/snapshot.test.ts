import { describe, expect, test } from "vitest";
import { load } from "../bindings/index.js";
import type { SnapshotDType } from "../bindings/model/snapshot.js";
import { distance, goldenFile } from "./support/golden.js";
import { fileOf, loadMadeUp, makeUp } from "./support/models.js";
import { Random } from "./support/random.js";
import { codeOf } from "./support/refusals.js";
import { forged, numbersOf } from "./support/snapshot.js";
import { made } from "./support/stream.js";

const DTYPES: readonly SnapshotDType[] = ["f32", "f16", "int8"];
const LENGTHS = [10, 6, 6];

/** A stream that has seen something. */
async function lived(steps = 40) {
  const stream = (await loadMadeUp(made)).stream();
  stream.push(new Random(5).floats(2 * steps));
  return stream;
}

describe("a snapshot", () => {
  test.each([
    ["f32", 1904],
    ["f16", 976],
    ["int8", 620],
  ] as const)("of the psMNIST network takes in %s %i bytes", async (dtype, bytes) => {
    const model = await load(goldenFile("keras/psmnist-shape.keras"));
    const stream = model.stream();
    stream.push(new Random(1).floats(100));
    expect(stream.save({ dtype }).length).toBe(bytes);
  });

  test("goes on in another instance of the model, in whatever array it comes", async () => {
    const stream = await lived();
    const bytes = stream.save();
    const next = new Random(6).floats(80);
    const expected = stream.push(next);
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + 1)).subarray(1);
    shared.set(bytes);
    for (const given of [bytes, Buffer.from(bytes), bytes.buffer, shared]) {
      const restored = (await loadMadeUp(made)).restore(given);
      expect(restored.position).toBe(40);
      expect(restored.push(next)).toEqual(expected);
    }
  });

  test("belongs to a model, whatever its file is called, split and ordered", async () => {
    const { description, tensors } = made;
    const bytes = (await lived()).save();
    const renamed = {
      description: {
        ...description,
        source: "x",
        layers: [{ ...description.layers[0]!, name: "a" }],
      },
      tensors: new Map(
        [...tensors].reverse().map(([name, values]) => [name.replace("lmu", "a"), values]),
      ),
    };
    const file = fileOf(renamed);
    const trickle = new ReadableStream({
      start(controller) {
        for (let at = 0; at < file.length; at += 7) controller.enqueue(file.slice(at, at + 7));
        controller.close();
      },
    });
    for (const source of [file, trickle]) {
      expect((await load(source)).restore(bytes).position).toBe(40);
    }
  });

  test("is of another model if one bit of a weight differs, or one option", async () => {
    const bytes = (await lived()).save();
    const { description, tensors } = made;
    const places = [...tensors].flatMap(([name, tensor]) =>
      [0, tensor.values.length - 1].map((at) => ({ name, at, ...tensor })),
    );
    for (const { name, at, shape, values } of places) {
      const changed = Float32Array.from(values);
      new Uint32Array(changed.buffer)[at]! ^= 1 << 12;
      const other = {
        description,
        tensors: new Map(tensors).set(name, { shape, values: changed }),
      };
      const model = await loadMadeUp(other);
      expect(
        codeOf(() => model.restore(bytes)),
        `${name}[${at}]`,
      ).toBe("snapshot-other-model");
    }
    const [layer] = description.layers;
    const layers = [{ ...layer, theta: 12.000001 }] as typeof description.layers;
    const model = await loadMadeUp({ description: { ...description, layers }, tensors });
    expect(codeOf(() => model.restore(bytes))).toBe("snapshot-other-model");
  });

  test.each(DTYPES)("of %s, with any byte changed or cut, is refused", async (dtype) => {
    const stream = await lived();
    const before = stream.save();
    const bytes = stream.save({ dtype });
    const codes = new Set<string>();
    for (let at = 0; at < bytes.length; at++) {
      for (const bit of [1, 128]) {
        const changed = bytes.slice();
        changed[at]! ^= bit;
        codes.add(codeOf(() => stream.load(changed)));
      }
      codes.add(codeOf(() => stream.load(bytes.subarray(0, at))));
      codes.add(codeOf(() => stream.load(bytes.subarray(at + 1))));
    }
    codes.add(codeOf(() => stream.load(new Uint8Array([...bytes, 0, 0, 0, 0]))));
    expect([...codes]).toEqual(["snapshot-invalid"]);
    expect(stream.save()).toEqual(before);
  });

  const word = (at: number, value: number) => (view: DataView) => view.setUint32(at, value, true);

  test.each<[what: string, code: string, change: (view: DataView) => void]>([
    ["NaN in a field", "snapshot-invalid", word(24, 0x7fc00000)],
    ["infinity in the last field", "snapshot-invalid", word(24 + 4 * 21, 0xff800000)],
    ["a newer version", "snapshot-newer", (view) => view.setUint8(4, 2)],
    ["version 0", "snapshot-invalid", (view) => view.setUint8(4, 0)],
    ["an unknown dtype", "snapshot-invalid", (view) => view.setUint8(5, 3)],
    ["another dtype", "snapshot-invalid", (view) => view.setUint8(5, 1)],
    ["an unknown flag", "snapshot-invalid", (view) => view.setUint8(6, 2)],
    ["a byte that is reserved", "snapshot-invalid", (view) => view.setUint8(7, 1)],
    [
      "another fingerprint",
      "snapshot-other-model",
      (view) => view.setUint8(8, view.getUint8(8) ^ 1),
    ],
    ["a position without end", "snapshot-invalid", word(20, (1 << 20) | 1)],
  ])("forged with %s is %s, and leaves the stream as it is", async (_, code, change) => {
    const stream = await lived();
    const before = stream.save();
    expect(codeOf(() => stream.load(forged(before, change)))).toBe(code);
    expect(stream.save()).toEqual(before);
    expect(stream.position).toBe(40);
  });

  test("forged with a scale that carries numbers beyond f32 is refused", async () => {
    const stream = await lived();
    for (const dtype of ["f16", "int8"] as const) {
      const bytes = stream.save({ dtype });
      const large = forged(bytes, (view) => view.setFloat32(24, 3e38, true));
      expect(codeOf(() => stream.load(large))).toBe("snapshot-invalid");
    }
  });

  test("can only forge a position: windows, delays and means then count as they would", async () => {
    const layers = [
      { name: "c", type: "convolution", padding: [1, 3], stride: 2 },
      { name: "d", type: "convolution", from: ["c"], padding: [0, 2] },
      { name: "s", type: "add", from: ["c", "d"] },
      { name: "p", type: "pool", mode: "max", size: 3 },
      { name: "m", type: "global-pool", mode: "mean" },
    ] as const;
    const shapes = { "c.weight": [3, 4, 1], "d.weight": [3, 3, 3] };
    const model = await loadMadeUp(makeUp({ width: 1 }, layers, shapes));
    const lengths = new Map<number, Uint8Array>();
    const stream = model.stream();
    for (let t = 0; t < 60; t++) {
      stream.step(t / 60);
      const bytes = stream.save();
      if (t > 20) lengths.set(bytes.length, bytes);
    }
    const random = new Random(3);
    for (let tries = 0; tries < 500; tries++) {
      const bytes = [...lengths.values()][random.integer(lengths.size)]!;
      const position = Math.floor(2 ** (52 * random.next()));
      const forgery = forged(bytes, (view) => {
        view.setUint32(16, position, true);
        view.setUint32(20, position / 2 ** 32, true);
      });
      if (codeOf(() => stream.load(forgery)) !== "nothing") continue;
      expect(stream.position).toBe(position);
      const output = stream.push(random.floats(1 + random.integer(200)));
      expect(output.every((value) => Math.abs(value) < 100)).toBe(true);
    }
    stream.load([...lengths.values()][0]!);
    expect(stream.push([1]).every(Number.isFinite)).toBe(true);
  });

  test.each(DTYPES)("of %s holds the numbers of the state, rounded as stated", async (dtype) => {
    const stream = await lived();
    const exact = numbersOf(stream.save(), LENGTHS);
    const stored = numbersOf(stream.save({ dtype }), LENGTHS);
    for (const [field, numbers] of exact.entries()) {
      const most = Math.max(...numbers.map(Math.abs));
      const allowed = { f32: 0, f16: most * 2 ** -11, int8: (most / 127) * 0.5001 }[dtype];
      expect(distance(numbers, stored[field]!)).toBeLessThanOrEqual(allowed);
    }
  });

  test("is not made of a state that is not finite, nor of a wrong dtype", async () => {
    const layers = [{ name: "l", type: "lmu", order: 1, theta: 1 }] as const;
    const model = await loadMadeUp(makeUp({ width: 1 }, layers, { "l.D": [1, 1], "l.B": [1] }));
    const stream = model.stream();
    expect(codeOf(() => stream.save({ dtype: "f64" as never }))).toBe("TypeError");
    expect(codeOf(() => stream.save({ type: "f16" } as never))).toBe("TypeError");
    const large = makeUp({ width: 1 }, [{ name: "r", type: "rnn", activation: "linear" }], {});
    const one = { shape: [1, 1], values: Float32Array.of(1) };
    const huge = { shape: [1, 1], values: Float32Array.of(3e38) };
    const tensors = new Map([
      ["r.input", one],
      ["r.recurrent", huge],
    ]);
    const growing = (await loadMadeUp({ ...large, tensors })).stream();
    growing.push([1]);
    growing.save();
    growing.push([1, 1]);
    expect(() => growing.save()).toThrow("Cannot save the stream: hidden of r has Infinity");
  });

  test("is refused after disposal, and by the wrong kind of argument", async () => {
    const stream = await lived();
    const bytes = stream.save();
    for (const wrong of [undefined, null, "text", 5, [...bytes], {}]) {
      expect(codeOf(() => stream.load(wrong as never))).toBe("TypeError");
    }
    stream.dispose();
    for (const call of [() => stream.save(), () => stream.load(bytes), () => stream.fork()]) {
      expect(codeOf(call)).toBe("disposed");
    }
  });
});
