// Writes the drawing of who imports whom into ARCHITECTURE.md, between its marks. --check: only fails if it is behind.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { folderGraph } from "./imports.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const place = /(?<=<!-- imports -->\n)[^]*(?=<!-- \/imports -->)/;

/** @typedef {Map<string, string[]>} Graph */

/** Whether a path of two imports or more leads from one to another. @param {Graph} graph */
function isIndirect(graph, /** @type {string} */ from, /** @type {string} */ to) {
  const reached = new Set((graph.get(from) ?? []).filter((next) => next !== to));
  for (const one of reached) {
    if (one !== from) for (const next of graph.get(one) ?? []) reached.add(next);
  }
  return reached.has(to);
}

/** Files by their first names, among folders: index.workerd.ts is index, legendre.ts is legendre/. @param {Graph} graph */
function merged(graph) {
  const nodeOf = (/** @type {string} */ path) => path.replace(/(?<=\/[^/.]+)\..*/, "");
  /** @type {Graph} */
  const nodes = new Map();
  for (const [path, targets] of graph) {
    const others = targets.map(nodeOf).filter((to) => to !== nodeOf(path));
    nodes.set(nodeOf(path), [...new Set([...(nodes.get(nodeOf(path)) ?? []), ...others])].sort());
  }
  return nodes;
}

/** Statements side by side, as many as a line holds: one each would fill the page. @param {string[]} statements */
function lines(statements) {
  const text = statements.map((one) => one.replaceAll(" ", "\0")).join("; ");
  return [...text.matchAll(/(\S.{0,116})(?: |$)/g)].map(
    ([, line]) => `  ${line?.replaceAll("\0", " ")}`,
  );
}

/** Every import that no longer path stands for, as a Mermaid flow chart. @param {Graph} files */
export function pictureOf(files) {
  const graph = merged(files);
  const idOf = (/** @type {string} */ node) => node.replace("/", "_");
  const names = [...graph.keys()].sort().map((node) => `${idOf(node)}[${node.split("/")[1]}]`);
  const arrows = [...graph].sort().flatMap(([from, targets]) => {
    const direct = targets.filter((to) => !isIndirect(graph, from, to));
    return direct.length ? [`${idOf(from)} --> ${direct.map(idOf).join(" & ")}`] : [];
  });
  return ["```mermaid", "flowchart TD", ...lines(names), ...lines(arrows), "```"].join("\n");
}

/** The text with the drawing of its sources in its place. @param {string} text */
export async function withPicture(text) {
  if (!place.test(text)) throw new Error("ARCHITECTURE.md has no place for the drawing of imports");
  const graph = await folderGraph(root);
  return text.replace(place, () => `\n${pictureOf(graph)}\n\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = `${root}/ARCHITECTURE.md`;
  const old = readFileSync(path, "utf8");
  const text = await withPicture(old);
  if (!process.argv.includes("--check")) writeFileSync(path, text);
  else if (text !== old) {
    console.error("ARCHITECTURE.md is behind the imports: npm run picture draws them");
    process.exitCode = 1;
  }
}
