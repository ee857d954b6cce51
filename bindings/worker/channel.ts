import { LmuError, messageOf } from "../errors.js";
import type { LoadOptions } from "../model/load-options.js";
import type { Progress } from "../source/source.js";
import type { Port } from "./port.js";
import { ACTIONS, type FromWorker, receiveError, type Request, type ToWorker } from "./protocol.js";

/** Seconds that a thread may take to start and answer. */
const PATIENCE = 30;

/** How a request is made, and who hears of it. */
export interface AskOptions {
  readonly transfer?: readonly ArrayBuffer[];
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: LoadOptions["onProgress"];
  /** Takes what the worker answers after the request has been given up: it had been done. */
  readonly late?: ((value: never) => void) | undefined;
}

/** Requests to a worker and their answers, told apart by number. */
export class Channel {
  readonly #port: Port<ToWorker, FromWorker>;
  readonly #waiting = new Map<number, Waiting>();
  /** Who takes the answers that nobody waits for any more. */
  readonly #late = new Map<number, (value: unknown) => void>();
  #ids = 0;
  #isGreeted = false;
  #failure: LmuError | undefined;

  constructor(port: Port<ToWorker, FromWorker>) {
    this.#port = port;
    port.listen(
      (message) => this.#receive(message),
      (failure) => this.#fail(failure),
    );
  }

  /**
   * Sends a request.
   *
   * @throws what the worker throws; LmuError worker-failed; the signal's reason, what onProgress throws: unchanged;
   *   TypeError if an argument cannot be sent
   */
  ask<T>(request: Request, options: AskOptions = {}): Promise<T> {
    const { transfer = [], signal, onProgress, late } = options;
    return new Promise((resolve, reject) => {
      if (this.#failure) throw this.#failure;
      signal?.throwIfAborted();
      this.#greet();
      const id = ++this.#ids;
      const abort = () => this.#giveUp(id, signal!.reason);
      signal?.addEventListener("abort", abort, { once: true });
      const done = () => signal?.removeEventListener("abort", abort);
      this.#waiting.set(id, {
        resolve: resolve as Waiting["resolve"],
        reject,
        done,
        onProgress,
        late: late as Waiting["late"],
      });
      this.#port.hold(true);
      try {
        this.#port.post({ id, request }, transfer);
      } catch (cause) {
        this.#settle(id);
        const message = `Cannot ${ACTIONS[request.call]}: an argument cannot be sent to a worker: ${messageOf(cause)}`;
        throw new TypeError(message, { cause });
      }
    });
  }

  /** Ends the thread: requests under way, and later ones, reject. Idempotent. */
  terminate(): void {
    this.#port.close();
    this.#fail("it has been terminated");
  }

  /** Fails if the thread does not answer in time: a script that runs something else would keep everybody waiting. */
  #greet(): void {
    if (this.#isGreeted) return;
    this.#isGreeted = true;
    const silence = `it is silent for ${PATIENCE} s, expected it to run lmu-wasm/worker/host.js`;
    const timer = setTimeout(() => this.#fail(silence), PATIENCE * 1000);
    const stop = () => clearTimeout(timer);
    this.ask({ call: "hello" }).then(stop, stop);
  }

  /** Nobody waits for this answer any more. */
  #settle(id: number): void {
    this.#waiting.get(id)?.done();
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#port.hold(false);
  }

  /** Rejects a request at once, and tells the worker. */
  #giveUp(id: number, reason: unknown): void {
    const { reject, late } = this.#waiting.get(id)!;
    this.#settle(id);
    if (late) this.#late.set(id, late);
    this.#port.post({ id, aborted: true }, []);
    reject(reason);
  }

  #receive(message: FromWorker): void {
    // A worker that runs something else may say anything.
    const waiting = this.#waiting.get((message as FromWorker | null)?.id ?? NaN);
    if (!waiting) return this.#receiveLate(message);
    if ("progress" in message) return this.#tell(message.id, message.progress, waiting);
    this.#settle(message.id);
    if ("error" in message) waiting.reject(receiveError(message.error));
    else waiting.resolve(message.value);
  }

  #tell(id: number, progress: Progress, { onProgress }: Waiting): void {
    try {
      onProgress?.(progress);
    } catch (reason) {
      this.#giveUp(id, reason);
    }
  }

  #receiveLate(message: FromWorker | null): void {
    const late = this.#late.get(message?.id ?? NaN);
    if (!late || "progress" in message!) return;
    this.#late.delete(message!.id);
    if ("value" in message!) late(message.value);
  }

  #fail(failure: unknown): void {
    this.#failure ??= new LmuError(
      "worker-failed",
      `Cannot use the worker: ${messageOf(failure)}`,
      { cause: failure },
    );
    for (const [id, { reject }] of this.#waiting) {
      this.#settle(id);
      reject(this.#failure);
    }
  }
}

interface Waiting {
  resolve(value: unknown): void;
  reject(reason: unknown): void;
  done(): void;
  onProgress: LoadOptions["onProgress"];
  late: ((value: unknown) => void) | undefined;
}
