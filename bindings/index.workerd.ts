// For workerd (Cloudflare Workers), which compiles no bytes: lmu.wasm comes as a module of the bundle.
import module from "./lmu.wasm";
import { type Load, loadWith } from "./model/load.js";

export * from "./api.js";

/** Loads a model of any supported format, found out by its bytes. See index.ts. */
export const load: Load = loadWith(
  () => module,
  () => import("./full.workerd.js"),
);
