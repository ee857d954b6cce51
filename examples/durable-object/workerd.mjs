/* global fetch */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { launch, temporaryFolder } from "../support/processes.mjs";
import { MODEL } from "../support/signals.mjs";

const file = (path) => fileURLToPath(new URL(path, import.meta.url));
const PROGRAM = file("node_modules/@cloudflare/workerd-linux-64/bin/workerd");
const SCRIPTS = ["worker.js", "session.js", "../support/refusal.mjs"];
/** What models.js imports. */
const OWN = "lmu-wasm/models/mackey-glass.safetensors";
const LIBRARY = ["index.workerd.js", "lmu.wasm"];

/** What wrangler makes of wrangler.jsonc, but that every module stays a file of its own. */
const configuration = (modules) => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker), (name = "disk", disk = (path = "objects", writable = true))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  compatibilityDate = "2026-01-01",
  durableObjectNamespaces = [(className = "Session", uniqueKey = "sessions", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [(name = "SESSIONS", durableObjectNamespace = "Session")],
  modules = [${modules.map(([name, type, path]) => `(name = "${name}", ${type} = embed "${path}")`)}],
);
`;

/** models.js, of other models. */
const modelsScript = (names) => `import { load } from "lmu-wasm";
${names.map((name, i) => `import m${i} from "${name}";`).join("\n")}
export const models = await Promise.all([${names.map((_, i) => `m${i}`)}].map((bytes) => load(bytes)));
`;

/**
 * Starts workerd, the engine of Cloudflare's Workers, with objects on disk.
 *
 * @param {{ folder: string, port: number }} at - where it was before it was killed
 * @param {{ models?: string[], script?: string }} options - files of models, the newest last,
 *   or what stands for models.js
 */
export async function startWorkerd(at = undefined, { models, script = "models.js" } = {}) {
  const folder = at?.folder ?? temporaryFolder();
  mkdirSync(join(folder, "objects"), { recursive: true });
  for (const path of SCRIPTS) {
    // Modules of workerd stand in one folder.
    const text = readFileSync(file(path), "utf8").replace("../support/", "./");
    writeFileSync(join(folder, basename(path)), text);
  }
  for (const name of LIBRARY)
    copyFileSync(file(`node_modules/lmu-wasm/dist/${name}`), join(folder, name));
  if (models) writeFileSync(join(folder, "models.js"), modelsScript(models.map((_, i) => `${i}`)));
  else copyFileSync(file(script), join(folder, "models.js"));
  const weights = models?.map((path, i) => [`${i}`, path]) ?? [[OWN, MODEL]];
  weights.forEach(([, path], i) => copyFileSync(path, join(folder, `${i}.safetensors`)));
  const modules = [
    ...[...SCRIPTS, "models.js"]
      .map((path) => basename(path))
      .map((name) => [name, "esModule", name]),
    ["lmu-wasm", "esModule", "index.workerd.js"],
    ["lmu.wasm", "wasm", "lmu.wasm"],
    ...weights.map(([name], i) => [name, "data", `${i}.safetensors`]),
  ];
  writeFileSync(join(folder, "workerd.capnp"), configuration(modules));
  const address = `http=127.0.0.1:${at?.port ?? 0}`;
  const args = ["serve", "--control-fd=1", "--socket-addr", address, "workerd.capnp"];
  const server = await launch(PROGRAM, args, { cwd: folder, says: /"listen".*"port":(\d+)/ });
  const port = Number(server.said[1]);
  return { ...server, folder, port, url: `http://127.0.0.1:${port}` };
}

/** One request. @returns status and body */
export async function send(url, method, session, body) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(`${url}/sessions/${session}`, { method, body: text });
  return { status: response.status, body: await response.json() };
}
