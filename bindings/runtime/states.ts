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

/**
 * The states of a model's streams, each at an address that it keeps while it is open: all that there is of a stream's past,
 * and whether it has ended. They stand behind those of batches.
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
  }

  /**
   * A state at the beginning of a sequence; memory grows when none is free.
   *
   * @returns its address, never 0
   * @throws RangeError if there is no memory for it; then nothing has changed
   */
  open(): number {
    const at = this.#free.pop() ?? this.reserve(this.session.image.stateBytes);
    this.clear(at);
    return at;
  }

  /** Gives a state back: the next one that opens may be this. */
  close(at: number): void {
    this.#free.push(at);
  }

  /** Sets a state to the beginning of a sequence. */
  clear(at: number): void {
    clearStates(this.session, at, 1);
  }

  /** A copy of a state, i32[stateBytes / 4]: as integers, for copies of floats may change a NaN. */
  take(at: number): Words {
    return this.session.integers.slice(at / 4, (at + this.session.image.stateBytes) / 4);
  }

  /** Puts a copy into a state, whose own address it does not change. */
  put(at: number, words: Int32Array): void {
    const { integers } = this.session;
    integers.set(words, at / 4);
    integers[slotOf(at) / 4] = at;
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
}
