import { instantiate } from "lmu-wasm/compiled";

/** The same as compiled.js where nothing may be compiled: of a module that the bundler has made. */
export function stream(module) {
  const live = instantiate(module);
  return Array.from({ length: 8 }, (_, step) => [...live.step(step / 8)]);
}
