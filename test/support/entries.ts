import { joined } from "../../bindings/joined.js";
import type { Model } from "../../bindings/model/model.js";
import { Random } from "./random.js";

/** One sequence: features or token ids. */
export type Sequence = Float32Array | Int32Array;

/** What a stream gives that takes one sample at a time; everything else is compared with it. */
export interface Journal {
  /** All rows, in a model of sequences. */
  readonly rows: Float32Array;
  /** How many there were after so many samples. */
  readonly counts: readonly number[];
  /** The newest output after so many samples. */
  readonly newest: readonly Float32Array[];
}

/** Runs one sequence through any mix of entries. @throws Error if the bits of one of them differ from run's */
export function expectSameBits(model: Model, input: Sequence, whole: Float32Array, seed: number) {
  const random = new Random(seed);
  const other = shuffled(input, random);
  expectBits("batch", model.run(join(input, other, input), { batch: 3 }), [
    whole,
    model.run(other),
    whole,
  ]);
  if (model.report().notStreamable !== undefined) return;
  const journal = journalOf(model, input);
  const stream = model.stream();
  const disturb = [
    () => expectBits("run", model.run(input), [whole]),
    () => model.run(join(other, input, other), { batch: 3 }),
    () => model.stream().push(other),
    () => stream.reset(),
  ];
  for (let tries = 0; tries < 8; tries++) {
    walk(stream, model, input, journal, random);
    disturb[random.integer(disturb.length)]!();
  }
  stream.reset();
  const first = stream.push(input);
  const rest = stream.end();
  expectBits("push and end", model.returnsSequence ? join(first, rest) : rest, [whole]);
  stream.dispose();
}

/** Steps, or pushes a few samples, from wherever the stream is. */
function walk(
  stream: ReturnType<Model["stream"]>,
  model: Model,
  input: Sequence,
  journal: Journal,
  random: Random,
): void {
  const { inputSize } = model;
  const at = stream.position;
  const left = input.length / inputSize - at;
  const taken = Math.min(left, random.integer(random.next() < 0.5 ? 4 : 80));
  const chunk = input.subarray(at * inputSize, (at + taken) * inputSize);
  if (taken === 1 && random.next() < 0.7) {
    expectBits(`step ${at}`, stream.step(chunk), [journal.newest[at + 1]!]);
    return;
  }
  expectBits(`push of ${taken} at ${at}`, stream.push(chunk), [pushed(model, journal, at, taken)]);
}

/** What push must give for so many samples from a position on. */
export function pushed(
  { outputSize, returnsSequence }: Model,
  { rows, counts, newest }: Journal,
  at: number,
  taken: number,
): Float32Array {
  return returnsSequence
    ? rows.subarray(counts[at]! * outputSize, counts[at + taken]! * outputSize)
    : newest[at + taken]!;
}

export function journalOf(model: Model, input: Sequence): Journal {
  const { inputSize, outputSize, returnsSequence } = model;
  const stream = model.stream();
  const rows: number[] = [];
  const newest = [new Float32Array(outputSize).fill(NaN)];
  const counts = [0];
  for (let at = 0; at < input.length; at += inputSize) {
    const made = stream.push(input.subarray(at, at + inputSize));
    rows.push(...made);
    counts.push(rows.length / outputSize);
    newest.push(made.length ? made.slice(-outputSize) : newest.at(-1)!);
  }
  stream.dispose();
  return { rows: returnsSequence ? Float32Array.from(rows) : new Float32Array(), counts, newest };
}

/** @throws Error unless the bits are those of the parts, one after another */
export function expectBits(entry: string, got: Float32Array, parts: readonly Float32Array[]): void {
  const wanted = join(...parts);
  const bytesOf = ({ buffer, byteOffset, byteLength }: Sequence) =>
    Buffer.from(buffer, byteOffset, byteLength);
  if (bytesOf(got).equals(bytesOf(wanted))) return;
  const first = got.findIndex((value, i) => !Object.is(value, wanted[i]));
  throw new Error(
    `${entry} gives ${got.length} values, expected ${wanted.length}; ` +
      `number ${first} is ${got[first]}, expected ${wanted[first]}`,
  );
}

function join<T extends Sequence>(...parts: readonly T[]): T {
  return joined(parts[0]!.constructor as new (length: number) => T, parts);
}

/** Other values that a model may read. */
function shuffled<T extends Sequence>(input: T, random: Random): T {
  return input.map(() => input[random.integer(input.length)]!) as T;
}
