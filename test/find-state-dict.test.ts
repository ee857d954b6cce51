import { describe, expect, test } from "vitest";
import { findStateDict } from "../bindings/formats/containers/pickle/find-state-dict.js";
import { TensorReference } from "../bindings/formats/containers/pickle/torch-globals.js";

describe("findStateDict()", () => {
  const tensor = new TensorReference(undefined as never, undefined as never, 0, [], []);
  const dict = (entries: Record<string, unknown>) =>
    new Map<unknown, unknown>(Object.entries(entries));
  const weights = dict({ "a.weight": tensor });
  const other = dict({ "b.weight": tensor });
  const adam = dict({ state: new Map([[0, dict({ exp_avg: tensor })]]), param_groups: [] });

  test.each([
    ["alone", weights, []],
    [
      "under a known name",
      dict({ epoch: 3, state_dict: weights, optimizer: adam }),
      ["state_dict"],
    ],
    [
      "with a tensor beside",
      dict({ rng: tensor, model_state_dict: weights }),
      ["model_state_dict"],
    ],
    ["with options of the model", dict({ model: dict({ width: 3 }), params: weights }), ["params"]],
    ["under any name", dict({ epoch: 3, detector: weights, optimizer: adam }), ["detector"]],
    [
      "twice wrapped",
      dict({ model: dict({ state_dict: weights }), ema: other }),
      ["model", "state_dict"],
    ],
  ] as [string, Map<unknown, unknown>, string[]][])("finds it %s", (_name, value, path) => {
    const notes: string[] = [];
    expect(findStateDict(value, notes)).toBe(weights);
    for (const name of path) expect(notes[0]).toContain(`"${name}"`);
    expect(notes.join().includes('left out are its entries "ema"')).toBe(value.has("ema"));
  });

  test.each([
    [
      "two of equal right",
      dict({ generator: weights, critic: other }),
      /2 state dicts, "generator", "critic"/,
    ],
    ["an optimiser alone", adam, /no tensors by name/],
    ["a list", [weights], /something else than a dict/],
  ])("refuses %s", (_name, value, message) => {
    expect(() => findStateDict(value, [])).toThrow(message);
  });

  test("looks at a dict once, however often a file refers to it", () => {
    const own = dict({ epoch: 1 });
    for (const name of ["state_dict", "model", "net"]) own.set(name, own);
    expect(() => findStateDict(own, [])).toThrow(/no tensors by name/);
    const keys = new Map(Array.from({ length: 100 }, (_, i) => [String(i), i] as const));
    let entries = 0;
    const counted = Object.assign(keys, {
      *[Symbol.iterator]() {
        for (const entry of keys.entries()) {
          entries++;
          yield entry;
        }
      },
    });
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`a${i}`, counted]));
    expect(() => findStateDict(dict(many), [])).toThrow(/no tensors by name/);
    expect(entries).toBe(100);
    let deep = weights;
    for (let i = 0; i < 100_000; i++) deep = dict({ model: deep });
    expect(() => findStateDict(deep, [])).toThrow(/no tensors by name/);
  });
});
