// Packs the package and runs it on every engine. Usage: node run.mjs [--strict] [--update] [--json FILE] [--only NAME]
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { makeConsumer } from "./consumer.mjs";
import { digestsByModel } from "./outcomes.mjs";
import { count, ENGINES, lineOf, testEngine, testPackage } from "./runner.mjs";

const { values: options } = parseArgs({
  options: {
    strict: { type: "boolean", default: false }, // an engine that is not there fails
    update: { type: "boolean", default: false }, // takes what this Node gives as the digests to expect
    json: { type: "string" }, // where to write the results
    only: { type: "string", multiple: true }, // names of engines
  },
});

// Ends as usual, so that programs are ended and folders removed.
for (const name of ["SIGINT", "SIGTERM"]) process.once(name, () => process.exit(1));

const digestsFile = new URL("digests.json", import.meta.url);

async function update(consumer) {
  const { import: outcome } = await ENGINES[0].run(process.execPath, consumer);
  if ("error" in outcome) throw new Error(outcome.error);
  writeFileSync(digestsFile, `${JSON.stringify(digestsByModel(outcome.digests), null, 2)}\n`);
}

async function main() {
  const rows = [];
  const add = (row) => {
    rows.push(row);
    console.log(lineOf(row));
  };
  const consumer = await makeConsumer();
  add(testPackage(consumer));
  if (options.update) await update(consumer);
  const expected = JSON.parse(readFileSync(digestsFile, "utf8"));
  const engines = ENGINES.filter(({ name }) => options.only?.includes(name) ?? true);
  if (engines.length === 0) throw new Error(`no engine is called ${options.only}`);
  for (const engine of engines) add(await testEngine(engine, consumer, expected, options.strict));
  const { name, version } = consumer.manifest;
  if (options.json) {
    writeFileSync(
      options.json,
      JSON.stringify({ name, version, runtimes: rows.slice(1) }, null, 2),
    );
  }
  return rows;
}

const rows = await main().catch((error) => {
  console.error(error);
  return [{ name: "package", contexts: { start: "failed" } }];
});
const skipped = rows.filter((row) => count([row], "skipped") > 0);
if (skipped.length)
  console.log(`not on this machine: ${skipped.map(({ name }) => name).join(", ")}`);
console.log(`runtimes: ${count(rows, "passed")} passed, ${count(rows, "failed")} failed`);
process.exitCode = count(rows, "failed") ? 1 : 0;
