import { describe, expect, test } from "vitest";
import type { FullExports } from "../bindings/runtime/exports.js";
import { Kernel } from "../bindings/runtime/kernel.js";
import { EDITION } from "./support/edition.js";

/*
 * What `npm run test:debug` is for: kernels refuse what they are not made for, and stacks name lines of assembly.
 */

const kernel = new Kernel(EDITION.module);
const exports = kernel.exports as FullExports;
const at = kernel.heapBase;

/** What is thrown, with where it was. */
function stackOf(call: () => void): string {
  try {
    call();
  } catch (error) {
    return (error as Error).stack!;
  }
  return "nothing was thrown";
}

describe("the debug build", () => {
  test.each<[message: string, file: string, call: () => void]>([
    ["count is no multiple of 4", "activation", () => exports.tanh(at, 3)],
    ["at is not aligned", "activation", () => exports.relu(at + 2, 4)],
    ["bytes is no multiple of 16", "combine", () => exports.combine(0, at, at + 64, 20)],
    ["operation is unknown", "combine", () => exports.combine(9, at, at + 64, 16)],
    ["bytes is no multiple of 16", "gates", () => exports.mix(at, at, at, at, 8)],
    ["a row is not aligned", "gates", () => exports.multiply(at, at + 1, at, 16)],
    ["bytes is no multiple of 16", "norm", () => exports.scaleShift(at, at, at, 0, 1, 4)],
    ["width is 0", "norm", () => exports.layerNorm(at, at, at, at, 0, 1)],
    ["width is 0", "softmax", () => exports.softmax(at, 0)],
    ["order is 0", "hold", () => exports.hold(at, 0, 1)],
    ["y overlaps x", "affine", () => exports.affine(at, 16, at, 0, at + 8, 16, 1, at + 64, 4, 4)],
    ["rows is no multiple of 4", "affine", () => exports.affine(at, 0, at, 0, at, 0, 0, at, 1, 3)],
  ])("%s: %s.ts says so, and where", (message, file, call) => {
    const stack = stackOf(call);
    expect(stack).toMatch(new RegExp(`${message} in assembly/kernels/${file}\\.ts:\\d+:\\d+`));
    expect(stack).toMatch(new RegExp(`at \\S+ \\(/.*/assembly/kernels/${file}\\.ts:\\d+:\\d+\\)`));
  });

  test("a trap names its line, too", () => {
    const stack = stackOf(() => exports.tanh(0x7ffffff0, 4));
    expect(stack).toMatch(/memory access out of bounds/);
    expect(stack).toMatch(/at \S*tanh \(\/.*\/assembly\/kernels\/activation\.ts:\d+:\d+\)/);
  });
});
