import { expectInteger, expectOptions } from "../errors.js";
import { printable } from "../inspect.js";
import type { OpenState } from "./open-state.js";
import type { Past } from "./snapshot.js";
import { Stream } from "./stream.js";

/** Options of {@link Timeline}. */
export interface TimelineOptions {
  /** Samples from one past that is kept to the next: those at positions that are multiples of it. */
  every: number;
  /** Pasts that are kept, the newest. Each takes the bytes of a state, and 4 per output. */
  capacity: number;
}

/**
 * The pasts of a stream at every n-th position, to look back at and to go back to.
 *
 * From here on the stream keeps them by itself, whatever it is fed by, for as long as it lives; a newer timeline of the same
 * stream takes the place of this one. Keeping one copies the state: less than a step. `reset` and `load` begin anew.
 *
 * @example
 * ```ts
 * import { load, Timeline } from "lmu-wasm";
 *
 * const stream = (await load("models/mackey-glass.safetensors")).stream();
 * const timeline = new Timeline(stream, { every: 10, capacity: 100 });
 * stream.push(new Float32Array(25));
 * console.log(timeline.at(15).position); // 10
 * timeline.rewind(20); // the stream itself
 * console.log(stream.position, timeline.positions.join()); // 20 0,10,20
 * ```
 */
export class Timeline {
  readonly #stream: Stream;
  readonly #state: OpenState;
  readonly #capacity: number;
  #kept: { readonly position: number; readonly past: Past }[] = [];

  static {
    printable(Timeline, "Timeline", ({ positions }) => ({ positions }));
  }

  /**
   * Keeps the past there is, and those to come.
   *
   * @param stream - an open one
   * @throws TypeError, RangeError if options are of the wrong kind or no positive integers; LmuError disposed
   */
  constructor(stream: Stream, options: TimelineOptions) {
    const action = "make a timeline";
    expectOptions(action, options, ["every", "capacity"]);
    const { every, capacity } = options;
    expectInteger(action, "every", every, 1);
    expectInteger(action, "capacity", capacity, 1);
    this.#stream = stream;
    this.#capacity = capacity;
    this.#state = Stream.stateOf(stream);
    this.#keep(action);
    this.#state.keeper = {
      every,
      keep: (isAnew) => {
        if (isAnew) this.#kept = [];
        this.#keep(action);
      },
    };
  }

  /** Positions that can be gone back to, oldest first. */
  get positions(): number[] {
    return this.#kept.map(({ position }) => position);
  }

  /**
   * A new stream at a position, or at the last one before it whose past is kept: its own position says which.
   *
   * @param position - from the oldest that is kept to that of the stream
   * @throws RangeError if it is not between them; LmuError disposed, model-too-large
   */
  at(position: number): Stream {
    const { past } = this.#kept[this.#find(position)]!;
    const stream = this.#stream.fork();
    Stream.stateOf(stream).become(past);
    return stream;
  }

  /**
   * Takes the stream itself back to a position, or to the last one before it whose past is kept; forgets what came after.
   *
   * @param position - from the oldest that is kept to that of the stream
   * @throws RangeError if it is not between them; LmuError disposed
   */
  rewind(position: number): void {
    const index = this.#find(position);
    this.#kept.length = index + 1;
    this.#state.become(this.#kept[index]!.past);
  }

  #keep(action: string): void {
    const { position } = this.#state;
    // The end of a sequence may come without a sample.
    if (this.#kept.at(-1)?.position === position) return;
    this.#kept.push({ position, past: this.#state.copy(action) });
    if (this.#kept.length > this.#capacity) this.#kept.shift();
  }

  #find(position: number): number {
    const action = "go back";
    this.#state.expectAlive(action);
    const { positions } = this;
    expectInteger(action, "position", position, positions[0]!, this.#state.position);
    return positions.filter((kept) => kept <= position).length - 1;
  }
}
