// Writes the table of runtimes in README.md from the last run of test/runtimes (build/runtimes.json).
// --check: only fails if the engines and contexts of the table are not those of the run; versions move on by themselves.
import { readFileSync, writeFileSync } from "node:fs";
import { format } from "prettier";

process.chdir(new URL("..", import.meta.url).pathname);
/** @type {{ runtimes: { name: string, version: string, contexts: Record<string, string> }[] }} */
const { runtimes } = JSON.parse(readFileSync("build/runtimes.json", "utf8"));

/** Contexts that passed, and the others with how they ended. @param {Record<string, string>} contexts */
function outcomes(contexts) {
  const all = Object.entries(contexts);
  return all.map(([name, end]) => (end === "passed" ? name : `${name} (${end})`)).join(", ");
}

const rows = runtimes.map(({ name, version, contexts }) => [name, version, outcomes(contexts)]);
const lines = [["runtime", "version", "contexts"], ["-", "-", "-"], ...rows];
const markdown = lines.map((cells) => `| ${cells.join(" | ")} |\n`).join("");
const table = `\n${await format(markdown, { parser: "markdown" })}\n`;

const readme = readFileSync("README.md", "utf8");
const place = /(?<=<!-- runtimes -->\n)[^]*(?=<!-- \/runtimes -->)/;
const [old] = place.exec(readme) ?? [];
if (old === undefined) throw new Error("README.md has no place for the table of runtimes");

const withoutVersions = (/** @type {string} */ text) =>
  text.replace(/\| +[-\w.]*\d[-\w.]* +\|/g, "|").replace(/[ -]+/g, " ");
if (!process.argv.includes("--check")) writeFileSync("README.md", readme.replace(place, table));
else if (withoutVersions(old) !== withoutVersions(table)) {
  console.error(
    `README.md is behind the last run: node scripts/readme.mjs writes this table\n${table}`,
  );
  process.exit(1);
}
