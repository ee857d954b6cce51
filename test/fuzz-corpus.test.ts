import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { load } from "../bindings/index.js";
import { check } from "./fuzz/check.js";
import { TARGETS } from "./fuzz/targets.js";

/*
 * Files that fuzzing kept, because each runs code that no other does (npm run test:fuzz finds more). All do what the
 * files of strangers may: load and run, or be refused.
 */
const folder = new URL("fuzz/corpus/", import.meta.url);
const files = existsSync(folder) ? readdirSync(folder) : [];

describe("files that fuzzing kept", () => {
  test.each(Object.entries(TARGETS))("%s", async (name, target) => {
    const own = files.filter((file) => file.replace(/-[^-]*$/, "") === name);
    expect(own.length).toBeGreaterThan(0);
    const options = (await target.options?.()) ?? {};
    for (const file of own) {
      const { fault } = await check(load, readFileSync(new URL(file, folder)), options);
      expect(fault, file).toBeUndefined();
    }
  });
});
