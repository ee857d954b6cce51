import type { Pool } from "../model/pool.js";
import type { PoolAnswer, PoolRequest } from "./protocol.js";

/** A pool of the worker. */
export class HostPool {
  readonly #pool: Pool;
  /** Features of a sample and of an output. */
  readonly #inputSize: number;
  readonly #outputSize: number;
  /** Streams that have been given samples since the last tick. */
  readonly #given = new Set<number>();

  constructor(pool: Pool, inputSize: number, outputSize: number) {
    this.#pool = pool;
    this.#inputSize = inputSize;
    this.#outputSize = outputSize;
  }

  /** Takes the samples that come with a request, then does what it asks. */
  perform(request: PoolRequest): unknown {
    this.#push(request.ids, request.samples);
    const pool = this.#pool;
    const id = request.id ?? NaN;
    switch (request.call) {
      case "poolOpen":
        return this.#answer([pool.open()]);
      case "poolTick":
        return this.#tick();
      case "poolPosition":
        return pool.position(id);
      case "poolSave":
        return pool.save(id, { dtype: request.dtype });
      case "poolRestore":
        return this.#answer([pool.restore(request.snapshot!)]);
      case "poolFork":
        return this.#answer([pool.fork(id)]);
      case "poolReset":
        return pool.reset(id);
      case "poolClose":
        this.#given.delete(id);
        return pool.close(id);
      case "poolDispose":
        return pool.dispose();
    }
  }

  /** All of them, whatever becomes of one. @throws what push throws first */
  #push(ids: Float64Array, samples: Float64Array): void {
    let failure: { readonly error: unknown } | undefined;
    const sample = new Float64Array(this.#inputSize);
    ids.forEach((id, i) => {
      sample.set(samples.subarray(i * sample.length, (i + 1) * sample.length));
      try {
        this.#pool.push(id, sample);
        this.#given.add(id);
      } catch (error) {
        failure ??= { error };
      }
    });
    if (failure) throw failure.error;
  }

  #tick(): PoolAnswer {
    this.#pool.tick();
    const ids = [...this.#given];
    this.#given.clear();
    return this.#answer(ids);
  }

  #answer(ids: readonly number[]): PoolAnswer {
    const width = this.#outputSize;
    const output = new Float32Array(ids.length * width);
    ids.forEach((id, i) => this.#pool.output(id, output.subarray(i * width, (i + 1) * width)));
    return { ids: Float64Array.from(ids), output };
  }
}
