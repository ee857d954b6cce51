import { expect } from "vitest";
import { compileModel } from "../../bindings/compile/compile.js";
import type { Model } from "../../bindings/index.js";

/** The exports of a compiled model. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  step(n: number): number;
  end(): number;
  push(n: number, how: number): number;
  room(bytes: number): number;
  reset(): void;
  run(at: number, streams: number, n: number, ends: number): number;
  score(from: number, to: number, count: number, length: number): number;
  latest(at: number): number;
  save(at: number, to: number): number;
  restore(at: number, from: number, bytes: number): number;
}

/** A compiled model, called as docs/compiled.md says. */
export class CompiledHost {
  readonly bytes: Uint8Array;
  readonly exports: Exports;
  /** Values of the globals. */
  readonly at: Readonly<Record<string, number>>;
  readonly #isSingle: boolean;
  readonly #isTokens: boolean;

  /** @param steps - that a sequence may have, for models whose states grow */
  constructor(model: Model, steps?: number) {
    this.bytes = compileModel(model, "0.0.0", steps).bytes;
    const module = new WebAssembly.Module(this.bytes as Uint8Array<ArrayBuffer>);
    const { exports } = new WebAssembly.Instance(module);
    this.exports = exports as unknown as Exports;
    const globals = Object.entries(exports).flatMap(([name, one]) =>
      one instanceof WebAssembly.Global ? [[name, one.value as number] as const] : [],
    );
    this.at = Object.fromEntries(globals);
    this.#isSingle = !model.returnsSequence;
    this.#isTokens = model.vocabulary !== undefined;
  }

  get memory(): Uint8Array {
    return new Uint8Array(this.exports.memory.buffer);
  }

  /** Writes samples as rows of input, from a row on. */
  write(samples: ArrayLike<number>, row = 0): void {
    const { inputs, input, input_stride } = this.at as Record<string, number>;
    const View = this.#isTokens ? Int32Array : Float32Array;
    for (let i = 0; i < samples.length; i += inputs!) {
      const at = input! + (row + i / inputs!) * input_stride!;
      const view = new View(this.exports.memory.buffer, at, inputs);
      for (let j = 0; j < inputs!; j++) view[j] = samples[i + j]!;
    }
  }

  /** Rows of output. */
  read(rows: number, first = 0, step = 1): Float32Array {
    const { outputs, output, output_stride } = this.at as Record<string, number>;
    const result = new Float32Array(rows * outputs!);
    for (let row = 0; row < rows; row++) {
      const at = output! + (first + row * step) * output_stride!;
      result.set(new Float32Array(this.exports.memory.buffer, at, outputs), row * outputs!);
    }
    return result;
  }

  /** What a push into a stream returns. */
  #outputs(rows: number): Float32Array {
    if (!this.#isSingle) return this.read(rows);
    const at = this.exports.latest(this.at.state!);
    const { outputs } = this.at;
    if (!at) return new Float32Array(outputs!).fill(NaN);
    return new Float32Array(this.exports.memory.buffer, at, outputs).slice();
  }

  push(samples: ArrayLike<number>): Float32Array {
    this.write(samples);
    return this.#outputs(this.exports.step(samples.length / this.at.inputs!));
  }

  end(): Float32Array {
    return this.#outputs(this.exports.end());
  }

  save(): Uint8Array {
    const { state, heap } = this.at as Record<string, number>;
    return this.memory.slice(heap, heap! + this.exports.save(state!, heap!));
  }

  restore(snapshot: Uint8Array): number {
    const { state, heap } = this.at as Record<string, number>;
    this.memory.set(snapshot, heap);
    return this.exports.restore(state!, heap!, snapshot.length);
  }

  score(samples: Float32Array | Int32Array, count: number): Float32Array {
    const { heap, inputs, outputs } = this.at as Record<string, number>;
    const length = samples.length / count / inputs!;
    const to = heap! + samples.byteLength;
    const most = count * (length + 64) * outputs! * 4;
    this.exports.memory.grow(Math.ceil((to + most - this.memory.length) / 65536) + 1);
    this.memory.set(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength), heap);
    const rows = this.exports.score(heap!, to, count, length);
    return new Float32Array(this.exports.memory.buffer, to, count * rows * outputs!).slice();
  }
}

/** What only calls that do something may change. */
export function expectUnchanged(compiled: CompiledHost, call: () => number, wanted: number): void {
  const before = compiled.memory.slice();
  expect(call()).toBe(wanted);
  expect(Buffer.compare(compiled.memory, before)).toBe(0);
}
