import { allocate } from "../source/gather.js";
import type { Budget } from "../source/budget.js";
import { shortName } from "../source/naming.js";
import type { SourceReader } from "../source/reader.js";
import { type DType, ELEMENT_BYTES, sizeOf, type Tensor, tensorOfBytes } from "../tensor.js";
import type { Writer } from "./checkpoint.js";
import {
  type Entry,
  type Header,
  PORTION,
  takeEntries,
  takeTensor,
} from "./containers/safetensors.js";

/** A tensor of a file whose elements come later: until then it has a shape, and tells who asks for more. */
class Awaited implements Tensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** What is made of it and has not been given. */
  readonly users: string[] = [];
  /** Its elements, while they are there. */
  arrived: Tensor | undefined;

  constructor(
    readonly entry: Entry,
    private readonly asked: (tensor: Awaited) => number,
  ) {
    this.dtype = entry.dtype;
    this.shape = entry.shape;
  }

  at(index: number): number {
    return this.arrived ? this.arrived.at(index) : this.asked(this);
  }
}

/**
 * Safetensors files that are read only when somebody has said what is to be made of their tensors: one that is wanted as it is
 * comes in portions; any other is held, within a budget, until what needs it has been given.
 */
export class Arriving {
  /** What a model is made of, by name, and views of: by rows and columns, not by values. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly #files: ReadonlyMap<SourceReader, Header>;
  readonly #budget: Budget;
  /** Whose elements were asked for while this was being found out. */
  #asked: Set<Awaited> | undefined;

  constructor(files: ReadonlyMap<SourceReader, Header>, budget: Budget) {
    this.#files = files;
    this.#budget = budget;
    const asked = (tensor: Awaited) => {
      if (!this.#asked) throw new Error(`tensor ${shortName(tensor.entry.name)} is read too early`);
      this.#asked.add(tensor);
      return 0;
    };
    const entries = [...files.values()].flatMap((header) => header.entries);
    this.tensors = new Map(entries.map((entry) => [entry.name, new Awaited(entry, asked)]));
  }

  /**
   * Reads the files, and gives what is made of them as soon as it is there.
   *
   * @param made - by name: tensors of the files, and views of them
   * @throws LmuError format-invalid if a file ends early, or late; source-too-large if more has to be held than the budget has
   */
  async take(made: ReadonlyMap<string, Tensor>, writer: Writer): Promise<void> {
    const needs = new Map<string, ReadonlySet<Awaited>>();
    for (const [name, tensor] of made) {
      const sources = this.#sourcesOf(tensor);
      needs.set(name, sources);
      for (const source of sources) source.users.push(name);
    }
    await takeEntries(this.#files, async ({ name }, reader) => {
      const source = this.tensors.get(name) as Awaited;
      if (isGivenAsItComes(source, made)) return give(source, reader, writer);
      await this.#keep(source, reader);
      for (const user of [...source.users]) {
        const sources = [...needs.get(user)!];
        if (!sources.every(({ arrived }) => arrived)) continue;
        writer.write(user, made.get(user)!);
        for (const one of sources) this.#release(one, user);
      }
    });
  }

  /** Takes a tensor whole, as bytes that stay; one that nobody needs is skipped. */
  async #keep(source: Awaited, reader: SourceReader): Promise<void> {
    const { name, dtype, shape, begin, end } = source.entry;
    const isNeeded = source.users.length > 0;
    const held = allocate(isNeeded ? end - begin : 0, this.#budget);
    const asBytes = { name, dtype: "u8", shape: [end - begin], begin, end } as const;
    await takeTensor(asBytes, reader, (_, first, bytes) => isNeeded && held.set(bytes, first));
    if (isNeeded) source.arrived = tensorOfBytes(dtype, shape, held);
  }

  /** Lets go of a tensor that has no other users. */
  #release(source: Awaited, user: string): void {
    source.users.splice(source.users.indexOf(user), 1);
    if (source.users.length) return;
    source.arrived = undefined;
    this.#budget.hold(source.entry.begin - source.entry.end);
  }

  /** What a view reads: with its first row and its first column, whatever it reads at all. */
  #sourcesOf(tensor: Tensor): Set<Awaited> {
    const asked = (this.#asked = new Set<Awaited>());
    const [rows = 1] = tensor.shape;
    const columns = sizeOf(tensor.shape) / rows;
    for (let row = 0; row < rows; row++) tensor.at(row * columns);
    for (let column = 0; column < columns; column++) tensor.at(column);
    this.#asked = undefined;
    return asked;
  }
}

/** Whether nothing but the tensor itself is made of it, and none of its rows is longer than what is read at a time. */
function isGivenAsItComes(source: Awaited, made: ReadonlyMap<string, Tensor>): boolean {
  const { users, dtype, shape } = source;
  const rowBytes = sizeOf(shape.slice(1)) * ELEMENT_BYTES[dtype];
  return rowBytes <= PORTION && users.every((name) => made.get(name) === source);
}

async function give(
  { entry, users }: Awaited,
  reader: SourceReader,
  writer: Writer,
): Promise<void> {
  await takeTensor(entry, reader, (rows, first) => {
    for (const name of users) writer.write(name, rows, first);
  });
}
