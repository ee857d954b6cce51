import { expect } from "vitest";
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
  /** Others come and go: forks of other pasts, and streams at the beginning. */
  neighbours(journey) {
    const { model, random, snapshots, stream } = journey;
    const { samples } = next(journey);
    const others = [model.stream(), stream.fork()];
    others.push(model.restore(snapshots[random.integer(snapshots.length)]!));
    for (const other of others) other.push(samples);
    others[0]!.reset();
    for (const other of others) other.dispose();
  },
};
