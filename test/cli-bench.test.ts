import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { Result } from "../bindings/cli/bench/result.js";
import { deviationsOf } from "../bindings/cli/bench/significance.js";
import { time } from "../bindings/cli/bench/stopwatch.js";
import { warmUpOf } from "../bindings/cli/bench/warm-up.js";
import { runCommand } from "./support/command.js";
import { Random } from "./support/random.js";

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const model = path("../models/mackey-glass.safetensors");
let folder = "";
let now: Result;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "lmu-wasm-bench-"));
  now = JSON.parse((await piped("--rate", "1000", "--json")).stdout) as Result;
});
afterAll(() => rmSync(folder, { recursive: true }));

const bench = (...args: string[]) => runCommand(folder, ["bench", ...args, "--seconds", "0.02"]);

/** Of a model that comes through a pipe, which fresh processes have not: ten less to wait for. */
const piped = (...args: string[]) =>
  runCommand(folder, ["bench", "-", ...args, "--seconds", "0.02"], { input: readFileSync(model) });

test("measures streams, sequences, batches and pools", () => {
  const { report, figures, cold, realTime, steps, warmUp } = now;
  expect(report).toMatchObject({ parameters: 1417, stateBytes: 272, stateBytesPerStep: 0 });
  const names = ["step", "push of 64", "run", "run of 16", "tick of 1000"];
  expect(figures.map(({ name }) => name)).toEqual(names);
  expect(steps).toBe(1000);
  expect(warmUp!.firstStep).toBeGreaterThan(0);
  expect(warmUp!.milliseconds).toBeGreaterThanOrEqual(warmUp!.firstStep);
  for (const { together, p50, p90, p99, max, rounds } of figures) {
    expect(together).toBe(1);
    expect(p50).toBeGreaterThan(0);
    expect([p50, p90, p99, max]).toEqual([p50, p90, p99, max].sort((a, b) => a - b));
    expect(rounds).toHaveLength(15);
  }
  expect(realTime!.steps).toBeCloseTo(1e6 / figures[0]!.p50, 6);
  expect(cold).toBeUndefined();
});

test.each([
  ["golden/language/gpt2", ["step", "run", "run of 16"], "token"],
  ["golden/layers/backwards.keras", ["run", "run of 16"], "sequence"],
])("measures %s, and fresh processes", async (file, names, unit) => {
  const { stdout } = await bench(path(file), "--json");
  const { figures, cold } = JSON.parse(stdout) as Result;
  expect(figures.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
  expect(figures[0]!.unit).toBe(unit);
  const { processes, firstOutput, importing, loading, running } = cold!;
  expect(processes).toBe(9);
  expect(importing + loading + running).toBeCloseTo(firstOutput, 6);
});

test("compares with an earlier result", async () => {
  const scaled = (name: string, by: number) => {
    const figures = now.figures.map((one) => ({
      ...one,
      rounds: one.rounds.map((time) => time * by),
    }));
    writeFileSync(join(folder, name), JSON.stringify({ ...now, figures }));
  };
  scaled("fast.json", 0.1);
  scaled("slow.json", 10);
  const slower = await piped("--compare", "fast.json");
  expect(slower.stderr).toBe("");
  expect(slower.stdout).toMatch(/^step +[\d.]+ [nµ]s .* a step +[\d,]+ a second$/m);
  for (const line of slower.stdout.split("\n").slice(1)) expect(line.length).toBeLessThan(100);
  expect(slower.stdout).toMatch(/^step +slower +\+\d+(\.\d)? %$/m);
  expect(slower.code).toBe(1);
  const faster = await piped("--compare", "slow.json", "--json");
  expect(faster.code).toBe(0);
  type Compared = Result & { changes: { verdict: string }[] };
  const { changes } = JSON.parse(faster.stdout) as Compared;
  expect(changes.map(({ verdict }) => verdict)).toEqual(changes.map(() => "faster"));
});

test("calls chance a change as often as it says", () => {
  const random = new Random(5);
  const list = () => Array.from({ length: 15 }, () => random.next());
  let beyond = 0;
  for (let i = 0; i < 20_000; i++) if (Math.abs(deviationsOf(list(), list())) > 3.29) beyond++;
  expect(beyond).toBeLessThan(40);
  // Mann and Whitney 1947: U has mean nm/2 and variance nm(n + m + 1)/12.
  const [low, high] = [
    [1, 2, 3],
    [4, 5, 6],
  ];
  expect(deviationsOf(high, low)).toBeCloseTo(4.5 / Math.sqrt((9 * 7) / 12), 12);
  expect(deviationsOf(low, low)).toBe(0);
});

describe("where the clock moves by 5 µs, as in pages", () => {
  const real = performance.now.bind(performance);
  const coarse = (clock: () => number) =>
    vi.spyOn(performance, "now").mockImplementation(() => Math.floor(clock() / 5e-3) * 5e-3);
  afterEach(() => void vi.restoreAllMocks());

  test("short calls are timed together", async () => {
    // Calls take what they say; all else, and whatever the machine does beside it, a fiftieth.
    let taken = 0;
    coarse(() => taken + real() / 50);
    const spin = (ms: number) => () => void (taken += ms);
    const subject = { unit: "step", count: 1 };
    const subjects = [spin(1e-3), spin(1)].map((run, i) => ({ ...subject, name: `${i}`, run }));
    const [short, long] = await time(subjects, 0.06, () => undefined);
    expect(short!.together).toBeGreaterThan(32);
    expect(short!.p50).toBeGreaterThan(990);
    expect(long).toMatchObject({ together: 1 });
  });

  test("steps are slow until they are warm", () => {
    let [now, calls] = [0, 0];
    coarse(() => (now += 1e-5));
    const found = warmUpOf(() => void (now += calls++ < 1000 ? 5e-3 : 7e-4));
    expect(found.firstStep).toBeCloseTo(0.005, 3);
    expect(found.steps).toBeGreaterThan(950);
    expect(found.steps).toBeLessThan(1100);
    expect(found.milliseconds).toBeCloseTo(5, 0);
  });
});

test.each([
  [[path("golden/layers/backwards.keras"), "--rate", "10"], /Cannot measure real time: /],
  [[model, "--rate", "0"], /expected a number above 0/],
  [[model, "--compare", "missing.json"], /missing\.json.*\(ENOENT\)/],
  [[model, "--compare", model], /Cannot compare: .*\(format-invalid\)/],
])("%j says what is wrong", async (args, message) => {
  const { stderr, code } = await bench(...args);
  expect(code).toBe(1);
  expect(stderr).toMatch(message);
});
