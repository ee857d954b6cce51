import { LmuError } from "../../../errors.js";
import type { Tensor } from "../../../tensor.js";
import type { Budget } from "../../../source/budget.js";
import type { ZipArchive } from "../zip.js";
import { findStateDict } from "./find-state-dict.js";
import { TensorReference, TORCH_GLOBALS } from "./torch-globals.js";
import { readPickle } from "./pickle.js";
import { openTensor, type Storages } from "./storage.js";

/** Tensors by name, in the order of the file. */
export interface StateDict {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** What was found out on the way. */
  readonly notes: readonly string[];
}

const ADVICE = "torch.save(model.state_dict(), path)";

/** Whether a zip archive is one of PyTorch's, from the names of its files. */
export function isTorchArchive(names: readonly string[]): boolean {
  return names.some((name) => PICKLE.test(name));
}

const PICKLE = /^([^/]+\/)?data\.pkl$/;

/**
 * Reads what torch.save wrote. Nothing of the file is run; tensors are views of its unpacked bytes.
 *
 * @param fileBytes - of the whole file, which bounds the memory that its pickle may take
 * @throws LmuError format-invalid, with advice where the file is PyTorch's but no state dict
 */
export function readTorch(zip: ZipArchive, fileBytes: number, budget?: Budget): StateDict {
  const archive = new Archive(zip, budget);
  const notes: string[] = [];
  const dict = findStateDict(readPickle(archive.pickle, TORCH_GLOBALS, fileBytes), notes);
  const tensors = new Map<string, Tensor>();
  const others: string[] = [];
  for (const [name, value] of dict) {
    if (typeof name !== "string") continue;
    const tensor = value instanceof TensorReference ? openTensor(name, value, archive) : undefined;
    if (tensor) tensors.set(name, tensor);
    else if (value instanceof TensorReference) others.push(`${name} (${value.type.name})`);
  }
  if (others.length)
    notes.push(`left out for their element type: ${others.slice(0, 9).join(", ")}`);
  if (tensors.size === 0)
    refuse("the file holds no tensors of a known type", `a state_dict: ${ADVICE}`);
  return { tensors, notes };
}

/** The files of an archive that matter. */
class Archive implements Storages {
  readonly pickle: Uint8Array;
  readonly isLittleEndian: boolean;
  readonly #root: string;
  readonly #files: ReadonlyMap<string, Uint8Array>;

  constructor(zip: ZipArchive, budget: Budget | undefined) {
    const name = zip.names.find((name) => PICKLE.test(name));
    if (name === undefined) refuse("the zip archive has no data.pkl", `a file of ${ADVICE}`);
    this.#root = name.slice(0, -"data.pkl".length);
    const isRead = (name: string) => /^([^/]+\/)?(data\.pkl$|byteorder$|data\/)/.test(name);
    this.#files = zip.unpack(isRead, budget);
    this.pickle = this.#files.get(name)!;
    const order = this.#files.get(`${this.#root}byteorder`);
    this.isLittleEndian = order === undefined || order[0] !== 0x62;
  }

  bytesOf(key: string): Uint8Array | undefined {
    return this.#files.get(`${this.#root}data/${key}`);
  }
}

function refuse(got: string, want: string): never {
  throw new LmuError("format-invalid", `Cannot read the checkpoint: ${got}, expected ${want}`);
}
