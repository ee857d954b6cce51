/**
 * Runs models that `lmu-wasm compile` has made, one stream each. docs/compiled.md specifies them.
 *
 * @module lmu-wasm/compiled
 */
import type { Meta } from "../compile/meta.js";
import type { LmuErrorCode } from "../errors.js";
import type { WasmModule } from "../runtime/kernel.js";

export type { Meta };

/** One sample, or several one after another: features, or token ids. */
export type Samples = Float32Array | Float64Array | Int32Array | readonly number[];

/** A Float32Array in memory that no thread shares. */
export type Floats = ReturnType<typeof Float32Array.of>;

/** A Uint8Array in memory that no thread shares. */
export type Bytes = ReturnType<typeof Uint8Array.of>;

/** What holds a compiled model: its bytes, a WebAssembly.Module, a Response. */
export type CompiledSource = Uint8Array | ArrayBuffer | WasmModule | Pick<Blob, "arrayBuffer">;

/**
 * A compiled model and its one stream, with the bits, the checks and the codes of errors of the package's `Stream`. A module can
 * be instantiated as often as there are streams.
 */
export interface Compiled<M extends Meta = Meta> {
  /** What the model says of itself. */
  readonly meta: M;
  /** Samples seen since the beginning or the last reset. */
  readonly position: number;
  /**
   * Takes one sample and returns the output after it; the newest one again where a sample gives none, NaN before the first.
   *
   * @returns f32[outputSize], the same array every time
   * @throws TypeError, RangeError if the sample is of the wrong kind or length; an error with code input-invalid if a value is
   *   not finite in f32 (or no token id), or after the end
   */
  step(sample: Samples | number): Floats;
  /**
   * Takes a chunk of samples: any chunking gives the same bits.
   *
   * @param chunk - f32[steps, inputSize], row by row, or ids[steps]
   * @returns a new array: [rows, outputSize], or the last output, [outputSize], if the model returns no sequences
   * @throws as step
   */
  push(chunk: Samples): Floats;
  /**
   * Ends the sequence; then only reset and restore go on.
   *
   * @returns a new array: the outputs that look-ahead held back, or the last output
   * @throws an error with code input-invalid if it has ended already
   */
  end(): Floats;
  /** Returns to the beginning of a sequence. */
  reset(): void;
  /**
   * The past as a snapshot of the package, f32.
   *
   * @throws an error with code snapshot-invalid if the state is not finite
   */
  save(): Bytes;
  /**
   * Goes on from a snapshot of this model, compiled or not, of any type.
   *
   * @throws an error with code snapshot-invalid, snapshot-newer, snapshot-other-model; then the past is as it was
   */
  restore(snapshot: Uint8Array): void;
}

/** What a compiled model exports. Globals are objects that count as their numbers: WebAssembly.Global has a valueOf. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly state: number;
  readonly heap: number;
  room(bytes: number): number;
  push(steps: number, how: number): number;
  reset(): void;
  save(state: number, to: number): number;
  restore(state: number, from: number, bytes: number): number;
}

/** Throws an error of this library, without its class. */
function refuse(code: LmuErrorCode): never {
  throw Object.assign(Error(`Cannot run the model: ${code}`), {
    name: "LmuError",
    code,
    [Symbol.for("lmu-wasm.LmuError")]: true,
  });
}

/** Makes a compiled module ready at once. @throws TypeError if it is something else */
export function instantiate<M extends Meta = Meta>(module: WasmModule): Compiled<M> {
  const meta = JSON.parse(
    new TextDecoder().decode(WebAssembly.Module.customSections(module, "lmu")[0]),
  ) as M;
  const { inputSize, outputSize } = meta;
  const { memory, state, heap, room, push, reset, save, restore } = new WebAssembly.Instance(module)
    .exports as unknown as Exports;
  const newest = new Float32Array(outputSize);

  /** Takes samples, all or one or none; how is that of docs/compiled.md. */
  const run = (samples: Samples, how: number): Floats => {
    const length = samples.length;
    if (!(samples as readonly unknown[]).every((value) => typeof value === "number")) {
      throw TypeError("Cannot run the model: input");
    }
    if (how > 1 ? length !== inputSize : length % inputSize) {
      throw RangeError("Cannot run the model: input");
    }
    room(length * 8);
    new Float64Array(memory.buffer, heap).set(samples);
    const rows = push(length / inputSize, how);
    if (rows < 0) refuse("input-invalid");
    return new Float32Array(memory.buffer, heap + length * 8, rows * outputSize).slice();
  };
  return {
    meta,
    get position() {
      return new Float64Array(memory.buffer, state)[0]!;
    },
    step(sample) {
      newest.set(run(typeof sample === "number" ? [sample] : sample, 2));
      return newest;
    },
    push: (chunk) => run(chunk, 0),
    end: () => run([], 1),
    reset,
    save() {
      const length = save(state, heap);
      if (!length) refuse("snapshot-invalid");
      return new Uint8Array(memory.buffer, heap, length).slice();
    },
    restore(snapshot) {
      const length = snapshot.length;
      room(length);
      new Uint8Array(memory.buffer, heap).set(snapshot);
      const problem = restore(state, heap, length);
      if (problem) {
        refuse(
          (["snapshot-invalid", "snapshot-newer", "snapshot-other-model"] as const)[problem - 1]!,
        );
      }
    },
  };
}

/**
 * Makes a compiled model ready.
 *
 * @typeParam M - what `lmu-wasm compile --types` has written, if sizes are to be literals
 * @param source - its bytes, WebAssembly.Module or Response, or a promise of one
 * @throws WebAssembly.CompileError, TypeError if it is something else
 */
export async function load<M extends Meta = Meta>(
  source: CompiledSource | Promise<CompiledSource>,
): Promise<Compiled<M>> {
  const given = await source;
  const bytes = ((await (given as Partial<Response>).arrayBuffer?.()) ?? given) as Bytes;
  // Modules may be of another realm, as in Next's edge routes: instanceof would not know them.
  return instantiate(bytes.byteLength ? await WebAssembly.compile(bytes) : bytes);
}
