import { readdirSync, readFileSync } from "node:fs";
import { openZip } from "../../bindings/formats/containers/zip.js";
import { readSafetensors } from "../../bindings/formats/containers/safetensors.js";
import { sizeOf, type Tensor } from "../../bindings/tensor.js";

/** One case of an index.json of test/golden. */
export interface GoldenCase {
  readonly name: string;
  readonly files: readonly string[];
  readonly io: string;
  readonly keras_error?: number;
  readonly scale?: number;
  readonly layers?: readonly unknown[];
  readonly note?: string;
}

const root = new URL("../golden/", import.meta.url);

/** A file of test/golden. */
export function goldenFile(path: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(path, root)));
}

/** The files of a folder of test/golden, by name. */
export function goldenFolder(path: string): Record<string, Uint8Array> {
  const names = readdirSync(new URL(path, root));
  return Object.fromEntries(names.map((name) => [name, goldenFile(`${path}/${name}`)]));
}

/** The cases of one folder of test/golden. */
export function goldenCases(folder: string): readonly GoldenCase[] {
  const text = readFileSync(new URL(`${folder}/index.json`, root), "utf8");
  return (JSON.parse(text) as { cases: GoldenCase[] }).cases;
}

/** Inputs and the reference's outputs of a case. */
export function goldenTensors(path: string): Map<string, Tensor> {
  return readSafetensors(goldenFile(path)).tensors;
}

/** Elements of a tensor; f64 as they are rounded to f32 by the reader, unless read from `bytes64`. */
export function valuesOf(tensor: Tensor): Float64Array {
  return Float64Array.from({ length: sizeOf(tensor.shape) }, (_, i) => tensor.at(i));
}

/** max |a - b|; Infinity when the lengths differ or a value is NaN. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    if (!(difference <= most)) most = Number.isNaN(difference) ? Infinity : difference;
  }
  return most;
}

/** The configuration inside a .keras file, which weights alone need. */
export async function kerasConfig(path: string): Promise<unknown> {
  const files = (await openZip(goldenFile(path))).unpack((file) => file === "config.json");
  return JSON.parse(new TextDecoder().decode(files.get("config.json")));
}
