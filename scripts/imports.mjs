// Who may import whom: the drawing in ARCHITECTURE.md as rules of dependency-cruiser. test/architecture.test.ts applies them.
import { cruise } from "dependency-cruiser";

/** A file imports from its own row or from rows below. @type {Record<string, string[][]>} */
const ROWS = {
  bindings: [
    ["cli", "worker", "worklet"],
    ["index", "api"],
    ["model"],
    ["formats"],
    ["source", "validate", "graph"],
    ["description"],
    ["layers"],
    ["plan"],
    ["facts"],
    ["activations"],
    ["tensor", "legendre"],
    ["runtime"],
    ["errors", "dispose", "inspect", "utf8"],
  ],
  assembly: [["index"], ["plan"], ["layers"], ["matrix", "state"], ["kernels"], ["simd"]],
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
  forbid("imports are found", {}, { couldNotResolve: true, pathNot: "lmu\\.wasm" }),
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

/** Of what runs at once: types are gone, and import() has not happened. */
const FORBIDDEN_AT_START = [
  forbid(
    "the entries need no package, and no reader of foreign formats",
    { path: "^bindings/index\\." },
    {
      path: [
        "node_modules",
        "^bindings/formats/(foreign|keras|torch|containers/(hdf5|npz|pickle|zip))",
      ],
      reachable: true,
    },
  ),
];

/** @param {string} root @param {string[]} from @param {import("dependency-cruiser").ICruiseOptions} options */
async function graphOf(root, from, options) {
  const { output } = await cruise(from, {
    baseDir: root,
    doNotFollow: { path: "node_modules" },
    ...options,
  });
  return /** @type {import("dependency-cruiser").ICruiseResult} */ (output);
}

/** Which imports below a root break which rule. @param {string} root */
export async function brokenRules(root) {
  const all = await graphOf(root, Object.keys(ROWS), {
    tsPreCompilationDeps: true,
    validate: true,
    ruleSet: { forbidden: FORBIDDEN },
  });
  const ofFormats = await graphOf(root, ["bindings/formats"], {
    doNotFollow: { path: ["node_modules", "^bindings/description\\."] },
    tsPreCompilationDeps: true,
    validate: true,
    ruleSet: { forbidden: FORBIDDEN_TO_FORMATS },
  });
  const atStart = await graphOf(root, ["bindings/index*.ts"], {
    exclude: { dynamic: true },
    validate: true,
    ruleSet: { forbidden: FORBIDDEN_AT_START },
  });
  const violations = [all, ofFormats, atStart].flatMap(({ summary }) => summary.violations);
  return {
    files: all.summary.totalCruised,
    broken: violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })),
  };
}

/** Folders and single files with what they import, types included. @param {string} root */
export async function folderGraph(root) {
  const top = `^(${Object.keys(ROWS).join("|")})/[^/]+`;
  const { modules } = await graphOf(root, Object.keys(ROWS), {
    tsPreCompilationDeps: true,
    collapse: top,
    includeOnly: top,
  });
  return new Map(modules.map((one) => [one.source, one.dependencies.map((to) => to.resolved)]));
}
