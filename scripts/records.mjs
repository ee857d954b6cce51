import { readdirSync, readFileSync } from "node:fs";

/*
 * assembly/ → bindings/runtime/records.ts: what the host must know of the records of a plan. The classes of AssemblyScript
 * are the one place that says which fields there are, in which order and of which type.
 */

// By a name that tsc does not follow: its declarations declare everybody's globals anew.
const compiler = "assemblyscript";
const assemblyscript = await import(compiler);
export const { NodeKind } = assemblyscript;

/** @typedef {{ name: string, isLayer: boolean, fields: [name: string, type: string][] }} Class */

/** Enums whose codes the host writes, by the file that declares them. */
const ENUMS = /** @type {Record<string, [path: string, name: string]>} */ ({
  KINDS: ["plan.ts", "Kind"],
  ACTIVATION_KINDS: ["layers/activation.ts", "Kind"],
  COMBINES: ["kernels/combine.ts", "Combine"],
});

/** Types of fields: 32 bits wide but for those of a state. */
const TYPES = ["u32", "i32", "usize", "f32", "f64"];

/** Declarations of a file, by the parser of the compiler. @param {string} path @returns {any[]} */
export function declarations(path) {
  const program = assemblyscript.newProgram(assemblyscript.newOptions());
  assemblyscript.parse(program, readFileSync(`assembly/${path}`, "utf8"), path, true);
  return program.sources.find((/** @type {any} */ source) => source.normalizedPath === path)
    .statements;
}

/** Classes of a file with their fields in order of declaration. @param {string} path @returns {Class[]} */
function classesOf(path) {
  const classes = declarations(path).filter(({ kind }) => kind === NodeKind.ClassDeclaration);
  return classes.map(({ name, members, extendsType }) => ({
    name: name.text,
    isLayer: extendsType?.name.identifier.text === "Layer",
    fields: members
      .filter((/** @type {any} */ { kind }) => kind === NodeKind.FieldDeclaration)
      .map((/** @type {any} */ field) => [field.name.text, fieldType(name.text, field)]),
  }));
}

/** @param {string} owner @param {any} field */
function fieldType(owner, { name, type }) {
  const text = type.name.identifier.text;
  if (TYPES.includes(text)) return text;
  throw new Error(`${owner}.${name.text} is ${text}, expected one of ${TYPES.join(", ")}`);
}

/**
 * Names of the members of an enum, as the host writes them unless said.
 *
 * @param {string} path @param {string} name @param {(name: string) => string} spell @returns {string[]}
 */
export function membersOf(path, name, spell = small) {
  const found = declarations(path).find(
    (node) => node.kind === NodeKind.EnumDeclaration && node.name.text === name,
  );
  return found.values.map((/** @type {any} */ value) => spell(value.name.text));
}

/** @param {string} name */
function small(name) {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** Fields of states stand at their natural alignment: offsets in bytes. @param {Class["fields"]} fields */
function offsetsOf(fields) {
  let at = 0;
  const offsets = fields.map(([name, type]) => {
    const bytes = type === "f64" ? 8 : 4;
    at = Math.ceil(at / bytes) * bytes + bytes;
    return [name, at - bytes];
  });
  return Object.fromEntries([...offsets, ["bytes", at]]);
}

/** Names of all fields that are floats; a name has one type wherever it occurs. @param {Class[]} classes */
function floatsOf(classes) {
  const types = new Map();
  for (const [name, type] of classes.flatMap(({ fields }) => fields)) {
    const isFloat = type === "f32";
    if (types.has(name) && types.get(name) !== isFloat) throw new Error(`${name} has two types`);
    types.set(name, isFloat);
  }
  return [...types].filter(([, isFloat]) => isFloat).map(([name]) => name);
}

/** The text of bindings/runtime/records.ts. */
export function recordsModule() {
  const folder = readdirSync("assembly/layers").map((file) => `layers/${file}`);
  const classes = ["state.ts", "matrix.ts", "tick.ts", ...folder].flatMap(classesOf);
  const past = classesOf("compiled/past.ts");
  /** @returns {Class["fields"]} */
  const fieldsOf = (/** @type {string} */ name) =>
    classes.find((one) => one.name === name)?.fields ?? [];
  const headers = ["Plan", "Layer", "State", "Tick"];
  const parts = classes.filter(({ name, isLayer }) => !isLayer && !headers.includes(name));
  /** @param {string} comment @param {string} name @param {unknown} value */
  const constant = (comment, name, value) =>
    `/** ${comment} */\nexport const ${name} = ${JSON.stringify(value)} as const;\n`;
  /** As one text, which is shorter. @param {string} comment @param {string} name @param {string[]} words */
  const list = (comment, name, words) =>
    `/** ${comment} */\nexport const ${name} = /* @__PURE__ */ ${JSON.stringify(words.join(" "))}.split(" ") as unknown as readonly ${JSON.stringify(words)};\n`;
  /** @param {Class[]} classes */
  const names = (classes) =>
    Object.fromEntries(classes.map(({ name, fields }) => [small(name), fields.map(([f]) => f)]));
  const layers = { loop: [], ...names(classes.filter(({ isLayer }) => isLayer)) };
  const fields = (/** @type {string} */ name) => fieldsOf(name).map(([field]) => field);
  return [
    "// Generated by scripts/records.mjs from assembly/.\n",
    ...Object.entries(ENUMS).map(([name, [path, type]]) =>
      list(`Codes of ${type} in assembly/${path}.`, name, membersOf(path, type)),
    ),
    constant("Header of a plan; the row counters of the clocks follow.", "PLAN", fields("Plan")),
    constant("Words of that.", "PLAN_WORDS", fields("Plan").length),
    constant("Words of the header of every layer record.", "LAYER_WORDS", fields("Layer").length),
    constant("What a tick works on; the offsets of its phases follow.", "TICK", fields("Tick")),
    constant("Words of that.", "TICK_WORDS", fields("Tick").length),
    constant("Header of every state: offsets in bytes.", "STATE", offsetsOf(fieldsOf("State"))),
    constant("Fields of the layer records after their header.", "RECORDS", layers),
    constant("Records that layer records point to, or hold.", "PARTS", names(parts)),
    constant("Tables of compiled models, of f64 alone.", "PASTS", names(past)),
    constant("Fields that are f32; all others are integers.", "FLOATS", floatsOf(classes)),
  ].join("\n");
}
