import { disposeWhenForgotten, isDisposedOf } from "../dispose.js";
import { LmuError } from "../errors.js";

/** What an object here has in the worker: until it is disposed of, or collected. */
export class Lifetime {
  readonly #owner: object;
  readonly #name: string;
  readonly #close: () => void;
  #isOver = false;

  /**
   * @param name - of the owner, in messages
   * @param close - closes it in the worker, after the calls made before; must not hold the owner
   */
  constructor(owner: object, name: string, close: () => void) {
    this.#owner = owner;
    this.#name = name;
    this.#close = close;
    disposeWhenForgotten(owner, close);
  }

  /** @throws LmuError disposed */
  expectAlive(action: string): void {
    if (!this.#isOver) return;
    throw new LmuError("disposed", `Cannot ${action}: the ${this.#name} is disposed`);
  }

  /** Ends it, this way or as it would if it were collected. Idempotent. */
  end(close: () => void = this.#close): void {
    if (this.#isOver) return;
    this.#isOver = true;
    isDisposedOf(this.#owner);
    close();
  }
}
