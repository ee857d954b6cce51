import { LmuError } from "../../../errors.js";
import type { Tensor } from "../../../tensor.js";
import type { Budget } from "../../../source/budget.js";
import { unzip } from "../zip.js";
import { refuseWithAdvice } from "./advice.js";
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
    refuseWithAdvice("the file is in PyTorch's format from before 1.6, or a bare pickle", "legacy");
  }
  const archive = await Archive.open(bytes, budget);
  const notes: string[] = [];
  const dict = findStateDict(readPickle(archive.pickle, TORCH_GLOBALS, bytes.length), notes);
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
    let program: "script" | "program" | undefined;
    let root: string | undefined;
    const files = await unzip(
      bytes,
      (name) => {
        if (/^([^/]+\/)?(constants\.pkl|code\/)/.test(name)) program ??= "script";
        if (/^([^/]+\/)?archive_format$/.test(name)) program = "program";
        root ??= /^([^/]+\/)?data\.pkl$/.test(name) ? name.slice(0, -"data.pkl".length) : undefined;
        return /^([^/]+\/)?(data\.pkl$|byteorder$|data\/)/.test(name);
      },
      budget,
    );
    if (program === "script") refuseWithAdvice("the file is a TorchScript program", program);
    if (program) refuseWithAdvice("the file is an exported program", program);
    return new Archive(root ?? "", files);
  }

  bytesOf(key: string): Uint8Array | undefined {
    return this.files.get(`${this.root}data/${key}`);
  }
}

function refuse(got: string, want: string): never {
  throw new LmuError("format-invalid", `Cannot read the checkpoint: ${got}, expected ${want}`);
}
