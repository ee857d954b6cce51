/* global registerProcessor, AudioWorkletProcessor */
// An AudioWorklet: no import map, no import(), and hardly a global.
import * as full from "./node_modules/lmu-wasm/dist/full.js";
import { load as loadAny } from "./node_modules/lmu-wasm/dist/index.js";
import { legendre } from "./node_modules/lmu-wasm/dist/legendre.js";
import { models } from "./native.mjs";
import { scenario } from "./scenario.mjs";

const load = (bytes, { prefill }) => loadAny(bytes, { full, prefill });

class Scenario extends AudioWorkletProcessor {
  constructor() {
    super();
    this.port.onmessage = ({ ports: [port] }) => {
      scenario({ load, legendre }, models).then(
        (digests) => port.postMessage({ digests }),
        (error) => port.postMessage({ error: String(error) }),
      );
    };
  }

  process() {
    return true;
  }
}

registerProcessor("scenario", Scenario);
