import js from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  {
    ignores: [
      "dist",
      "build",
      "coverage",
      "**/node_modules",
      "**/.venv",
      "bindings/runtime/records.ts",
      "bindings/runtime/*-hex.ts",
      "bindings/worklet/processor-text.ts",
      "bindings/compile/template.ts",
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    rules: {
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_" },
      ],
      "@typescript-eslint/no-non-null-assertion": "off",
      eqeqeq: "error",
      // Bundles drop what is labelled ASSERT.
      "no-unused-labels": "off",
    },
  },
  {
    // Ambient modules have no other way to name a type of another file.
    files: ["**/*.d.ts"],
    rules: { "@typescript-eslint/consistent-type-imports": "off" },
  },
  {
    // AssemblyScript is TypeScript to the parser only.
    files: ["assembly/**"],
    rules: {
      "@typescript-eslint/consistent-type-imports": "off",
      "@typescript-eslint/no-unused-vars": "off",
      "@typescript-eslint/no-extraneous-class": "off",
      eqeqeq: "off",
      "no-undef": "off",
      "prefer-const": "error",
    },
  },
  {
    files: ["**/*.mjs", "scripts/**", "*.js"],
    languageOptions: { globals: { process: "readonly", console: "readonly", URL: "readonly" } },
  },
);
