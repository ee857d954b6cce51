import { expect } from "vitest";
import { Timeline } from "../../bindings/index.js";
import { expectBits, pushed } from "./entries.js";
import { type Move, MOVES, next } from "./mixed.js";
import { pooled } from "./pooled.js";
import { expectRefused, refuse } from "./refusals.js";

/** Every way to go on, or to disturb who holds the past. */
export const EVERY: Readonly<Record<string, Move>> = {
  ...MOVES,
  refuse,
  pooled,
  /** Whole sequences run beside open streams, and are what these give. */
  batch({ model, input, journal }) {
    const steps = input.length / model.inputSize;
    const twice = model.run([...input, ...input], { batch: 2 });
    const [first, second] = [twice.subarray(0, twice.length / 2), twice.subarray(twice.length / 2)];
    expectBits("batch", first, [second]);
    if (model.lookAhead === 0) expectBits("run", first, [pushed(model, journal, 0, steps)]);
  },
  /** A past that has ended stays so, and takes nothing more, wherever it goes. */
  end({ model, random, stream }) {
    const ended = stream.fork();
    // After a restore, a model that returns its last output alone may not know it before the next sample.
    try {
      ended.end();
    } catch (error) {
      expect(String(error)).toContain("without the newest output");
      return ended.dispose();
    }
    const again = random.next() < 0.5 ? ended.fork() : model.restore(ended.save());
    expectRefused("a step after the end", () => again.step(new Float32Array(model.inputSize)));
    expectRefused("a second end", () => again.end());
    expect(again.save()).toEqual(ended.save());
    ended.dispose();
    again.dispose();
  },
  /** Any time may pass before a sample: pasts that are equal stay so. A dt of 1 is a step. */
  gap({ model, input, random, journal, stream }) {
    const at = stream.position;
    const sample = input.subarray(at * model.inputSize, (at + 1) * model.inputSize);
    const twins = [stream.fork(), model.restore(stream.save())];
    const dt = [0.25, 2, 2.75, 1000.5, 1e6][random.integer(5)]!;
    const options = { dt, between: random.next() < 0.5 ? "hold" : "zero" } as const;
    const outputs = twins.map((twin) => {
      try {
        return twin.step(sample, new Float32Array(model.outputSize), options);
      } catch (error) {
        expect(error).toMatchObject({ code: "dt-unsupported" });
        expect(twin.position).toBe(at);
        return new Float32Array(0);
      }
    });
    expectBits(`gap of ${dt} at ${at}`, outputs[0]!, [outputs[1]!]);
    expect(twins[0]!.save()).toEqual(twins[1]!.save());
    for (const twin of twins) twin.dispose();
    expectBits(`dt 1 at ${at}`, stream.step(sample, undefined, { dt: 1 }), [
      journal.newest[at + 1]!,
    ]);
  },
  /** Pasts that were kept on the way are those that there were; one of them is gone back to. */
  timeline(journey) {
    const { random, snapshots, stream } = journey;
    const { at, count, samples, wanted } = next(journey);
    const timeline = new Timeline(stream, { every: 1 + random.integer(7), capacity: 3 });
    expectBits(`push of ${count} at ${at}`, stream.push(samples), [wanted]);
    const { positions } = timeline;
    const asked = positions[0]! + random.integer(stream.position - positions[0]! + 1);
    const kept = positions.filter((position) => position <= asked).at(-1)!;
    const past = timeline.at(asked);
    expect(past.save()).toEqual(snapshots[kept]);
    past.dispose();
    expectRefused("a past not kept", () => timeline.at(positions[0]! - 1));
    timeline.rewind(asked);
    expect(stream.position).toBe(kept);
  },
  /** Others come and go: forks of other pasts, and streams at the beginning. */
  neighbours(journey) {
    const { model, random, snapshots, stream } = journey;
    const { samples } = next(journey);
    const others = [model.stream(), stream.fork()];
    others.push(model.restore(snapshots[random.integer(snapshots.length)]!));
    const { maxSteps = Infinity } = model.report();
    for (const other of others) {
      // A past of later may have few positions left.
      other.push(samples.slice(0, (maxSteps - other.position) * model.inputSize));
    }
    others[0]!.reset();
    for (const other of others) other.dispose();
  },
};
