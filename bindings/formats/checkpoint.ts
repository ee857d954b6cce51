import type { Description } from "../description.js";
import type { Tensor } from "../tensor.js";

/** Is given rows of tensors, from the first unless another is named. */
export interface Writer {
  write(name: string, rows: Tensor, firstRow?: number): void;
}

/** What every reader makes of a file: a description and the tensors it speaks of, read on demand. */
export interface Checkpoint {
  /** Format of the file: "lmu-wasm", "keras", "torch", … */
  readonly format: string;
  /** As the file has it: checked when a model is made of it, or a file. */
  readonly description: Description;
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** What was found out or assumed: dialect, conventions. */
  readonly notes: readonly string[];
  /** What may not work as hoped. */
  readonly warnings: readonly string[];
}

/** A checkpoint whose files may still have to be read: until then, tensors are known by their shapes alone. */
export interface Taken extends Checkpoint {
  /** Gives all elements. @throws LmuError format-invalid, source-unreadable */
  take(writer: Writer): Promise<void>;
}
