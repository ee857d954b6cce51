import { load } from "lmu-wasm/compiled";

/** The same as stream.js of a compiled model: wherever its module comes from. */
export async function stream(source) {
  const live = await load(source);
  return Array.from({ length: 8 }, (_, step) => [...live.step(step / 8)]);
}
