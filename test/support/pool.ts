import type { Model } from "../../bindings/model/model.js";
import { expectBits, type Sequence } from "./entries.js";
import { Random } from "./random.js";

type Stream = ReturnType<Model["stream"]>;
type Pool = ReturnType<Model["pool"]>;

/** A stream of the pool, and one alone that gets the same samples. */
interface Pair {
  id: number;
  readonly alone: Stream;
  /** The newest output of the one alone. */
  newest: Float32Array;
  /** What waits for the next tick. */
  waiting: Sequence[];
}

/**
 * Streams of a pool do what they like, some ticks long: open, close, reset, fork, save and restore, take none, one or several
 * samples. Their outputs must be, bit by bit, those of streams alone.
 */
export function expectPooled(model: Model, input: Sequence, seed: number, ticks = 12): void {
  if (model.report().notStreamable !== undefined) return;
  const random = new Random(seed);
  // More than go into one call, mostly.
  const pool = model.pool(1 + random.integer(40));
  const pairs: Pair[] = [];
  const world = { model, pool, pairs, random, input };
  for (let tick = 0; tick < ticks; tick++) {
    while (pool.size < pool.capacity && random.next() < 0.9) open(world);
    for (const pair of [...pairs]) if (random.next() < 0.2) disturb(world, pair);
    for (let i = pairs.length * 2; i > 0; i--) give(world, pairs[random.integer(pairs.length)]);
    pool.tick();
    for (const pair of pairs) settle(pool, pair, tick);
  }
  for (const { alone } of pairs) alone.dispose();
  pool.dispose();
}

interface World {
  readonly model: Model;
  readonly pool: Pool;
  readonly pairs: Pair[];
  readonly random: Random;
  readonly input: Sequence;
}

function open({ model, pool, pairs }: World): void {
  const newest = new Float32Array(model.outputSize).fill(NaN);
  pairs.push({ id: pool.open(), alone: model.stream(), newest, waiting: [] });
}

/** Some samples at once now and then: half of the streams get none. */
function give({ model, pool, random, input }: World, pair: Pair | undefined): void {
  if (!pair || pair.id % 2 === random.integer(2)) return;
  const count = random.next() < 0.1 ? random.integer(9) : 1;
  for (let i = 0; i < count; i++) {
    const at = random.integer(input.length / model.inputSize) * model.inputSize;
    const sample = input.slice(at, at + model.inputSize);
    pool.push(pair.id, sample);
    pair.waiting.push(sample);
  }
}

function disturb({ model, pool, pairs, random }: World, pair: Pair): void {
  const kind = random.integer(4);
  if (kind === 0) {
    pool.close(pair.id);
    pair.alone.dispose();
    pairs.splice(pairs.indexOf(pair), 1);
  } else if (kind === 1) {
    pool.reset(pair.id);
    pair.alone.reset();
    pair.newest.fill(NaN);
    pair.waiting = [];
  } else if (kind === 2 && pool.size < pool.capacity) {
    const { newest, alone } = pair;
    const id = pool.fork(pair.id);
    pairs.push({ id, alone: alone.fork(), newest: newest.slice(), waiting: [] });
  } else if (kind === 3) {
    // From one home to another and back.
    const stream = model.restore(pool.save(pair.id));
    const snapshot = stream.save();
    stream.dispose();
    pool.close(pair.id);
    pair.id = pool.restore(snapshot);
    for (const sample of pair.waiting) pool.push(pair.id, sample);
    // Whatever a snapshot does not say is not known before the next sample.
    if (pair.waiting.length === 0) pair.newest.set(pool.output(pair.id));
  }
}

function settle(pool: Pool, pair: Pair, tick: number): void {
  for (const sample of pair.waiting) pair.newest.set(pair.alone.step(sample));
  pair.waiting = [];
  const { position } = pair.alone;
  if (pool.position(pair.id) !== position) throw new Error(`position is not ${position}`);
  expectBits(`stream ${pair.id} after tick ${tick}`, pool.output(pair.id), [pair.newest]);
}
