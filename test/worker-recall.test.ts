import { afterAll, expect, test } from "vitest";
import type * as Index from "../bindings/index.js";
import type * as Worker from "../bindings/worker/worker.js";
import { fileOf, makeUp } from "./support/models.js";
import { Random } from "./support/random.js";

/*
 * Looking back in a worker, as it is shipped: what the main entry says.
 */

const dist = new URL("../dist/", import.meta.url).href;
const main = (await import(`${dist}index.js`)) as typeof Index;
const { load, LmuWorker } = (await import(`${dist}worker/worker.js`)) as typeof Worker;
const worker = new LmuWorker();
afterAll(() => worker.terminate());

const layers = [
  { name: "m", type: "lmu", order: 6, theta: 20 },
  { name: "r", type: "rnn" },
] as const;
const file = fileOf(makeUp({ width: 2 }, layers, { "r.input": [3, 12], "r.recurrent": [3, 3] }));

/** Calls of streams, whatever comes back. */
type Past = Record<string, (...rest: unknown[]) => unknown>;

/** A stream of each entry, with the same past. */
async function both(): Promise<readonly [Past, Past]> {
  const [one, other] = await Promise.all([main.load(file), load(file, { worker })]);
  const streams = [one.stream(), await other.stream()] as const;
  for (const stream of streams) await stream.push(new Random(1).floats(80));
  return streams as unknown as readonly [Past, Past];
}

test.each([
  ["window", ["m"]],
  ["window", [0, { from: 9, to: 2.5, samples: 4, channel: 1 }]],
  ["memory", ["m"]],
  ["memory", ["m", { channel: 1 }]],
  ["hidden", [1]],
  ["mean", ["m", { channel: 1 }]],
  ["slope", ["m", { from: 3, to: 4 }]],
  ["energy", ["m"]],
] as const)("%s%j", async (call, given) => {
  const [here, there] = await both();
  expect(await there[call]!(...given)).toEqual(here[call]!(...given));
});

test("fills the caller's array", async () => {
  const [here, there] = await both();
  const output = new Float32Array(5);
  expect(await there["window"]!("m", { output })).toBe(output);
  expect(output).toEqual(here["window"]!("m", { samples: 5 }));
  const units = new Float32Array(3);
  expect(await there["hidden"]!("r", units)).toBe(units);
});

test.each([
  ["window", ["x"]],
  ["window", ["m", { from: -1 }]],
  ["window", ["m", { output: new Float32Array(2), samples: 3 }]],
  ["memory", ["m", { output: new Float64Array(12) }]],
  ["memory", ["m", { channel: 2 }]],
  ["hidden", ["m"]],
  ["mean", ["m", { samples: 1 }]],
] as const)("refuses %s%j as the main entry does", async (call, given) => {
  const [here, there] = await both();
  const error = await Promise.resolve()
    .then(() => here[call]!(...given))
    .catch((cause: unknown) => cause as Error);
  const { constructor: kind, message } = error as Error;
  expect(message).toMatch(/^Cannot look back: /);
  const refused = expect(there[call]!(...given)).rejects;
  await refused.toThrow(kind as ErrorConstructor);
  await expect(there[call]!(...given)).rejects.toThrow(message);
  await there["dispose"]!();
  await expect(there[call]!(...given)).rejects.toThrow(
    /look back: (the stream is disposed|output)/,
  );
});
