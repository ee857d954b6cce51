import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { run } from "./child.mjs";
import { BYTES_OF, bytesOf } from "./models.mjs";

/*
 * Models compiled to modules of their own, for the loader alone: as bytes, and as modules where engines compile none.
 */

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/**
 * Compiles all models into the project.
 *
 * @param {{ cwd: string, home: string }} project
 * @returns {Promise<Record<string, string>>} the digests to expect: those of the package in this Node
 */
export async function compileModels(project) {
  const { cwd } = project;
  const outfile = join(cwd, "compile.mjs");
  await build({
    ...{ entryPoints: [here("compile.mts")], outfile, bundle: true, logLevel: "silent" },
    ...{ platform: "node", format: "esm", external: ["lmu-wasm/compiled"] },
  });
  const printed = await run(process.execPath, [outfile, here("../.."), cwd], project);
  const digests = JSON.parse(printed);
  const names = Object.keys(digests);
  const files = names.map((name) => `compiled/${name.split(" ")[0]}`);
  const listOf = (sources) => {
    const entries = names.map((name, i) => `{ name: "${name}", source: ${sources[i]} }`);
    return `export const models = [\n${entries.join(",\n")}];\n`;
  };
  const write = (name, parts) => writeFileSync(join(cwd, name), parts.join("\n"));
  const bytes = files.map((file) => bytesOf(join(cwd, file)));
  write("compiled-bytes.mjs", [BYTES_OF, listOf(bytes)]);
  const imports = files.map((file, i) => `import module${i} from "./${file}";`);
  write("compiled-modules.mjs", [...imports, listOf(files.map((_, i) => `module${i}`))]);
  write("compiled-workerd.capnp", [capnpOf(names.map((name) => name.split(" ")[0]))]);
  return digests;
}

/** What workerd is told of the bundle and its modules. */
function capnpOf(files) {
  const modules = files.map((file) => `    (name = "${file}", wasm = embed "${file}"),`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [(name = "main", worker = .worker)]);
const worker :Workerd.Worker = (
  compatibilityDate = "2026-01-01",
  modules = [
    (name = "compiled-workerd.mjs", esModule = embed "compiled-workerd.mjs"),
${modules.join("\n")}
  ],
);
`;
}
