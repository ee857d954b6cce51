import { once } from "node:events";
import { createReadStream } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { text } from "node:stream/consumers";

/*
 * The project as a web site, on a free port of this machine.
 */

const TYPES = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

/** Headers that give a page shared memory. */
export const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/**
 * Serves a folder. `outcomes` resolves with what a page posts.
 *
 * @param {string} folder
 * @param {Record<string, string>} headers - of every answer
 * @returns {Promise<{ address: string, outcomes: Promise<unknown>, close: () => void }>}
 */
export async function openSite(folder, headers = {}) {
  let settle;
  const outcomes = new Promise((resolve) => (settle = resolve));
  const server = createServer(async (request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (request.method !== "POST") return serve(folder, request.url, response);
    settle(JSON.parse(await text(request)));
    response.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return { address: `http://127.0.0.1:${port}`, outcomes, close };
}

function serve(folder, url, response) {
  const { pathname } = new URL(url, "http://localhost");
  const path = normalize(decodeURIComponent(pathname.replace(/\/$/, "/index.html")));
  const file = createReadStream(join(folder, path));
  file.on("error", () => response.writeHead(404).end());
  file.on("open", () => {
    // What is measured, or has just been built anew, must not come from a cache.
    response.setHeader("Cache-Control", "no-store");
    response.setHeader("Content-Type", TYPES[extname(path)] ?? "application/octet-stream");
    file.pipe(response);
  });
}
