import { MODELS } from "./models.mjs";

/*
 * What came out of an engine, context by context, and whether it is right.
 */

/**
 * @typedef {Record<string, string>} Digests - by "model way", as scenario.mjs gives them
 * @typedef {{ digests: Digests } | { error: string }} Outcome
 * @typedef {Record<string, Outcome>} Outcomes - by context
 */

/**
 * Runs one context after another.
 *
 * @param {readonly string[]} contexts
 * @param {(context: string) => Promise<string>} run - gives the digests as JSON
 * @returns {Promise<Outcomes>}
 */
export async function outcomesOf(contexts, run) {
  const outcomes = {};
  for (const context of contexts) {
    try {
      outcomes[context] = { digests: JSON.parse(await run(context)) };
    } catch (error) {
      outcomes[context] = { error: String(error) };
    }
  }
  return outcomes;
}

/**
 * What is wrong with an outcome; nothing if it is right.
 *
 * @param {string} context
 * @param {Outcome | undefined} outcome
 * @param {Record<string, string>} expected - digests by model
 * @returns {string[]}
 */
export function problemsOf(context, outcome, expected) {
  if (!outcome) return ["no answer"];
  if ("error" in outcome) return [outcome.error];
  const keys = context === "lmu-wasm/compiled" ? compiledOf(expected) : wantedOf(context);
  const wrong = keys.filter((key) => outcome.digests[key] !== (expected[modelOf(key)] ?? NaN));
  return wrong.map(
    (key) => `${key} is ${outcome.digests[key]}, expected ${expected[modelOf(key)]}`,
  );
}

/** Keys of the digests that a context must give. */
function wantedOf(context) {
  const [{ name }] = MODELS;
  if (context === "lmu-wasm/worklet") return [`${name} node`, `${name} processorUrl`];
  const isProxy = context === "lmu-wasm/worker";
  const models = isProxy ? MODELS.slice(0, 1) : MODELS;
  const keys = models.flatMap(({ name, ways, snapshots = [] }) => [
    ...ways.map((way) => `${name} ${way}`),
    ...snapshots.map(([dtype]) => `snapshot-${dtype} restore`),
  ]);
  const written = WRITERS.includes(context) ? ["greedy generation", "sampled generation"] : [];
  return isProxy ? keys : ["matrices f64", "gaps step", ...written, ...keys];
}

/** Contexts in which `lmu-wasm/language` writes. */
const WRITERS = ["import", "workerd", "edge-light", "page"];

/** Keys of compiled models: each is a model of its own. */
function compiledOf(expected) {
  return Object.keys(expected).filter(isCompiled);
}

const isCompiled = (key) => /\.wasm /.test(key);

function modelOf(key) {
  return isCompiled(key) ? key : key.split(" ")[0];
}

/**
 * Digests by model; all ways of a model must agree.
 *
 * @param {Digests} digests
 */
export function digestsByModel(digests) {
  const byModel = {};
  for (const [key, value] of Object.entries(digests)) {
    const known = (byModel[modelOf(key)] ??= value);
    if (known !== value) throw new Error(`${key} is ${value}, but another way gave ${known}`);
  }
  return byModel;
}
