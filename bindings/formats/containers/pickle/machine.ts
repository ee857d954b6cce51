import { LmuError } from "../../../errors.js";
import { decodeUtf8 } from "../../../utf8.js";

/** What stands behind the names in a pickle. */
export interface PickleHost {
  /**
   * The value of a global, for example "collections.OrderedDict".
   *
   * @throws LmuError for every name that is not on a list
   */
  global(name: string): unknown;
  /** The value of a persistent id. */
  persistent(id: unknown): unknown;
}

/** A global that a pickle may call. */
export class Callable {
  constructor(
    readonly name: string,
    readonly call: (args: readonly unknown[]) => unknown,
  ) {}
}

/** A tensor takes some 5. */
const MAX_COLLECTIONS = 2 ** 20;

/** Bytes of memory that a value takes at least, in the engines there are: opcodes of one byte make them. */
const COST = { value: 24, mark: 16, memo: 40, bytes: 100, collection: 100 };

/** Bytes that a pickle may take whatever its size: a thousand tensors have some. */
const MIN_ALLOWANCE = 2 ** 22;

/** The file, the stack and the memo that the opcodes of a pickle work on. */
export class Machine {
  readonly memo = new Map<number, unknown>();
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #host: PickleHost;
  readonly #stack: unknown[] = [];
  /** Lengths of the stack at the marks. */
  readonly #marks: number[] = [];
  #at = 0;
  #made = 0;
  /** The longest the stack has been. */
  #longest = 0;
  /** Bytes of memory that may still be taken. */
  #left: number;

  /** @param fileBytes - of the file that the pickle is part of: it may take four times that */
  constructor(bytes: Uint8Array, host: PickleHost, fileBytes = bytes.length) {
    this.#left = 4 * fileBytes + MIN_ALLOWANCE;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#host = host;
  }

  // ---- the file ----

  byte(): number {
    return this.take(1)[0]!;
  }

  /** The next count bytes; nothing is allocated for a count that the file does not have. */
  take(count: number): Uint8Array {
    const end = this.#at + count;
    if (end > this.#bytes.length) invalid(`${count} bytes at ${this.#at}, where the file ends`);
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  /** A count of 1, 2, 4 or 8 bytes. */
  count(size: 1 | 2 | 4 | 8): number {
    const at = this.#at;
    this.take(size);
    if (size === 1) return this.#view.getUint8(at);
    if (size === 2) return this.#view.getUint16(at, true);
    const low = this.#view.getUint32(at, true);
    return size === 4 ? low : low + this.#view.getUint32(at + 4, true) * 2 ** 32;
  }

  /** Two's complement of any size, as far as a number holds it exactly. */
  integer(size: number): number {
    if (size > 8) invalid(`an integer of ${size} bytes, expected at most 8`);
    let value = 0n;
    for (const [i, byte] of this.take(size).entries()) value |= BigInt(byte) << BigInt(8 * i);
    const number = Number(BigInt.asIntN(8 * size, value));
    if (!Number.isSafeInteger(number)) invalid("an integer beyond 2^53");
    return number;
  }

  float(): number {
    const at = this.#at;
    this.take(8);
    return this.#view.getFloat64(at);
  }

  text(size: number): string {
    const bytes = this.take(size);
    try {
      return decodeUtf8(bytes);
    } catch (cause) {
      throw new LmuError("format-invalid", "Cannot read the pickle: a text is no UTF-8", { cause });
    }
  }

  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) invalid("a name without an end");
    const line = this.text(end - this.#at);
    this.#at = end + 1;
    return line;
  }

  // ---- the stack ----

  /** Pushes a new collection or object: some of one byte take 200 in memory. */
  make(value: unknown): void {
    if (++this.#made > MAX_COLLECTIONS) invalid(`more than ${MAX_COLLECTIONS} collections`);
    this.#spend(COST.collection);
    this.push(value);
  }

  push(value: unknown): void {
    this.#stack.push(value);
    if (this.#stack.length <= this.#longest) return;
    this.#longest = this.#stack.length;
    this.#spend(COST.value);
  }

  /** Pushes a view of the file. */
  pushBytes(bytes: Uint8Array): void {
    this.#spend(COST.bytes);
    this.push(bytes);
  }

  #spend(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < 0) invalid("more values than a file of its size has room for");
  }

  pop(): unknown {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) invalid("an opcode without its operands");
    return this.#stack.pop();
  }

  top(): unknown {
    const value = this.pop();
    this.push(value);
    return value;
  }

  mark(): void {
    this.#spend(COST.mark);
    this.#marks.push(this.#stack.length);
  }

  /** The values since the last mark. */
  popToMark(): unknown[] {
    const from = this.#marks.pop();
    if (from === undefined) invalid("an opcode without its mark");
    return this.#stack.splice(from);
  }

  // ---- names ----

  global(module: unknown, name: unknown): void {
    if (typeof module !== "string" || typeof name !== "string") invalid("a global without a name");
    this.push(this.#host.global(`${module}.${name}`));
  }

  persistent(): void {
    this.push(this.#host.persistent(this.pop()));
  }

  call(): void {
    const args = this.pop();
    const callable = this.pop();
    if (!(callable instanceof Callable)) invalid("a call of something that is no known function");
    if (!Array.isArray(args)) invalid(`a call of ${callable.name} without a tuple of arguments`);
    this.make(callable.call(args));
  }

  /** The state of an ordered dict is its attributes, which state dicts use for versions of modules: not needed. */
  build(): void {
    this.pop();
    if (!(this.top() instanceof Map)) invalid("a state of something that is no dict");
  }

  remember(at: number): void {
    if (!this.memo.has(at)) this.#spend(COST.memo);
    this.memo.set(at, this.top());
  }

  recall(at: number): void {
    if (!this.memo.has(at)) invalid(`a reference to value ${at}, which does not exist`);
    this.push(this.memo.get(at));
  }

  append(values: readonly unknown[]): void {
    const list = this.top();
    if (!Array.isArray(list)) invalid("items for something that is no list");
    for (const value of values) list.push(value);
  }

  /** Keys and values by turns. */
  set(pairs: readonly unknown[]): void {
    const dict = this.top();
    if (!(dict instanceof Map) || pairs.length % 2 !== 0) {
      invalid("items for something that is no dict");
    }
    for (let i = 0; i < pairs.length; i += 2) dict.set(pairs[i], pairs[i + 1]);
  }

  /** Members of a set. */
  include(keys: readonly unknown[]): void {
    const set = this.top();
    if (!(set instanceof Map)) invalid("items for something that is no set");
    for (const key of keys) set.set(key, true);
  }

  tuple(count: number): void {
    const values = Array.from({ length: count }, () => this.pop());
    this.make(values.reverse());
  }
}

/** @throws LmuError format-invalid */
export function invalid(problem: string): never {
  throw new LmuError("format-invalid", `Cannot read the pickle: it has ${problem}`);
}
