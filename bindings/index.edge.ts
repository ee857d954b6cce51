// For Vercel's edge runtime and Next.js, where ?module asks the bundler for a compiled module.
import module from "./lmu.wasm?module";
import { type Load, loadWith } from "./model/load.js";

export * from "./api.js";

/** Loads a model of any supported format, found out by its bytes. See index.ts. */
export const load: Load = loadWith(
  () => module,
  () => import("./full.edge.js"),
);
