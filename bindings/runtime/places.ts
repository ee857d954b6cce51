import { expectOrder } from "./order.js";
import { TICK, TICK_WORDS } from "./records.js";
import type { Session } from "./session.js";
import { slotOf, type States } from "./states.js";

/** Bytes in front of a waiting sample: the address of the next one. */
const LINK = 4;

/** Rounds up to a multiple of 16: the bytes of one vector. */
export const pad16 = (bytes: number): number => Math.ceil(bytes / 16) * 16;

/** What has the memory; undefined once it has been given back, for nothing else may hold it. */
interface Owner {
  readonly states: States | undefined;
}

/**
 * The memory of many streams that advance together: a place for each, with its state and its newest output, and the samples
 * that wait for the next tick. Places never move. assembly/tick.ts says how all lies.
 */
export class Places {
  readonly #owner: Owner;
  readonly #capacity: number;
  /** Addresses: of the record, of the table of the newest sample of each place, of the first place. */
  readonly #at: number;
  readonly #waiting: number;
  readonly #first: number;
  readonly #placeBytes: number;
  readonly #sampleBytes: number;
  /** Room for samples, in the last of them: the others were too small, and hold what waits there until the next tick. */
  readonly #rooms: Room[];
  /** Where the next sample goes, and past the room. */
  #next: number;
  #end: number;

  /**
   * Reserves memory for so many streams and one sample of each.
   *
   * @param phases - offsets of counters in a state: streams in which they are equal make rows at the same steps
   * @throws RangeError if the engine has none to give; then nothing has changed
   */
  constructor(owner: Owner, phases: readonly number[], capacity: number) {
    const states = owner.states!;
    const { at: plan, input, output, stateBytes, capacity: call } = states.session.image;
    this.#owner = owner;
    this.#capacity = capacity;
    this.#placeBytes = stateBytes + output.stride;
    this.#sampleBytes = LINK + input.width * 4;
    const slots = pad16((TICK_WORDS + phases.length) * 4);
    const waiting = slots + pad16(call.streams * 8);
    const first = waiting + pad16(capacity * 4);
    const bytes = first + capacity * this.#placeBytes;
    const room = pad16(capacity * this.#sampleBytes);
    const at = states.reserve(bytes + room);
    this.#at = at;
    this.#waiting = at + waiting;
    this.#first = at + first;
    this.#next = at + bytes;
    this.#end = this.#next + room;
    this.#rooms = [{ at: this.#next, bytes: room }];
    const record: Record<(typeof TICK)[number], number> = {
      plan,
      input: input.at,
      inputStride: input.stride,
      inputBytes: input.width * 4,
      output: output.at,
      outputStride: output.stride,
      rowsAt: output.rowsAt,
      streams: call.streams,
      slots: at + slots,
      rings: at + slots + call.streams * 4,
      places: this.#first,
      placeBytes: this.#placeBytes,
      newest: stateBytes,
      waiting: this.#waiting,
      waitingEnd: this.#first,
      phases: phases.length,
    };
    const { integers } = states.session;
    ASSERT: expectOrder(TICK, record);
    integers.set([...Object.values(record), ...phases], at / 4);
    // States that grow say where their rows are: nowhere yet.
    const end = states.session.image.rowBytes ? this.state(capacity) : this.#first;
    integers.fill(0, this.#waiting / 4, end / 4);
  }

  /** Address of the state of a place. */
  state(place: number): number {
    return this.#first + place * this.#placeBytes;
  }

  /** Index of its newest output among the floats of the session. */
  newest(place: number): number {
    return (this.state(place) + this.#session.image.stateBytes) / 4;
  }

  /** Sets a place to the beginning of a sequence; no sample waits there. */
  clear(place: number): void {
    const session = this.#session;
    const newest = this.newest(place);
    this.#owner.states!.clear(this.state(place));
    session.floats.fill(NaN, newest, newest + session.image.output.width);
    this.drop(place);
  }

  /** Drops the samples that wait there. */
  drop(place: number): void {
    this.#session.integers[this.#waiting / 4 + place] = 0;
  }

  /** Samples that wait there. */
  waits(place: number): number {
    const { integers } = this.#session;
    const newest = integers[this.#waiting / 4 + place]!;
    let count = 0;
    for (let at = newest; at && (at !== newest || !count); at = integers[at >>> 2]!) count++;
    return count;
  }

  /** Copies state and newest output of one place to another, where no sample waits. Not of states that grow. */
  copy(from: number, to: number): void {
    const { integers } = this.#session;
    const [source, target] = [this.state(from), this.state(to)];
    integers.copyWithin(target / 4, source / 4, (source + this.#placeBytes) / 4);
    integers[slotOf(target) / 4] = target;
  }

  /**
   * Where the next sample is to be written. Memory grows when more samples wait than ever before.
   *
   * @returns its address
   * @throws RangeError if there is none; then nothing has changed
   */
  sample(): number {
    if (this.#next + this.#sampleBytes > this.#end) this.#grow();
    return this.#next + LINK;
  }

  /** Lets what has been written there wait. */
  wait(place: number): void {
    const { integers } = this.#session;
    const at = this.#next;
    const ring = this.#waiting / 4 + place;
    const newest = integers[ring]!;
    // The newest one knows the oldest.
    integers[at / 4] = newest ? integers[newest >>> 2]! : at;
    if (newest) integers[newest >>> 2] = at;
    integers[ring] = at;
    this.#next = at + this.#sampleBytes;
  }

  /** Takes all samples that wait. */
  tick(): void {
    this.#session.exports.tick(this.#at);
    while (this.#rooms.length > 1) this.#release(this.#rooms.shift()!);
    this.#next = this.#rooms[0]!.at;
  }

  /** Gives the memory back, if it is still there. */
  release(): void {
    const bytes = this.state(this.#capacity) - this.#at;
    const states = this.#owner.states;
    if (states?.session.image.rowBytes) {
      for (let place = 0; place < this.#capacity; place++) states.clear(this.state(place));
    }
    for (const room of [...this.#rooms, { at: this.#at, bytes }]) this.#release(room);
  }

  get #session(): Session {
    return this.#owner.states!.session;
  }

  #release({ at, bytes }: Room): void {
    this.#owner.states?.release(at, bytes);
  }

  #grow(): void {
    const bytes = 2 * this.#rooms.at(-1)!.bytes;
    const at = this.#owner.states!.reserve(bytes);
    this.#rooms.push({ at, bytes });
    this.#next = at;
    this.#end = at + bytes;
  }
}

interface Room {
  readonly at: number;
  readonly bytes: number;
}
