import { count, printable, shortened, table, wrap } from "../text.js";
import type { Figure, Result } from "./result.js";
import { type Change, RULE } from "./significance.js";
import { ROUNDS } from "./stopwatch.js";

/** Columns of a terminal that everything fits into. */
const WIDTH = 80;

/** A result as lines for people. */
export function describe(result: Result): string[] {
  const { model, machine, report, figures } = result;
  const { parameters, multiplyAdds } = report;
  return [
    model,
    `${count(parameters)} parameters, ${count(Math.round(multiplyAdds))} multiply-adds a step`,
    printable(machine),
    "",
    ...table([HEADING, ...figures.map(row)], 1),
    "",
    ...facts(result).flatMap(([name, text]) => wrap(text, WIDTH, " ".repeat(10), name.padEnd(10))),
  ];
}

const HEADING = ["", "p50", "p90", "p99", "max", "", ""];

function row({ name, unit, count: units, p50, p90, p99, max }: Figure): string[] {
  const times = [p50, p90, p99, max].map(duration);
  const rate = `${rounded((1e9 * units) / p50)} a second`;
  return [name, ...times, `${duration(p50 / units)} a ${unit}`, rate];
}

function facts(result: Result): [string, string][] {
  const { steps, poolBytes, realTime, report, figures } = result;
  const { stateBytes, stateBytesPerStep } = report;
  const found = startFacts(result);
  if (realTime) {
    const { rate, steps: times, chunks, p99 } = realTime;
    found.unshift([
      "real time",
      `${rounded(times)} times as fast as ${count(rate)} samples a second come` +
        (chunks ? `, ${rounded(chunks)} times in chunks` : "") +
        `; the slowest step in a hundred takes ${percent(p99)} of the time between two`,
    ]);
  }
  const growth = stateBytesPerStep ? `, and ${bytes(stateBytesPerStep)} more with every step` : "";
  const pooled = poolBytes === undefined ? "" : `; in a pool ${bytes(poolBytes)} a stream`;
  found.push(["state", `${bytes(stateBytes)}${growth}${pooled}`], ["memory", memoryFact(result)]);
  const grouped = figures.filter(({ together }) => together > 1);
  const groups = grouped.map(({ name, together }) => `${name} by ${count(together)} calls`);
  found.push([
    "method",
    `sequences of ${count(steps)} steps; ${ROUNDS} rounds in which all take turns` +
      (groups.length ? `; timed together, for the clock is coarse: ${groups.join(", ")}` : ""),
  ]);
  return found;
}

function startFacts({ cold, warmUp, report }: Result): [string, string][] {
  const found: [string, string][] = [];
  if (cold) {
    const where = cold.peakBytes === undefined ? "page" : "process";
    found.push([
      "start",
      `${ms(cold.firstOutput)} to the first output of a fresh ${where}: import ${ms(cold.importing)}, ` +
        `load ${ms(cold.loading)}, ${report.stateBytes ? "first call" : "first run"} ${ms(cold.running)}`,
    ]);
  }
  if (warmUp) {
    found.push([
      "warm-up",
      `${duration(1e6 * warmUp.firstStep)} for the first step of a stream; ${count(warmUp.steps)} steps, ` +
        `${ms(warmUp.milliseconds)}, until they take no more than a tenth longer than later ones`,
    ]);
  }
  return found;
}

function memoryFact({ cold, report }: Result): string {
  const { peakBytes, processBytes } = cold ?? {};
  const peak =
    peakBytes === undefined
      ? ""
      : `; peak of the process ${bytes(peakBytes)}, of an empty one ${bytes(processBytes!)}`;
  return `${bytes(report.memoryBytes)} of wasm, weights included${peak}`;
}

/** How a result compares, as lines for people. */
export function describeChanges(found: readonly Change[], now: Result, then: Result): string[] {
  const rows = found.map(({ name, ratio, verdict }) => [
    name,
    verdict,
    `${ratio > 1 ? "+" : ""}${(100 * (ratio - 1)).toFixed(1)} %`,
  ]);
  const notes = [
    now.fingerprint === then.fingerprint ? [] : ["The earlier figures are of another model."],
    now.machine === then.machine
      ? []
      : [`The earlier figures are of ${shortened(printable(String(then.machine)), 200)}.`],
    [`${RULE}.`],
  ].flat();
  return [
    ...table([["against", "", "time"], ...rows], 2),
    ...notes.flatMap((note) => wrap(note, WIDTH)),
  ];
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}

/** A time in ns, to three digits. */
function duration(ns: number): string {
  const [value, unit] =
    ns < 1e3
      ? [ns, "ns"]
      : ns < 1e6
        ? [ns / 1e3, "µs"]
        : ns < 1e9
          ? [ns / 1e6, "ms"]
          : [ns / 1e9, "s"];
  return `${rounded(value)} ${unit}`;
}

function bytes(value: number): string {
  if (value < 1e4) return `${count(Math.round(value))} bytes`;
  return value < 1e6 ? `${rounded(value / 1e3)} KB` : `${rounded(value / 1e6)} MB`;
}

function percent(share: number): string {
  return `${rounded(100 * share)} %`;
}

/** Three digits, thousands set apart. */
function rounded(value: number): string {
  if (value >= 100) return count(Number(value.toPrecision(3)));
  return String(Number(value.toPrecision(value < 10 ? 2 : 3)));
}
