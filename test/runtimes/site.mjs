import { once } from "node:events";
import { createReadStream } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { text } from "node:stream/consumers";

/*
 * The project as a web site, on a free port of this machine.
 */

const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

/**
 * Serves a folder. `outcomes` resolves with what a page posts.
 *
 * @returns {Promise<{ address: string, outcomes: Promise<unknown>, close: () => void }>}
 */
export async function openSite(folder) {
  let settle;
  const outcomes = new Promise((resolve) => (settle = resolve));
  const server = createServer(async (request, response) => {
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
  return { address: `http://127.0.0.1:${server.address().port}`, outcomes, close };
}

function serve(folder, url, response) {
  const path = normalize(decodeURIComponent(new URL(url, "http://localhost").pathname));
  const file = createReadStream(join(folder, path));
  file.on("error", () => response.writeHead(404).end());
  file.on("open", () => {
    response.setHeader("Content-Type", TYPES[extname(path)] ?? "application/octet-stream");
    file.pipe(response);
  });
}
