import { LmuError } from "../errors.js";
import type { Model, Stream } from "../index.js";

/** A stream and the ids that it has read. */
interface Past {
  readonly ids: Int32Array;
  readonly stream: Stream;
}

/** Streams that are kept for prompts which begin with what they have read; the least recently used one goes first. */
export class Kept {
  /** The most recently used last. */
  readonly #pasts: Past[] = [];

  /** @param most - streams that are kept */
  constructor(
    private readonly model: Model,
    private readonly most: number,
  ) {}

  /**
   * A stream that has read as much of a prompt as any that is kept, but never its last token: its logits are still to come.
   *
   * @returns the stream, and the ids that it has read
   * @throws LmuError disposed, model-too-large
   */
  open(prompt: Int32Array): { stream: Stream; read: number[] } {
    const before = prompt.subarray(0, -1);
    let best: Past | undefined;
    for (const past of this.#pasts) {
      if (past.ids.length > (best?.ids.length ?? 0) && begins(before, past.ids)) best = past;
    }
    if (!best) return { stream: this.model.stream(), read: [] };
    this.#use(best);
    return { stream: best.stream.fork(), read: [...best.ids] };
  }

  /** Keeps a copy of a stream, where there is memory for it: that is no reason for a text to fail. */
  keep(read: readonly number[], stream: Stream): void {
    if (read.length === 0) return;
    const same = this.#pasts.find(({ ids }) => ids.length === read.length && begins(read, ids));
    if (same) return this.#use(same);
    if (this.#pasts.length === this.most) this.#pasts.shift()!.stream.dispose();
    try {
      this.#pasts.push({ ids: Int32Array.from(read), stream: stream.fork() });
    } catch (cause) {
      if (!(cause instanceof LmuError)) throw cause;
    }
  }

  #use(past: Past): void {
    this.#pasts.splice(this.#pasts.indexOf(past), 1);
    this.#pasts.push(past);
  }
}

function begins(ids: ArrayLike<number>, beginning: Int32Array): boolean {
  return beginning.length <= ids.length && beginning.every((id, i) => id === ids[i]);
}
