import { cannotLoad } from "../../errors.js";
import { mapTensor, sizeOf, type Tensor } from "../../tensor.js";
import { scaleName } from "./metadata.js";
import type { Entry } from "../containers/safetensors.js";

/**
 * The int8 tensors of a native file: each has a scale per row in a tensor `<name>:scale`, which stands before it in the
 * file, so that a stream needs no second look.
 */
export class RowScales {
  /** The tensors of the model: those that are not scales. */
  readonly tensors: ReadonlyMap<string, Entry>;
  /** Rows of each scale, by its own name; filled as the file is read. */
  readonly #scales = new Map<string, { readonly rows: number; values?: Float32Array }>();

  /** @param entries - of all files of the model, in the order they are read */
  constructor(entries: readonly Entry[]) {
    const tensors = new Map<string, Entry>();
    for (const entry of entries) {
      const { name } = entry;
      if (tensors.has(name)) refuse(name, "is there twice, expected once");
      tensors.set(name, entry);
    }
    const read = new Set<string>();
    for (const { name, dtype, shape } of entries) {
      read.add(name);
      const scale = tensors.get(scaleName(name));
      if (dtype !== "i8" || !scale) continue;
      if (scale.shape.length !== 1 || scale.shape[0] !== shape[0]) {
        refuse(scale.name, `has shape [${scale.shape.join(", ")}], expected [${shape[0]}]`);
      }
      if (!read.has(scale.name)) {
        refuse(scale.name, `stands behind ${name}, expected before it`);
      }
      tensors.delete(scale.name);
      this.#scales.set(scale.name, { rows: shape[0]! });
    }
    this.tensors = tensors;
  }

  /** Keeps rows of a scale; false for any other tensor. */
  keep(name: string, rows: Tensor, firstRow: number): boolean {
    const scale = this.#scales.get(name);
    if (!scale) return false;
    scale.values ??= new Float32Array(scale.rows);
    for (let i = 0; i < sizeOf(rows.shape); i++) scale.values[firstRow + i] = rows.at(i);
    return true;
  }

  /** Rows of a tensor in real numbers. */
  apply(name: string, rows: Tensor, firstRow: number): Tensor {
    const values = this.#scales.get(scaleName(name))?.values;
    if (!values) return rows;
    const columns = sizeOf(rows.shape.slice(1));
    return mapTensor(rows, (value, i) => value * values[firstRow + Math.floor(i / columns)]!);
  }
}

function refuse(name: string, problem: string): never {
  cannotLoad(`tensor ${name} ${problem}`, "tensor-invalid");
}
