import { readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/*
 * The built package, packed and installed, on the engines of this machine: test/runtimes. One engine is one test. Here this Node
 * and workerd, which has entries of its own; the rest repeat the first's digests, in CI and by npm run test:runtimes.
 */

type Status = "passed" | "failed" | "skipped";

interface Row {
  readonly name: string;
  readonly contexts: Readonly<Record<string, Status>>;
  readonly problems: readonly string[];
}

interface Consumer {
  readonly home: string;
  readonly installed: string;
  readonly manifest: object;
  remove(): void;
}

interface Engine {
  readonly name: string;
  readonly contexts: readonly string[];
  find(): string | undefined;
  versionOf(program: string, consumer: Consumer): string | Promise<string>;
  run(program: string, consumer: Consumer): Promise<Record<string, Outcome>>;
}

type Outcome = { digests: Record<string, string> } | { error: string };
type Digests = Readonly<Record<string, string>>;

interface Runner {
  readonly ENGINES: readonly Engine[];
  testEngine(engine: Engine, from: Consumer, expected: Digests, isStrict?: boolean): Promise<Row>;
  testPackage(consumer: Consumer): Row;
  tally(rows: readonly Row[]): string;
}

const at = (path: string) => new URL(`runtimes/${path}`, import.meta.url);
const { ENGINES, testEngine, testPackage, tally } = (await import(at("runner.mjs").href)) as Runner;
const { makeConsumer } = (await import(at("consumer.mjs").href)) as {
  makeConsumer(hasPages?: boolean): Promise<Consumer>;
};
const { run } = (await import(at("child.mjs").href)) as {
  run(program: string, args: string[], options: object): Promise<string>;
};
const { digest } = (await import(at("scenario/scenario.mjs").href)) as {
  digest(values: Float32Array): string;
};

const expected = JSON.parse(readFileSync(at("digests.json"), "utf8")) as Digests;
/** Milliseconds for an engine: browsers get two minutes to fail by themselves. */
const LIMIT = 150_000;

const [node] = ENGINES as [Engine];
const isInCI = Boolean(process.env["CI"]);

let consumer: Consumer;
/** What came out of Node: judged as it is, and as if it were wrong. */
let outcomes: Awaited<ReturnType<Engine["run"]>>;

beforeAll(async () => {
  consumer = await makeConsumer(isInCI);
  outcomes = await node.run(node.find()!, consumer);
});

afterAll(() => consumer?.remove());

const withOutcomes = (all: typeof outcomes): Engine => ({
  ...node,
  run: () => Promise.resolve(all),
});

describe("the tarball", () => {
  test("holds every file that it names", () => {
    expect(testPackage(consumer).problems).toEqual([]);
  });

  test.each([
    "dist/lmu.wasm",
    "dist/full.js",
    "dist/worklet/processor.js",
    "dist/formats/foreign.js",
    "dist/index.d.ts",
  ])("is refused without %s", (file) => {
    const [place, elsewhere] = [join(consumer.installed, file), join(consumer.home, "moved")];
    renameSync(place, elsewhere);
    const { problems } = testPackage(consumer);
    renameSync(elsewhere, place);
    expect(problems).toEqual([`${file} is missing`]);
  });
});

describe("the same bits", () => {
  const skipped: string[] = [];

  const named = ENGINES.filter(
    (engine) => isInCI || engine === node || engine.name === "workerd",
  ).map((engine) => [engine.name, engine] as const);

  test.for(named)("on %s", { timeout: LIMIT }, async ([name, engine], { skip }) => {
    const ran = engine === node ? withOutcomes(outcomes) : engine;
    const { contexts, problems } = await testEngine(ran, consumer, expected);
    expect(problems).toEqual([]);
    if (!Object.values(contexts).includes("skipped")) return;
    skipped.push(name);
    skip("not on this machine");
  });

  afterAll(() => {
    if (skipped.length > 0) console.log(`runtimes not on this machine: ${skipped.join(", ")}`);
  });
});

describe("the harness notices", () => {
  const rowOf = (changed: typeof outcomes, digests = expected) =>
    testEngine(withOutcomes(changed), consumer, digests);

  test("another digest of one model", async () => {
    const row = await rowOf(outcomes, { ...expected, gru: "0123456789abcdef" });
    expect(tally([row])).toBe("2 passed, 2 failed");
    expect(row.problems[0]).toBe(`import: gru run is ${expected.gru}, expected 0123456789abcdef`);
  });

  test("a model without a digest to expect", async () => {
    const { gru: _, ...rest } = expected;
    expect(tally([await rowOf(outcomes, rest)])).toBe("2 passed, 2 failed");
  });

  test("an answer, or a part of one, that is not there", async () => {
    const { require: _, ...rest } = outcomes;
    const row = await rowOf({ ...rest, import: { digests: {} } });
    expect(row.contexts).toEqual({
      import: "failed",
      require: "failed",
      "lmu-wasm/worker": "passed",
      "lmu-wasm/compiled": "passed",
    });
  });

  test("any bit of the output", () => {
    const values = Float32Array.from({ length: 40 }, (_, i) => Math.fround(Math.sin(i)));
    const digests = new Set([digest(values)]);
    const bits = new Uint32Array(values.buffer);
    for (let bit = 0; bit < 32 * bits.length; bit++) {
      bits[bit >> 5]! ^= 1 << (bit & 31);
      digests.add(digest(values));
      bits[bit >> 5]! ^= 1 << (bit & 31);
    }
    expect(digests.size).toBe(1 + 32 * bits.length);
  });

  test("an engine that is missing, when it is strict", async () => {
    const missing = { ...node, find: () => undefined };
    const rows = [false, true].map((isStrict) => testEngine(missing, consumer, expected, isStrict));
    const [lax, strict] = (await Promise.all(rows)) as [Row, Row];
    expect(tally([lax])).toBe("0 passed, 0 failed, 4 skipped");
    expect(tally([strict])).toBe("0 passed, 4 failed");
    expect(strict.problems).toEqual(["not on this machine"]);
  });

  test("an engine that crashes, and one that hangs, and ends it", async () => {
    const script = (text: string) =>
      run(process.execPath, ["-e", text], { cwd: consumer.home, home: consumer.home, seconds: 1 });
    await expect(script("console.error('why'); process.exit(3)")).rejects.toThrow(
      /ended with 3\nwhy/,
    );
    // Holds on, with a helper that would outlive it.
    const hang = `const helper = require("child_process").spawn("sleep", ["60"]);
      process.on("SIGTERM", () => {}); console.error(helper.pid); setInterval(() => {}, 1000);`;
    const error = await script(hang).catch((error: Error) => error.message);
    expect(error).toMatch(/does not end within 1 s/);
    const helper = Number(/\d+$/.exec(String(error))![0]);
    // Dead, though perhaps nobody has collected it yet.
    await expect.poll(() => stateOf(helper)).toMatch(/^$|Z/);
  });
});

/** State of a process, as the system writes it; empty when there is none. */
function stateOf(pid: number): string {
  try {
    return /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))![1]!;
  } catch {
    return "";
  }
}
