import { expect } from "vitest";
import { Engine } from "../../bindings/model/engine.js";
import { EDITION } from "./edition.js";
import type { MadeUp } from "./models.js";
import { Random } from "./random.js";

/**
 * Runs a model in calls of any length, several streams in lock step: each must leave the rows that its clocks foretell,
 * whose number is known before anything runs. Weights and samples are zeros: rows do not depend on them.
 */
export function expectForetold(
  { description, tensors }: MadeUp,
  steps: number,
  seed: number,
): void {
  const infos = [...tensors].map(([name, { shape }]) => [name, { shape, dtype: "f32" }] as const);
  const engine = new Engine(EDITION, description, new Map(infos));
  const isWhole = engine.plan.wholeSequence !== undefined;
  const states = isWhole ? engine.resized("test", steps) : engine.running("test");
  const { plan } = engine;
  const { session } = states;
  const random = new Random(seed);
  const streams = isWhole ? 1 : 1 + random.integer(3);
  const most = isWhole ? steps : Math.floor(plan.capacity.rows / streams);
  const zeros = new Float32Array(plan.input.width);
  const call = (from: number, count: number, isEnd: boolean) => {
    const foretold = plan.rowsAfter(from + count, isEnd) - plan.rowsAfter(from, false);
    engine.makeRoom("test", plan.slotsAt, streams, count);
    for (let row = 0; row < streams * count; row++) session.write(row, zeros, 0);
    const rows = session.run(plan.slotsAt, streams, count, isEnd);
    expect(rows, `rows of ${count} steps at ${from}`).toBe(
      plan.output.isSingle ? Math.min(1, foretold) : foretold,
    );
    const last = plan.statesAt + (streams - 1) * plan.stateBytes;
    expect([states.position(last), states.isEnded(last)]).toEqual([from + count, isEnd]);
  };
  const endsLater = !isWhole && random.next() < 0.5;
  for (let at = 0; at < steps;) {
    const count = isWhole ? steps : Math.min(steps - at, 1 + random.integer(most));
    call(at, count, at + count === steps && !endsLater);
    at += count;
  }
  if (endsLater) call(steps, 0, true);
}
