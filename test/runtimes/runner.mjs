import { performance } from "node:perf_hooks";
import { BROWSERS } from "./browsers.mjs";
import { BUNDLED } from "./bundled.mjs";
import { problemsOf } from "./outcomes.mjs";
import { missingFiles } from "./package.mjs";
import { SERVERS } from "./servers.mjs";

/**
 * @typedef {"passed" | "failed" | "skipped"} Status
 * @typedef {import("./consumer.mjs").Consumer} Consumer
 *
 * @typedef {object} Engine
 * @property {string} name
 * @property {readonly string[]} contexts - places within it where code runs
 * @property {() => string | undefined} find - its program, if it is on this machine
 * @property {(program: string, consumer: Consumer) => string | Promise<string>} versionOf
 * @property {(program: string, consumer: Consumer) => Promise<import("./outcomes.mjs").Outcomes>} run
 *
 * @typedef {object} Row - what the table of results has of an engine
 * @property {string} name
 * @property {string | undefined} version
 * @property {Record<string, Status>} contexts
 * @property {string[]} problems
 * @property {number} ms
 */

/** @type {readonly Engine[]} */
export const ENGINES = [...SERVERS, ...BUNDLED, ...BROWSERS];

/**
 * Runs all contexts of an engine.
 *
 * @param {Engine} engine
 * @param {Consumer} consumer
 * @param {Record<string, string>} expected - digests by model
 * @param {boolean} isStrict - whether it must be there
 * @returns {Promise<Row>}
 */
export async function testEngine(engine, consumer, expected, isStrict = false) {
  const { name, contexts } = engine;
  const program = engine.find();
  if (!program && !isStrict) return rowOf(name, contexts, () => "skipped", []);
  const failed = (problem) => rowOf(name, contexts, () => "failed", [problem]);
  if (!program) return failed("not on this machine");
  const begin = performance.now();
  const outcomes = engine.run(program, consumer);
  const digests = { ...expected, ...consumer.compiled };
  const row = await outcomes.then((all) => judge(engine, all, digests), failed);
  const ms = Math.round(performance.now() - begin);
  return { ...row, version: await engine.versionOf(program, consumer), ms };
}

function judge({ name, contexts }, outcomes, expected) {
  const found = contexts.map((context) => [
    context,
    problemsOf(context, outcomes[context], expected),
  ]);
  const problems = found.flatMap(([context, texts]) => texts.map((text) => `${context}: ${text}`));
  const byContext = Object.fromEntries(found);
  const statusOf = (context) => (byContext[context].length ? "failed" : "passed");
  return rowOf(name, contexts, statusOf, problems);
}

/** Whether the tarball holds all that it promises. */
export function testPackage({ installed, manifest: { name, version } }) {
  const problems = missingFiles(installed).map((file) => `${file} is missing`);
  const status = problems.length ? "failed" : "passed";
  return { ...rowOf(name, ["files"], () => status, problems), version };
}

/** @returns {Row} */
function rowOf(name, contexts, statusOf, problems) {
  const statuses = contexts.map((context) => [context, statusOf(context)]);
  return { name, version: undefined, contexts: Object.fromEntries(statuses), problems, ms: 0 };
}

/** @param {Row} row */
export function lineOf({ name, version = "-", contexts, problems, ms }) {
  const line = [name.padEnd(12), version.padEnd(14), tally([{ contexts }]).padEnd(28)];
  const time = `${ms} ms`.padStart(8);
  const names = Object.keys(contexts).join(", ");
  return [[...line, time, names].join("  "), ...problems.map((text) => `    ${text}`)].join("\n");
}

/** Contexts of some rows with a status. */
export function count(rows, status) {
  const statuses = rows.flatMap(({ contexts }) => Object.values(contexts));
  return statuses.filter((one) => one === status).length;
}

/** How many contexts passed, failed and, if any, were skipped. */
export function tally(rows) {
  const skipped = count(rows, "skipped");
  const rest = skipped ? `, ${skipped} skipped` : "";
  return `${count(rows, "passed")} passed, ${count(rows, "failed")} failed${rest}`;
}
