// Who may import whom: the drawing in ARCHITECTURE.md as rules of dependency-cruiser. test/architecture.test.ts applies them.
import { cruise } from "dependency-cruiser";

/** A file imports from its own row or from rows below. @type {Record<string, string[][]>} */
const ROWS = {
  bindings: [
    ["cli", "worker", "worklet", "readout", "compiled"],
    ["language"],
    ["index", "api", "full", "compile"],
    ["model"],
    ["formats"],
    ["source", "validate", "graph"],
    ["description"],
    ["layers", "prefill"],
    ["plan"],
    ["facts"],
    ["activations"],
    ["tensor", "legendre"],
    ["runtime"],
    ["errors", "dispose", "inspect", "joined", "pauses", "utf8"],
  ],
  assembly: [
    ["compiled"],
    ["full"],
    ["index"],
    ["tick"],
    ["plan"],
    ["layers"],
    ["matrix", "state"],
    ["kernels"],
    ["simd"],
  ],
};

/** @param {string[]} names */
const anyOf = (names) => `(${names.join("|")})`;

/** Files and folders of a top folder, whatever their extension. @param {string} folder @param {string[]} names */
const within = (folder, names) => `^${folder}/${anyOf(names)}[./]`;

/**
 * @param {string} name
 * @param {object} from
 * @param {object} to
 * @returns {import("dependency-cruiser").IForbiddenRuleType}
 */
const forbid = (name, from, to) => ({ name, severity: "error", from, to });

/** One rule per row but the first, and one for files without a row. @param {string} folder */
function rowRules(folder) {
  const rows = ROWS[folder] ?? [];
  const names = rows.flat();
  const homeless = { path: `^${folder}/`, pathNot: within(folder, names) };
  return [
    forbid(`${folder}: every file that imports has a row`, homeless, {}),
    forbid(`${folder}: every file that is imported has a row`, {}, homeless),
    ...rows
      .slice(1)
      .map((row, i) =>
        forbid(
          `${folder}: ${row.join(", ")} import nothing above`,
          { path: within(folder, row) },
          { path: within(folder, rows.slice(0, i + 1).flat()) },
        ),
      ),
  ];
}

const FORBIDDEN = [
  ...rowRules("bindings"),
  ...rowRules("assembly"),
  forbid("no circles", {}, { circular: true }),
  forbid(
    "a description holds types alone",
    { path: "^bindings/description\\." },
    { dependencyTypesNot: ["type-only"] },
  ),
  forbid(
    "kernels know no layers",
    { path: "^assembly/kernels/" },
    { path: "^assembly/(?!kernels/|simd/)", reachable: true },
  ),
  forbid("nothing is left over", { orphan: true, pathNot: "\\.d\\.ts$" }, {}),
  forbid("imports are found", {}, { couldNotResolve: true, pathNot: "lmu(-full)?\\.wasm" }),
];

/**
 * Of what formats reach, types included, up to descriptions: those are made of the types that layers read, and a file of
 * types brings nothing else along.
 */
const FORBIDDEN_TO_FORMATS = [
  forbid(
    "formats know no wasm",
    { path: "^bindings/formats/" },
    { path: "^bindings/(model|layers|plan|runtime)/", reachable: true },
  ),
];

/** What no entry needs at once: types are gone by then, and import() has not happened. */
const AT_START = {
  name: "the entries need no package, no reader of foreign formats, and no full edition",
  from: /^bindings\/index\./,
  to: /node_modules|^bindings\/(full|layers\/full-kinds|runtime\/full-hex)|^bindings\/formats\/(foreign|keras|torch|containers\/(hdf5|npz|pickle|zip))/,
};

/** @typedef {import("dependency-cruiser").IModule} Module */
/** @typedef {{ rule: string, from: string, to: string }} Violation */

/** What breaks AT_START. dependency-cruiser follows all imports or those of compiled files, which takes compiling them. */
function brokenAtStart(/** @type {Module[]} */ modules) {
  const bySource = new Map(modules.map((one) => [one.source, one]));
  const reached = new Set(modules.filter(({ source }) => AT_START.from.test(source)));
  /** @type {Violation[]} */
  const broken = [];
  for (const { source, dependencies } of reached) {
    for (const { resolved, dynamic, dependencyTypes } of dependencies) {
      if (dynamic || dependencyTypes.includes("type-only")) continue;
      if (AT_START.to.test(resolved)) {
        broken.push({ rule: AT_START.name, from: source, to: resolved });
      }
      const next = bySource.get(resolved);
      if (next) reached.add(next);
    }
  }
  return broken;
}

/** @type {Map<string, Promise<import("dependency-cruiser").ICruiseResult>>} */
const known = new Map();

/**
 * What dependency-cruiser says of folders below a root, types included.
 *
 * @param {string} root
 * @param {string[]} from
 * @param {import("dependency-cruiser").ICruiseOptions} options
 */
async function cruised(root, from, options) {
  const { output } = await cruise(from, {
    baseDir: root,
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    validate: true,
    ...options,
  });
  return /** @type {import("dependency-cruiser").ICruiseResult} */ (output);
}

/** Who imports whom below a root, and which rules that breaks; found once. */
function graphOf(/** @type {string} */ root) {
  const graph =
    known.get(root) ?? cruised(root, Object.keys(ROWS), { ruleSet: { forbidden: FORBIDDEN } });
  known.set(root, graph);
  return graph;
}

/** Which imports below a root break which rule. @param {string} root */
export async function brokenRules(root) {
  const { modules, summary } = await graphOf(root);
  const { summary: ofFormats } = await cruised(root, ["bindings/formats"], {
    doNotFollow: { path: ["node_modules", "^bindings/description\\."] },
    ruleSet: { forbidden: FORBIDDEN_TO_FORMATS },
  });
  /** @type {Violation[]} */
  const violations = [summary, ofFormats]
    .flatMap(({ violations }) => violations)
    .map(({ rule, from, to }) => ({ rule: rule.name, from, to }));
  return {
    files: summary.totalCruised,
    broken: [...violations, ...brokenAtStart(modules)],
  };
}

/** Folders and single files with what they import, types included. @param {string} root */
export async function folderGraph(root) {
  const { modules } = await graphOf(root);
  const top = new RegExp(`^(${Object.keys(ROWS).join("|")})/[^/]+`);
  const topOf = (/** @type {string} */ path) => top.exec(path)?.[0];
  /** @type {Map<string, string[]>} */
  const folders = new Map();
  for (const { source, dependencies } of modules) {
    const from = topOf(source);
    if (!from) continue;
    const targets = dependencies.flatMap(({ resolved }) => topOf(resolved) ?? []);
    const others = targets.filter((to) => to !== from);
    folders.set(from, [...new Set([...(folders.get(from) ?? []), ...others])]);
  }
  return folders;
}
