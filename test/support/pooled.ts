import { expect } from "vitest";
import { expectBits } from "./entries.js";
import { type Journey, next } from "./mixed.js";
import { expectRefused } from "./refusals.js";

type Pool = ReturnType<Journey["model"]["pool"]>;

/** Goes on in a pool, among others, in ticks that take any number of samples; then alone again. */
export function pooled(journey: Journey): void {
  const { model, random, snapshots, stream, journal } = journey;
  const { at, count, samples } = next(journey);
  const pool = model.pool(4 + random.integer(30));
  const others = [pool.open(), pool.restore(snapshots[random.integer(snapshots.length)]!)];
  let id = pool.restore(stream.save());
  const { inputSize } = model;
  for (let taken = 0; taken < count;) {
    const waiting = Math.min(count - taken, random.integer(4));
    for (let i = taken; i < taken + waiting; i++) {
      const sample = samples.subarray(i * inputSize, (i + 1) * inputSize);
      pool.push(id, sample);
      for (const other of others) if (random.next() < 0.5) pool.push(other, sample);
      refuse(pool, journey, id);
    }
    pool.tick();
    taken += waiting;
    if (waiting > 0)
      expectBits(`tick ${at + taken}`, pool.output(id), [journal.newest[at + taken]!]);
    expect(pool.save(id)).toEqual(snapshots[at + taken]);
    if (random.next() < 0.2) id = moved(pool, id);
  }
  stream.load(pool.save(id));
  pool.dispose();
}

/** The id of a fork whose original is closed, or of a stream restored in its place. */
function moved(pool: Pool, id: number): number {
  const next = pool.position(id) % 2 ? pool.fork(id) : pool.restore(pool.save(id));
  pool.close(id);
  expectRefused("a closed id", () => pool.push(id, 0));
  return next;
}

/** A wrong call: samples that wait, and pasts, stay as they are. */
function refuse(pool: Pool, { model, random, snapshots }: Journey, id: number): void {
  const sample = (value: number) => new Float32Array(model.inputSize).fill(value);
  const wrong: readonly (() => unknown)[] = [
    () => pool.push(id, sample(NaN)),
    () => pool.push(id, new Float32Array(model.inputSize + 1)),
    () => pool.push(id, "0" as never),
    () => pool.push(id + 0.5, sample(0)),
    () => pool.push(NaN, sample(0)),
    () => pool.output(-1),
    () => pool.output(id, new Float32Array(model.outputSize + 1)),
    () => pool.save(id, { dtype: "f8" as never }),
    () => pool.restore(snapshots.at(-1)!.subarray(4)),
    () => pool.close("id" as never),
    () => full(pool),
    () => model.pool(0),
  ];
  const index = random.integer(wrong.length);
  expectRefused(`wrong call ${index} of a pool`, wrong[index]!);
}

/** Opens streams until there is no place, and gives back what there was. */
function full(pool: Pool): void {
  const opened: number[] = [];
  try {
    while (pool.size < pool.capacity) opened.push(pool.open());
    pool.fork(opened[0] ?? NaN);
  } finally {
    for (const id of opened) pool.close(id);
  }
}
