import { load } from "lmu-wasm/compiled";
import { chunksOf, digest, join, signal } from "./scenario.mjs";

/**
 * The digests of what compiled models give, by their names: of all outputs of a sequence that comes in odd chunks.
 *
 * @param {readonly { name: string, source: Uint8Array | WebAssembly.Module }[]} models
 * @returns {Promise<Record<string, string>>}
 */
export async function runCompiled(models) {
  const digests = {};
  for (const { name, source } of models) {
    const { meta, push, end } = await load(source);
    const input = signal(meta, meta.maxSteps);
    const outputs = Array.from(chunksOf(meta, input), (chunk) => push(chunk));
    outputs.push(end());
    digests[name] = digest(join(meta, outputs));
  }
  return digests;
}
