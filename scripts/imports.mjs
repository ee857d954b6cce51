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

/** @typedef {import("dependency-cruiser").IModule} Module */
/** @typedef {import("dependency-cruiser").IDependency} Dependency */
/** @typedef {{ rule: string, from: string, to: string }} Violation */

/**
 * What must not be reached by way of some imports, for which dependency-cruiser would read every file again, or compile it.
 *
 * @typedef {object} Reach
 * @property {string} name
 * @property {RegExp} from
 * @property {RegExp} to
 * @property {(by: Dependency, source: string) => boolean} follows
 */

/**
 * Types included, up to descriptions: those are made of the types that layers read, and a file of types brings nothing else
 * along.
 *
 * @type {Reach}
 */
const OF_FORMATS = {
  name: "formats know no wasm",
  from: /^bindings\/formats\//,
  to: /^bindings\/(model|layers|plan|runtime)\//,
  follows: (_, source) => source !== "bindings/description.ts",
};

/** What no entry needs at once: types are gone by then, and import() has not happened. @type {Reach} */
const AT_START = {
  name: "the entries need no package, no reader of foreign formats, and no full edition",
  from: /^bindings\/index\./,
  follows: ({ dynamic, dependencyTypes }) => !dynamic && !dependencyTypes.includes("type-only"),
  to: /node_modules|^bindings\/(full|layers\/full-kinds|runtime\/full-hex)|^bindings\/formats\/(foreign|keras|torch|containers\/(hdf5|npz|pickle|zip))/,
};

/** What breaks such a rule. @param {Module[]} modules @param {Reach} rule */
function brokenReach(modules, { name, from, to, follows }) {
  const bySource = new Map(modules.map((one) => [one.source, one]));
  const reached = new Set(modules.filter(({ source }) => from.test(source)));
  /** @type {Violation[]} */
  const broken = [];
  for (const { source, dependencies } of reached) {
    for (const dependency of dependencies) {
      if (!follows(dependency, source)) continue;
      const { resolved } = dependency;
      if (to.test(resolved)) broken.push({ rule: name, from: source, to: resolved });
      const next = bySource.get(resolved);
      if (next) reached.add(next);
    }
  }
  return broken;
}

/** @type {Map<string, Promise<import("dependency-cruiser").ICruiseResult>>} */
const known = new Map();

/** What dependency-cruiser says of the folders below a root, types included. @param {string} root */
async function cruised(root) {
  const { output } = await cruise(Object.keys(ROWS), {
    baseDir: root,
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    validate: true,
    ruleSet: { forbidden: FORBIDDEN },
  });
  return /** @type {import("dependency-cruiser").ICruiseResult} */ (output);
}

/** Who imports whom below a root, and which rules that breaks; found once. */
function graphOf(/** @type {string} */ root) {
  const graph = known.get(root) ?? cruised(root);
  known.set(root, graph);
  return graph;
}

/** Which imports below a root break which rule. @param {string} root */
export async function brokenRules(root) {
  const { modules, summary } = await graphOf(root);
  const violations = summary.violations.map(({ rule, from, to }) => ({
    rule: rule.name,
    from,
    to,
  }));
  const reaches = [OF_FORMATS, AT_START].flatMap((rule) => brokenReach(modules, rule));
  return { files: summary.totalCruised, broken: [...violations, ...reaches] };
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
