/* global fetch */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { appFile, copyModels } from "../app.mjs";
import { freePort, serve } from "../shell.mjs";

// .bin files come as ArrayBuffers, by wrangler's own rules.
const worker = `import native from "./model.safetensors.bin";
import keras from "./model.keras.bin";
import compiled from "./model.wasm";
import { stream as run } from "./compiled.js";
import { stream } from "./stream.js";

export default {
  async fetch() {
    return Response.json({
      native: await stream(native),
      keras: await stream(keras),
      compiled: await run(compiled),
    });
  },
};
`;

const configuration = `name = "consumer"
main = "worker.js"
compatibility_date = "2026-06-01"
`;

const env = { WRANGLER_SEND_METRICS: "false" };

export const wrangler = {
  name: "wrangler",
  packages: ["wrangler@4"],
  needsModernNode: true,
  files: {
    "worker.js": worker,
    "stream.js": appFile("stream.js"),
    "compiled.js": appFile("compiled.js"),
    "wrangler.toml": configuration,
  },
  async build({ folder, run }) {
    copyModels(folder, (name) => `${name}.bin`);
    await run("wrangler deploy --dry-run --minify --outdir out", { env });
  },
  async run({ folder, node }) {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/`;
    const command = `wrangler dev --ip 127.0.0.1 --port ${port}`;
    const server = await serve(command, { cwd: folder, node, env, url });
    try {
      const outputs = await (await fetch(url)).json();
      // One script, without chunks: the readers of other formats are in it.
      const script = brotliCompressSync(readFileSync(join(folder, "out/worker.js"))).length;
      return { outputs, sizes: { whole: script } };
    } finally {
      server.stop();
    }
  },
};
