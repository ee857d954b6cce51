import { describe, expect, test } from "vitest";
import { LmuError } from "../bindings/index.js";
import { EDITION } from "./support/edition.js";
import { validateDescription } from "../bindings/validate.js";

const valid = { version: 1, input: { width: 2 }, layers: [{ name: "a", type: "last" }] };

describe("validateDescription()", () => {
  test("passes a description through", () => {
    expect(validateDescription(valid, EDITION.kinds)).toBe(valid);
  });

  const layer = (rest: object) => ({ ...valid, layers: [{ name: "a", ...rest }] });

  test.each([
    [null, "the model description is null, expected an object"],
    [[], "the model description is [], expected an object"],
    [{ ...valid, version: 2 }, "version 2, expected 1 (a newer file needs a newer lmu-wasm)"],
    [{ ...valid, extra: 1 }, 'the unknown field "extra"'],
    [{ ...valid, input: {} }, "input {}, expected either width or vocabulary"],
    [{ ...valid, input: { width: 1, vocabulary: 2 } }, "expected either width or vocabulary"],
    [{ ...valid, input: { width: 0 } }, "width 0, expected an integer from 1"],
    [{ ...valid, input: { width: 1e9 } }, "width 1000000000, expected an integer from 1 to"],
    [{ ...valid, layers: [] }, "layers [], expected a list of 1 to 10000 layers"],
    [{ ...valid, layers: [null] }, "layer 0 is null, expected an object"],
    [
      { ...valid, layers: [{ type: "last" }] },
      "layer 0 has name undefined, expected a unique text",
    ],
    [{ ...valid, layers: [...valid.layers, ...valid.layers] }, 'layer 1 has name "a"'],
    [{ ...valid, output: "b" }, 'output is "b", expected the name of a layer'],
    [layer({ type: "transformer", heads: 4 }), 'layer a has type "transformer" with {"name":"a"'],
    [layer({ type: "toString" }), 'type "toString"'],
    [layer({ type: "__proto__" }), 'type "__proto__"'],
    [layer({ type: "last", from: ["b"] }), 'layer a reads "b", expected a layer before it'],
    [layer({ type: "last", from: [] }), "from [], expected a list of names"],
    [layer({ type: "last", foo: 1 }), 'layer a has the unknown field "foo"'],
    [layer({ type: "lmu" }), "layer a has order undefined, expected an integer from 1 to 2048"],
    [layer({ type: "lmu", order: 4096 }), "order 4096"],
    [layer({ type: "lmu", order: 4, theta: -1 }), "theta -1, expected a number above 0"],
    [
      layer({ type: "lmu", order: 4, discretizer: "rk4" }),
      'discretizer "rk4", expected one of zoh',
    ],
    [layer({ type: "lmu", order: 4, hidden: 5 }), "hidden 5, expected an object"],
    [
      layer({ type: "lmu", order: 4, hidden: { type: "cnn" } }),
      "an object with type dense, rnn, lstm, gru",
    ],
    [layer({ type: "lmu", order: 4, hidden: { type: "rnn", units: 4 } }), 'unknown field "units"'],
    [
      layer({ type: "dense", activation: "nope" }),
      'layer a has activation "nope", expected one of linear',
    ],
    [
      layer({ type: "dense", activation: { type: "elu", alpha: "x" } }),
      'alpha "x", expected alpha',
    ],
    [layer({ type: "dense", activation: { type: "relu", x: 1 } }), "x 1, expected no parameters"],
    [layer({ type: "dense", activation: 7 }), "activation 7, expected the name of an activation"],
    [layer({ type: "convolution", padding: [1] }), "padding [1], expected two counts of rows"],
    [layer({ type: "pool", mode: "median", size: 2 }), 'mode "median", expected one of max, mean'],
    [layer({ type: "slice", width: 2 }), "start undefined, expected an integer from 0"],
    [layer({ type: "slice", start: 0, width: 0 }), "width 0, expected an integer from 1"],
    [layer({ type: "gru", resetAfter: 1 }), "resetAfter 1, expected true or false"],
    [layer({ type: "layer-norm", epsilon: 0 }), "epsilon 0, expected a number above 0"],
  ])("refuses %j", (description, message) => {
    expect(() => validateDescription(description, EDITION.kinds)).toThrow(LmuError);
    expect(() => validateDescription(description, EDITION.kinds)).toThrow(message);
  });
});
