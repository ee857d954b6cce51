import { defineConfig } from "vitest/config";

/** For mutants of what computes: nothing is built, and only tests that judge by an oracle and take seconds are run. */
export default defineConfig({
  test: {
    include: [
      "legendre",
      "stability",
      "validate",
      "contradictions",
      "warnings",
      "affine",
      "kernels",
      ...[
        "graph",
        "waits",
        "layers",
        "delay",
        "report",
        "run",
        "step-options",
        "sequences",
        "lmuformer",
      ],
    ].map((name) => `test/${name}.test.ts`),
    setupFiles: ["test/support/setup.ts"],
    testTimeout: 60_000,
  },
});
