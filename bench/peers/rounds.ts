/** The same work by one runtime. */
export interface Contender {
  readonly name: string;
  /** Units of work of a call. */
  readonly count: number;
  /** Begins anew, works, and gives its last outputs. */
  run(): Promise<Float32Array> | Float32Array;
}

/** Nanoseconds a unit: of every round the median call. */
export interface Result {
  readonly name: string;
  readonly rounds: readonly number[];
}

/** Largest difference of outputs of f32, of the largest of them. */
export const TOLERANCE = 1e-3;

/** Refuses to time runtimes that compute something else. */
async function agree(contenders: readonly Contender[], tolerance: number): Promise<void> {
  const [first, ...others] = contenders;
  const ours = Float32Array.from(await first!.run());
  const scale = ours.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  for (const { name, run } of others) {
    const theirs = await run();
    const isNear = ours.every((value, i) => Math.abs(value - theirs[i]!) <= tolerance * scale);
    if (!isNear || theirs.length !== ours.length) {
      const shown = [ours, theirs].map((values) => values.slice(0, 4).join(" "));
      throw new Error(
        `${name} gives ${theirs.length} outputs ${shown[1]}, expected ${ours.length}: ${shown[0]}`,
      );
    }
  }
}

/** Compares outputs, then times: in every round each has its turn, for so many ms. */
export async function compete(
  contenders: readonly Contender[],
  rounds: number,
  tolerance = TOLERANCE,
  milliseconds = 60,
): Promise<Result[]> {
  await agree(contenders, tolerance);
  const results = contenders.map(({ name }) => ({ name, rounds: [] as number[] }));
  for (let round = -1; round < rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const i = (Math.max(0, round) + turn) % contenders.length;
      const figure = await time(contenders[i]!, milliseconds);
      // The first round is for engines to compile.
      if (round >= 0) results[i]!.rounds.push(figure);
    }
  }
  return results;
}

async function time({ run, count }: Contender, milliseconds: number): Promise<number> {
  const times: number[] = [];
  const end = performance.now() + milliseconds;
  while (times.length < 3 || performance.now() < end) {
    const start = performance.now();
    const result = run();
    // Nobody waits a turn of the event loop who has answered.
    if (result instanceof Promise) await result;
    times.push(performance.now() - start);
  }
  return (median(times) * 1e6) / count;
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}
