import { readFileSync } from "node:fs";
import { configDefaults, defineConfig, type Plugin } from "vitest/config";

const files = (names: string) => names.split(" ").map((name) => `test/${name}.test.ts`);

/** What the debug build has nothing to do with, and does not renew: the shipped files, compiled models, the release's bytes. */
const OF_THE_PACKAGE = files(
  "abi allocation architecture channel check cli* compiled* declarations dist entries forgotten hex loader readme " +
    "readout-example runtimes size worker* worklet",
);

/**
 * Each in a process of its own: they measure the heap, or make millions of calls, which are up to five times slower where other
 * objects have gone through the same code. The rest share two processes, which saves loading the same modules 80 times.
 */
const ALONE = files("allocation convert model pickle sequences state-dict torch");

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
export default defineConfig(({ mode }) => {
  const isDebug = mode === "debug";
  const exclude = [...configDefaults.exclude, ...(isDebug ? OF_THE_PACKAGE : files("debug"))];
  const env = isDebug ? { LMU_WASM: "build/debug.wasm" } : {};
  const project = (
    name: string,
    include: string[],
    options: { exclude: string[]; isolate: boolean },
  ) => ({
    plugins: isDebug ? [debugWasm] : [],
    test: {
      ...{ name, include, env, testTimeout: 60_000, hookTimeout: 120_000 },
      setupFiles: ["test/support/setup.ts"],
      ...options,
    },
  });
  return {
    test: {
      env,
      globalSetup: ["test/support/fresh.ts"],
      // vitest leaves a core to itself, half of the machine where there are two.
      maxWorkers: "100%",
      // The subcommands, workers and audio nodes are tested as they are shipped: what they import says nothing.
      watchTriggerPatterns: [
        {
          pattern: /\/bindings\/(cli|worker|worklet)\/.*\.ts$/,
          testsToRun: (_, match) => `test/${match[1]!}.test.ts`,
        },
      ],
      projects: [
        project("alone", ALONE, { exclude, isolate: true }),
        project("together", ["test/**/*.test.ts"], {
          exclude: [...exclude, ...ALONE],
          isolate: false,
        }),
      ],
    },
  };
});
