import { expect } from "vitest";
import type { Model } from "../../bindings/model/model.js";
import { expectBits, type Journal, journalOf, pushed, type Sequence } from "./entries.js";
import { Random } from "./random.js";

type Stream = ReturnType<Model["stream"]>;

/** One sequence on its way through a model, whoever holds its past. */
export interface Journey {
  readonly model: Model;
  readonly input: Sequence;
  readonly random: Random;
  /** What it must give. */
  readonly journal: Journal;
  /** Its snapshots, by position: equal pasts have equal ones. */
  readonly snapshots: readonly Uint8Array[];
  /** Who holds it now; its position is that of the journey. */
  stream: Stream;
}

/** A way to go on, or to change what holds the past. @throws Error if an output is not what it must be */
export type Move = (journey: Journey) => void;

/** Samples that follow, a few or more than a call takes, and what they must give. */
export function next({ model, input, random, journal, stream }: Journey) {
  const at = stream.position;
  const left = input.length / model.inputSize - at;
  const count = Math.min(left, 1 + random.integer(random.next() < 0.5 ? 4 : 80));
  const samples = input.subarray(at * model.inputSize, (at + count) * model.inputSize);
  return { at, count, samples, wanted: pushed(model, journal, at, count) };
}

/** Every way there is for one stream; tests of others add theirs. */
export const MOVES: Readonly<Record<string, Move>> = {
  step({ model, input, journal, stream }) {
    const at = stream.position;
    const sample = input.subarray(at * model.inputSize, (at + 1) * model.inputSize);
    expectBits(`step ${at}`, stream.step(sample), [journal.newest[at + 1]!]);
  },
  push(journey) {
    const { at, count, samples, wanted } = next(journey);
    expectBits(`push of ${count} at ${at}`, journey.stream.push(samples), [wanted]);
  },
  last(journey) {
    const { at, count, samples } = next(journey);
    const newest = journey.journal.newest[at + count]!;
    expectBits(`last of ${count} at ${at}`, journey.stream.last(samples), [newest]);
  },
  advance(journey) {
    const { model, snapshots, stream } = journey;
    const { at, samples, wanted } = next(journey);
    const { output, snapshot } = model.advance(at ? snapshots[at] : undefined, samples);
    expectBits(`advance at ${at}`, output, [wanted]);
    stream.load(snapshot);
  },
  restore(journey) {
    const { model, stream } = journey;
    journey.stream = model.restore(stream.save());
    stream.dispose();
  },
  load(journey) {
    const { random, snapshots, stream } = journey;
    const kept = stream.save();
    stream.load(snapshots[random.integer(snapshots.length)]!);
    expect(() => stream.load(kept.subarray(1))).toThrow("Cannot load the snapshot");
    stream.load(kept);
  },
  fork(journey) {
    const { stream } = journey;
    journey.stream = stream.fork();
    stream.push(next(journey).samples);
    stream.dispose();
  },
};

/** Goes through one sequence by any mix of moves, which must give the bits that single steps give. */
export function expectMixed(model: Model, input: Sequence, seed: number, moves = MOVES): void {
  if (model.report().notStreamable !== undefined) return;
  const random = new Random(seed);
  const journal = journalOf(model, input);
  const snapshots = snapshotsOf(model, input);
  const stream = model.stream();
  const journey: Journey = { model, input, random, journal, snapshots, stream };
  const names = Object.keys(moves);
  for (let tries = 0; tries < 20; tries++) {
    const { position } = journey.stream;
    if (position === snapshots.length - 1) journey.stream.load(snapshots[0]!);
    const name = names[random.integer(names.length)]!;
    moves[name]!(journey);
    const saved = journey.stream.save();
    const wanted = snapshots[journey.stream.position]!;
    expect(Buffer.compare(saved, wanted), `snapshot after ${name} at ${position}`).toBe(0);
  }
  journey.stream.dispose();
}

function snapshotsOf(model: Model, input: Sequence): Uint8Array[] {
  const stream = model.stream();
  const snapshots = [stream.save()];
  for (let at = 0; at < input.length; at += model.inputSize) {
    stream.step(input.subarray(at, at + model.inputSize));
    snapshots.push(stream.save());
  }
  stream.dispose();
  return snapshots;
}
