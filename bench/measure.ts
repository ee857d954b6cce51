import { cpus } from "node:os";
import { Bench } from "tinybench";

/** Something to time: `run` does `count` units of work. */
export interface Candidate {
  readonly name: string;
  readonly count: number;
  run(): void;
}

/** Nanoseconds per unit: median over rounds, and the fastest and slowest round. */
export interface Timing {
  readonly name: string;
  readonly median: number;
  readonly fastest: number;
  readonly slowest: number;
  /** Per round, for ratios of candidates timed in the same round. */
  readonly rounds: readonly number[];
}

/**
 * Times candidates against one another: every round runs each of them once, in turning order, so that a busy machine
 * hurts all alike. A round's figure is the median of its samples.
 */
export async function measure(
  candidates: readonly Candidate[],
  { rounds = 9, milliseconds = 40, warmup = 200, iterations = 64 } = {},
): Promise<Timing[]> {
  const figures = new Map<string, number[]>(candidates.map(({ name }) => [name, []]));
  for (const candidate of candidates) for (let i = 0; i < warmup; i++) candidate.run();
  for (let round = 0; round < rounds; round++) {
    const turn = round % candidates.length;
    for (const { name, count, run } of [...candidates.slice(turn), ...candidates.slice(0, turn)]) {
      const bench = new Bench({ time: milliseconds, iterations, warmup: false });
      bench.add(name, run);
      await bench.run();
      const { result } = bench.tasks[0]!;
      if (!("latency" in result)) throw new Error(`${name} failed`, { cause: result });
      figures.get(name)!.push((result.latency.p50 * 1e6) / count);
    }
  }
  return candidates.map(({ name }) => {
    const each = figures.get(name)!;
    const sorted = [...each].sort((a, b) => a - b);
    return {
      name,
      median: sorted[sorted.length >> 1]!,
      fastest: sorted[0]!,
      slowest: sorted.at(-1)!,
      rounds: each,
    };
  });
}

/** Median over rounds of how many times longer `slow` took than `fast`. */
export function ratio(slow: Timing, fast: Timing): number {
  const each = slow.rounds.map((value, i) => value / fast.rounds[i]!).sort((a, b) => a - b);
  return each[each.length >> 1]!;
}

/** What the figures were measured on. */
export function machine(): string {
  const { node, v8 } = process.versions;
  return `${cpus()[0]?.model ?? "unknown processor"}, Node ${node} (V8 ${v8})`;
}

/** Rows as an aligned table; the first row is the heading, the first `texts` columns are texts. */
export function table(rows: readonly (readonly string[])[], texts = 1): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column < texts ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
      )
      .join("  ");
  return rows.map(line).join("\n");
}
