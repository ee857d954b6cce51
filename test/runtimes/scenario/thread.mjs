/* global self */
// A Worker, SharedWorker or ServiceWorker: who has no import map, and partly no import(), which other formats need.
import * as full from "./node_modules/lmu-wasm/dist/full.js";
import { load as loadAny } from "./node_modules/lmu-wasm/dist/index.js";
import { legendre } from "./node_modules/lmu-wasm/dist/legendre.js";
import { models } from "./native.mjs";
import { scenario } from "./scenario.mjs";

/** There may be no import(). */
const load = (bytes, { prefill }) => loadAny(bytes, { full, prefill });

/** Answers through the port that comes with a message. */
function start({ ports: [port] }) {
  scenario({ load, legendre }, models).then(
    (digests) => port.postMessage({ digests }),
    (error) => port.postMessage({ error: String(error) }),
  );
}

self.addEventListener("message", start);
self.addEventListener("connect", ({ ports: [port] }) => (port.onmessage = start));
