import type { Tensor } from "../../tensor.js";
import type { Budget } from "../../source/budget.js";
import { readNpy } from "./npy.js";
import type { StateDict } from "./pickle/torch-archive.js";
import type { ZipArchive } from "./zip.js";

/* .npz: a zip archive of .npy files. */

/** Whether a zip archive is an .npz file, from the names of its files. */
export function isNpz(names: readonly string[]): boolean {
  return names.length > 0 && names.every((name) => name.endsWith(".npy"));
}

/**
 * Reads the arrays of an .npz file, named without ".npy"; the numbers are views of the unpacked bytes.
 *
 * @throws LmuError format-invalid
 */
export function readNpz(archive: ZipArchive, budget?: Budget): StateDict {
  const files = archive.unpack((name) => name.endsWith(".npy"), budget);
  const tensors = new Map<string, Tensor>();
  const others: string[] = [];
  for (const [file, content] of files) {
    const name = file.slice(0, -".npy".length);
    const tensor = readNpy(name, content);
    if (tensor) tensors.set(name, tensor);
    else others.push(name);
  }
  const notes = others.length ? [`left out for their element type: ${others.join(", ")}`] : [];
  return { tensors, notes };
}
