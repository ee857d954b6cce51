import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // jsfive prints what it makes of broken files, which fuzzing has thousands of.
    silent: "passed-only",
  },
});
