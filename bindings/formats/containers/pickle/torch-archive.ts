import { LmuError } from "../../../errors.js";
import type { Tensor } from "../../../tensor.js";
import type { Budget } from "../../../source/budget.js";
import { unzip } from "../zip.js";
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

/** Entries under which checkpoints of training scripts keep the state dict. */
const WRAPPERS = ["state_dict", "model_state_dict", "model"];

/** Whether a zip archive is one of PyTorch's, from the names of its files. */
export function isTorchArchive(names: readonly string[]): boolean {
  return names.some((name) => /^([^/]+\/)?(data\.pkl|constants\.pkl|archive_format)$/.test(name));
}

/**
 * Whether a file can be a bare pickle, as PyTorch wrote before 1.6, from its first 2 bytes. {@link readTorch} says what
 * to do about it.
 */
export function isLegacyTorch(start: Uint8Array): boolean {
  return start[0] === 0x80 && start[1]! >= 2 && start[1]! <= 5;
}

/**
 * Reads what torch.save wrote. Nothing of the file is run; tensors are views of its unpacked bytes.
 *
 * @throws LmuError format-invalid, with advice where the file is PyTorch's but no state dict
 */
export async function readTorch(bytes: Uint8Array, budget?: Budget): Promise<StateDict> {
  if (isLegacyTorch(bytes)) {
    refuse(
      "the file is in PyTorch's format from before 1.6, or a bare pickle",
      `a zip archive: load it with torch.load and save it again with ${ADVICE}`,
    );
  }
  const archive = await Archive.open(bytes, budget);
  const notes: string[] = [];
  const dict = stateDictOf(readPickle(archive.pickle, TORCH_GLOBALS, bytes.length), notes);
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
  if (tensors.size === 0) refuse("the file holds no tensors by name", `a state_dict: ${ADVICE}`);
  return { tensors, notes };
}

/** The files of an archive that matter. */
class Archive implements Storages {
  readonly pickle: Uint8Array;
  readonly isLittleEndian: boolean;

  private constructor(
    private readonly root: string,
    private readonly files: ReadonlyMap<string, Uint8Array>,
  ) {
    const pickle = files.get(`${root}data.pkl`);
    if (!pickle) refuse("the zip archive has no data.pkl", `a file of ${ADVICE}`);
    this.pickle = pickle;
    const order = files.get(`${root}byteorder`);
    this.isLittleEndian = order === undefined || order[0] !== 0x62;
  }

  static async open(bytes: Uint8Array, budget: Budget | undefined): Promise<Archive> {
    let isProgram = false;
    let root: string | undefined;
    const files = await unzip(
      bytes,
      (name) => {
        if (/^([^/]+\/)?(constants\.pkl|code\/|archive_format$)/.test(name)) isProgram = true;
        root ??= /^([^/]+\/)?data\.pkl$/.test(name) ? name.slice(0, -"data.pkl".length) : undefined;
        return /^([^/]+\/)?(data\.pkl$|byteorder$|data\/)/.test(name);
      },
      budget,
    );
    if (isProgram) {
      refuse("the file is a TorchScript or exported program", `a state_dict: ${ADVICE}`);
    }
    return new Archive(root ?? "", files);
  }

  bytesOf(key: string): Uint8Array | undefined {
    return this.files.get(`${this.root}data/${key}`);
  }
}

/** The state dict of a file: its dict, or the one that a training script put under a well-known name. */
function stateDictOf(value: unknown, notes: string[]): ReadonlyMap<unknown, unknown> {
  if (!(value instanceof Map)) {
    refuse("the file holds something else than a dict", `a state_dict: ${ADVICE}`);
  }
  for (const name of WRAPPERS) {
    const inner: unknown = value.get(name);
    if (!(inner instanceof Map)) continue;
    notes.push(`the state dict is the file's entry ${JSON.stringify(name)}`);
    return inner;
  }
  return value;
}

function refuse(got: string, want: string): never {
  throw new LmuError("format-invalid", `Cannot read the checkpoint: ${got}, expected ${want}`);
}
