import { readFileSync } from "node:fs";
import { configDefaults, defineConfig, type Plugin } from "vitest/config";

/** What the debug build has nothing to do with: tests of the shipped files, of the release's bytes, of imports. */
const OF_THE_PACKAGE = [
  ...[
    "abi",
    "allocation",
    "architecture",
    "cli",
    "declarations",
    "dist",
    "hex",
    "loader",
    "readme",
  ],
  ...["runtimes", "size", "worker", "worklet"],
].map((name) => `test/${name}.test.ts`);

/** Puts build/debug.wasm in the place of the embedded editions. */
const debugWasm: Plugin = {
  name: "debug.wasm",
  enforce: "pre",
  load(id) {
    if (!/\/bindings\/runtime\/(wasm|full)-hex\.ts$/.test(id)) return null;
    const hex = readFileSync("build/debug.wasm").toString("hex");
    return `export const wasmHex = "${hex}";`;
  },
};

/** --mode debug: on a wasm with assertions, whose stack traces name lines of assembly (test/support/debug.ts). */
export default defineConfig(({ mode }) => ({
  plugins: mode === "debug" ? [debugWasm] : [],
  test: {
    include: ["test/**/*.test.ts"],
    exclude: [
      ...configDefaults.exclude,
      ...(mode === "debug" ? OF_THE_PACKAGE : ["test/debug.test.ts"]),
    ],
    globalSetup: ["test/support/fresh.ts"],
    env: mode === "debug" ? { LMU_WASM: "build/debug.wasm" } : {},
    setupFiles: mode === "debug" ? ["test/support/debug.ts"] : [],
    // vitest leaves a core to itself, half of the machine where there are two.
    maxWorkers: "100%",
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // The subcommands, workers and audio nodes are tested as they are shipped: what they import says nothing.
    watchTriggerPatterns: [
      {
        pattern: /\/bindings\/(cli|worker|worklet)\/.*\.ts$/,
        testsToRun: (_, match) => `test/${match[1]!}.test.ts`,
      },
    ],
  },
}));
