import { STATE } from "./records.js";
import type { Session } from "./session.js";

/** Int32Array<ArrayBuffer>, which TypeScript knows from 5.7 on. */
type Words = ReturnType<typeof Int32Array.of>;

/** Address of the table of one slot that a state brings along: what a call of one stream is given. */
export function slotOf(state: number): number {
  return state + STATE.slot;
}

/** Sets states that follow one another to the beginning of a sequence: all zeros, but for their own addresses. */
export function clearStates({ image, floats, integers }: Session, at: number, count: number): void {
  const end = at + count * image.stateBytes;
  floats.fill(0, at / 4, end / 4);
  for (; at < end; at += image.stateBytes) integers[slotOf(at) / 4] = at;
}

/** Rows that a state grows by at first; then twice as many, and so on. */
const FIRST_ROWS = 64;

/**
 * The states of a model's streams, each at an address that it keeps while it is open: all that there is of a stream's past,
 * and whether it has ended. They stand behind those of batches. The rows that some states grow by with every step lie in
 * blocks elsewhere, twice as large whenever one is full.
 */
export class States {
  readonly session: Session;
  /** Closed ones. */
  readonly #free: number[] = [];
  /** Other memory that has been given back; none borders on another. */
  #gaps: { at: number; readonly end: number }[] = [];
  /** Past all that was ever in use. */
  end: number;

  constructor(session: Session) {
    this.session = session;
    const { statesAt, stateBytes, capacity } = session.image;
    this.end = statesAt + capacity.streams * stateBytes;
    clearStates(session, statesAt, capacity.streams);
  }

  /**
   * A state at the beginning of a sequence; memory grows when none is free.
   *
   * @returns its address, never 0
   * @throws RangeError if there is no memory for it; then nothing has changed
   */
  open(): number {
    const at = this.#free.pop() ?? this.reserve(this.session.image.stateBytes);
    clearStates(this.session, at, 1);
    return at;
  }

  /** Gives a state back: the next one that opens may be this. */
  close(at: number): void {
    this.#releaseRows(at);
    this.#free.push(at);
  }

  /** Sets states that follow one another to the beginning of a sequence. */
  clear(at: number, count = 1): void {
    const { session } = this;
    for (let i = 0; i < count; i++) this.#releaseRows(at + i * session.image.stateBytes);
    clearStates(session, at, count);
  }

  /** A copy of a state, i32[stateBytes / 4]: as integers, for copies of floats may change a NaN. */
  take(at: number): Words {
    return this.session.integers.slice(at / 4, (at + this.session.image.stateBytes) / 4);
  }

  /** Puts a copy into a state that has room for these rows; it keeps its own address, and that of its rows. */
  put(at: number, words: Int32Array, rows: Float32Array): void {
    const { integers, image } = this.session;
    const { address, capacity } = this.#block(at);
    integers.set(words, at / 4);
    integers[slotOf(at) / 4] = at;
    if (!image.rowBytes) return;
    integers.set([address, capacity], (at + image.blockAt) / 4);
    this.rows(at).set(rows);
  }

  /** Steps seen since the beginning. */
  position(at: number): number {
    return this.session.doubles[(at + STATE.position) / 8]!;
  }

  /** Whether the sequence has ended: no call may go on with it. */
  isEnded(at: number): boolean {
    return this.session.integers[(at + STATE.ended) / 4] !== 0;
  }

  /**
   * Memory in one piece, for whatever is larger than a state; holds anything.
   *
   * @param bytes - a multiple of 16
   * @returns its address
   * @throws RangeError if there is none; then nothing has changed
   */
  reserve(bytes: number): number {
    const gap = this.#gaps.find(({ at, end }) => end - at >= bytes);
    const { at } = gap ?? { at: this.end };
    if (gap) gap.at += bytes;
    else {
      this.session.reserve(at + bytes);
      this.end += bytes;
    }
    return at;
  }

  /** Gives such memory back. */
  release(at: number, bytes: number): void {
    let end = at + bytes;
    this.#gaps = this.#gaps.filter((gap) => {
      if (gap.end === at) at = gap.at;
      else if (gap.at === end) end = gap.end;
      else return gap.at < gap.end;
      return false;
    });
    this.#gaps.push({ at, end });
  }

  /** The rows that a state has grown by; a view, until memory grows. */
  rows(at: number): Float32Array {
    const { floats, image } = this.session;
    const { address } = this.#block(at);
    const count = address ? (this.position(at) * image.rowBytes) / 4 : 0;
    return floats.subarray(address / 4, address / 4 + count);
  }

  /**
   * Gives the states of a table room for so many steps more.
   *
   * @throws RangeError if there is no memory for it; then outputs are as they were
   */
  makeRoom(slots: number, streams: number, steps: number): void {
    for (let s = 0; s < streams; s++) {
      const at = this.session.integers[slots / 4 + s]! >>> 0;
      const rows = this.position(at) + steps;
      if (rows > this.#block(at).capacity) this.#grow(at, rows);
    }
  }

  #grow(at: number, rows: number): void {
    const { session } = this;
    const { blockAt, rowBytes } = session.image;
    const { address: old, capacity: oldRows } = this.#block(at);
    let capacity = oldRows || FIRST_ROWS;
    while (capacity < rows) capacity *= 2;
    let address = old;
    if (old && old + oldRows * rowBytes === this.end) {
      // At the end of the memory it grows where it is.
      const end = old + capacity * rowBytes;
      session.reserve(end);
      this.end = end;
    } else {
      address = this.reserve(capacity * rowBytes);
      const end = old + this.position(at) * rowBytes;
      session.floats.copyWithin(address / 4, old / 4, end / 4);
      this.#releaseRows(at);
    }
    session.integers.set([address, capacity], (at + blockAt) / 4);
  }

  /** Gives the rows of a state back. */
  #releaseRows(at: number): void {
    const { address, capacity } = this.#block(at);
    if (address) this.release(address, capacity * this.session.image.rowBytes);
  }

  #block(at: number): { address: number; capacity: number } {
    const { integers, image } = this.session;
    if (!image.rowBytes) return { address: 0, capacity: Infinity };
    const word = (at + image.blockAt) / 4;
    return { address: integers[word]! >>> 0, capacity: integers[word + 1]! };
  }
}
