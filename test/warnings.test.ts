import { describe, expect, test } from "vitest";
import { load } from "../bindings/index.js";
import { fileOf, makeUp } from "./support/models.js";

describe("warnings of the report", () => {
  const warningsOf = async (layer: object) => {
    const made = makeUp({ width: 1 }, [{ name: "l", type: "lmu", ...layer }] as never, {});
    return (await load(fileOf(made))).report().warnings;
  };

  test("unstable Euler, more coefficients than samples, untested orders", async () => {
    expect(await warningsOf({ order: 16, theta: 60, discretizer: "euler" })).toEqual([]);
    expect(await warningsOf({ order: 16, theta: 59, discretizer: "euler" })).toEqual([
      expect.stringContaining("unstable at order 16 for theta below 59.7"),
    ]);
    expect(await warningsOf({ order: 20, theta: 19 })).toEqual([
      expect.stringContaining("more coefficients than samples"),
    ]);
    expect(await warningsOf({ order: 600, theta: 4000 })).toEqual([
      expect.stringContaining("order 600 is above 512"),
    ]);
  });
});
