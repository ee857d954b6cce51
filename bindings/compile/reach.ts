import type { ModelImage } from "../runtime/image.js";
import { KINDS, LAYER_WORDS, PLAN, RECORDS } from "../runtime/records.js";
import { CALLS, CASES, INT8 } from "./template.js";

/** Codes of what a model is made of. */
export interface Reach {
  readonly layers: ReadonlySet<number>;
  readonly activations: ReadonlySet<number>;
}

/** Kinds of records that hold others behind their fields. */
const HOLDERS: readonly string[] = ["loop", "segments", "prefill"];

/** The kinds of records and activations in a plan. */
export function reachOf({ at, bytes }: ModelImage): Reach {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2);
  const word = (address: number) => words[(address - at) / 4]!;
  const reach = { layers: new Set<number>(), activations: new Set<number>() };
  const visit = (from: number, to: number) => {
    for (let layer = from; layer < to;) {
      const [kind, size] = [word(layer), word(layer + 4)];
      const body = layer + LAYER_WORDS * 4;
      const name = KINDS[kind]!;
      reach.layers.add(kind);
      RECORDS[name].forEach((field: string, i) => {
        const activation = /activation$/i.test(field) ? word(body + i * 4) : 0;
        if (activation > 0) reach.activations.add(word(activation));
      });
      if (HOLDERS.includes(name)) visit(body + RECORDS[name].length * 4, layer + size);
      layer += size;
    }
  };
  visit(word(at + PLAN.indexOf("layers") * 4), word(at + PLAN.indexOf("end") * 4));
  return reach;
}

/** Numbers of the functions that these and what the model is made of reach. */
export function keptFunctions(
  entries: readonly number[],
  reach: Reach,
  weights: "f32" | "int8",
): Set<number> {
  const kept = new Set<number>();
  const keep = (index: number) => {
    if (kept.has(index)) return;
    kept.add(index);
    CALLS[index]!.forEach(keep);
  };
  entries.forEach(keep);
  if (weights === "int8") keep(INT8);
  for (const code of reach.layers) CASES.layers[code]!.forEach(keep);
  for (const code of reach.activations) CASES.activations[code]!.forEach(keep);
  return kept;
}
