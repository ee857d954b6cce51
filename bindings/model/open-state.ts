import { LmuError } from "../errors.js";
import { slotOf, type States } from "../runtime/states.js";
import type { Engine } from "./engine.js";
import { advance, type Pass } from "../runtime/pass.js";
import { type Bytes, checkOutput, type Numbers } from "./ports.js";
import { type Past, readSnapshot, type SnapshotDType, writeSnapshot } from "./snapshot.js";

/** Who keeps the pasts of a stream. */
interface Keeper {
  readonly every: number;
  /** Called at multiples of every, and when the past has become another. */
  keep(isAnew: boolean): void;
}

/** The state of a stream while it is open, and its newest output. */
export class OpenState {
  /** The newest output: NaN before there is one. */
  readonly latest: Float32Array;
  readonly #engine: Engine;
  /** Address; 0 once closed. */
  #at: number;
  keeper: Keeper | undefined;
  /** Position of a past that came without its newest output, which nobody knows until the next sample. */
  #unknownAt = -1;

  /**
   * At the beginning of a sequence, or with a past.
   *
   * @throws LmuError disposed, model-too-large
   */
  constructor(engine: Engine, past?: Past) {
    this.#engine = engine;
    this.#at = engine.openState(this);
    this.latest = new Float32Array(engine.plan.output.width).fill(NaN);
    if (past) this.become(past);
  }

  /** Samples seen since the beginning. */
  get position(): number {
    return this.#engine.states?.position(this.#at) ?? 0;
  }

  get isEnded(): boolean {
    return this.#engine.states?.isEnded(this.#at) ?? false;
  }

  /** Whether the newest output is not known, though there is one. */
  get isUnknown(): boolean {
    return this.position === this.#unknownAt;
  }

  /** Address of the state; 0 once closed. */
  get at(): number {
    return this.#at;
  }

  /** What calls of this stream alone are given. */
  get slots(): number {
    return slotOf(this.#at);
  }

  /** @throws LmuError disposed */
  expectAlive(action: string): States {
    const states = this.#engine.running(action);
    if (this.#at) return states;
    throw new LmuError("disposed", `Cannot ${action}: the stream is disposed`);
  }

  /** @throws LmuError disposed, input-invalid after the end of the sequence */
  expectOpen(action: string): States {
    const states = this.expectAlive(action);
    if (!states.isEnded(this.#at)) return states;
    const message = `Cannot ${action}: its sequence has ended; reset it first`;
    throw new LmuError("input-invalid", message);
  }

  /** Back to the beginning of a sequence. @throws LmuError disposed */
  clear(action: string): void {
    this.expectAlive(action).clear(this.#at);
    this.latest.fill(NaN);
    this.#unknownAt = -1;
    this.keeper?.keep(true);
  }

  /** A copy of all that the stream has seen. @throws LmuError disposed */
  copy(action: string): Past {
    const states = this.expectAlive(action);
    const latest = this.isUnknown ? undefined : this.latest.slice();
    return { words: states.take(this.#at), rows: states.rows(this.#at).slice(), latest };
  }

  /** @throws as {@link writeSnapshot} */
  save(action: string, dtype: SnapshotDType): Bytes {
    this.expectAlive(action);
    return writeSnapshot(action, this.#engine, this.#at, this.latest, dtype);
  }

  /** @throws as {@link readSnapshot} */
  load(action: string, snapshot: unknown): void {
    const past = readSnapshot(action, this.#engine, snapshot);
    this.expectAlive(action);
    this.become(past);
    this.keeper?.keep(true);
  }

  /** Gives the state back to the model. Idempotent. */
  close(): void {
    if (this.#at) this.#engine.closeState(this, this.#at);
    this.#at = 0;
  }

  /** Takes over a past of the same model. @throws LmuError model-too-large */
  become({ words, rows, latest }: Past): void {
    this.#engine.putPast("take over a past", this.#at, words, rows);
    this.#unknownAt = latest ? -1 : this.position;
    if (latest) this.latest.set(latest);
    else this.latest.fill(NaN);
  }

  /** Steps that may be taken before the keeper wants to see the state. */
  get most(): number {
    const every = this.keeper?.every ?? Infinity;
    return every - (this.position % every);
  }

  /** Tells the keeper after steps have been taken, no more than that. */
  passed(): void {
    if (this.keeper && this.position % this.keeper.every === 0) this.keeper.keep(false);
  }

  /**
   * Runs steps of input and collects the outputs.
   *
   * @param isNewest - whether the newest output alone is wanted
   * @param many - 0 if they are to be taken as steps are
   * @throws TypeError, RangeError, LmuError as Stream.push
   */
  take<Output extends Float32Array>(
    action: string,
    input: Numbers,
    steps: number,
    isEnd: boolean,
    output: Output | undefined,
    isNewest = false,
    many = 0,
  ): Output {
    const { session } = this.expectOpen(action);
    const { position, slots, latest } = this;
    const { plan } = this.#engine;
    const { width } = plan.output;
    const isSingle = isNewest || plan.output.isSingle;
    const fresh = plan.rowsAfter(position + steps, isEnd) - plan.rowsAfter(position, false);
    const rows = isSingle ? 1 : fresh;
    if (isSingle && fresh === 0 && this.isUnknown) {
      const message = `Cannot ${action}: its snapshot came without the newest output, expected a sample first`;
      throw new LmuError("input-invalid", message);
    }
    checkOutput(action, output, rows * width);
    this.#engine.makeRoom(action, slots, 1, steps);
    const result = output ?? new Float32Array(rows * width);
    const pass: Pass = {
      ...{ slots, streams: 1, first: 0, input, steps, isEnd, isNewest },
      ...{ output: isSingle ? latest : result, rows, taken: 0, made: 0 },
      // Whoever reads the samples may have stepped this stream.
      many: many && position === 0 ? 2 : many,
    };
    // Without samples nothing is called: rows for which padding in front suffices come with the first one.
    if (steps > 0 || isEnd) {
      const most = this.#engine.most(1, many > 0);
      do {
        const made = advance(session, pass, Math.min(most, this.most));
        if (made > 0) session.read(made - 1, latest, 0);
        this.passed();
      } while (pass.taken < steps);
    }
    if (isSingle) result.set(latest);
    return result as Output;
  }
}

/** @throws LmuError not-streamable if the model needs its whole sequence at once */
export function expectStreamable({ plan }: Engine, action: string): void {
  if (plan.wholeSequence === undefined) return;
  const message = `Cannot ${action}: ${plan.wholeSequence}; use model.run()`;
  throw new LmuError("not-streamable", message);
}
