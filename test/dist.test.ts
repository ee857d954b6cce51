import { inspect } from "node:util";
import { expect, test } from "vitest";
import type * as Index from "../bindings/index.js";
import type * as Worker from "../bindings/worker/worker.js";

/*
 * What minifying must not change: names that people read.
 */

const dist = new URL("../dist/", import.meta.url).href;

test.each(["index.js", "worker/worker.js"])("%s: an error prints as LmuError", async (entry) => {
  const { LmuError } = (await import(dist + entry)) as typeof Index | typeof Worker;
  const error = new LmuError("disposed", "Cannot run the model: the model is disposed");
  expect(LmuError.name).toBe("LmuError");
  expect(inspect(error)).toMatch(/^LmuError: Cannot run/);
});
