import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { onnxFile, HIDDEN, NETWORK } from "./network.mjs";

/*
 * What is started: modules with a function start(bytes, assets) that imports the library and gives its first output. They
 * run as they are on servers; assets is where a page finds the .wasm files of the libraries that fetch theirs.
 */

const lmu = `export async function start(bytes) {
  const { load } = await import("lmu-wasm");
  const model = await load(bytes);
  return [...model.stream().step(0.5)];
}
`;

const compiled = `export async function start(bytes) {
  const { load } = await import("lmu-wasm/compiled");
  const model = await load(bytes);
  return [...model.step(0.5)];
}
`;

/** What importing costs on a host whatever is imported: a package of one line. */
const nothing = `export async function start() {
  const { output } = await import("nothing");
  return output;
}
`;

const onnx = `export async function start(bytes, assets) {
  const ort = await import("onnxruntime-web");
  ort.env.wasm.numThreads = 1;
  if (assets) ort.env.wasm.wasmPaths = assets + "onnxruntime-web/dist/";
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
  const { y } = await session.run({ x: new ort.Tensor("float32", [0.5], [1, 1]) });
  return [...y.data];
}
`;

const list = (values) => JSON.stringify([...values]);
const tensorflow = `export async function start(bytes, assets) {
  const tf = await import("@tensorflow/tfjs");
  const { setWasmPaths, setThreadsCount } = await import("@tensorflow/tfjs-backend-wasm");
  setThreadsCount(1);
  if (assets) setWasmPaths(assets + "@tensorflow/tfjs-backend-wasm/dist/");
  await tf.setBackend("wasm");
  const encoder = tf.tensor2d(${list(NETWORK.encoder)}, [1, ${HIDDEN}]);
  const bias = tf.tensor2d(${list(NETWORK.bias)}, [1, ${HIDDEN}]);
  const readout = tf.tensor2d(${list(NETWORK.readout)}, [${HIDDEN}, 1]);
  const hidden = tf.tanh(tf.add(tf.matMul(tf.tensor2d([0.5], [1, 1]), encoder), bias));
  return [...(await tf.matMul(hidden, readout).data())];
}
`;

const model = new URL("../../models/mackey-glass.safetensors", import.meta.url);

/** The same as a module of its own. */
function compileModel() {
  const command = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
  return execFileSync(process.execPath, [command, "compile", fileURLToPath(model), "-o", "-"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
}

const everywhere = ["server", "workerd", "page"];

/**
 * @typedef {object} Library
 * @property {string} name
 * @property {string} text - module that starts it
 * @property {Uint8Array} bytes - its model
 * @property {readonly string[]} hosts - kinds of host it runs on; rivals run on one Node and in pages
 * @property {readonly string[]} packages - beside lmu-wasm, never a dependency of this project
 * @property {Readonly<Record<string, string>>} [env] - what its process finds in the environment besides
 * @property {boolean} isBundled - in pages: one file and its chunks, as esbuild makes them, or the files of the package
 */

/** @type {readonly Library[]} */
export const libraries = [
  {
    name: "nothing",
    text: nothing,
    bytes: new Uint8Array(0),
    hosts: everywhere,
    packages: [],
    isBundled: false,
  },
  {
    name: "lmu-wasm",
    text: lmu,
    bytes: readFileSync(model),
    hosts: everywhere,
    packages: [],
    isBundled: false,
  },
  {
    // Node keeps what it compiled of a file when that was imported: one Node is enough for it, too.
    name: "lmu-wasm, code kept",
    text: lmu,
    bytes: readFileSync(model),
    hosts: ["rivals"],
    packages: [],
    env: { NODE_COMPILE_CACHE: "code" },
    isBundled: false,
  },
  {
    name: "lmu-wasm, bundled",
    text: lmu,
    bytes: readFileSync(model),
    hosts: everywhere.slice(2),
    packages: [],
    isBundled: true,
  },
  {
    name: "lmu-wasm, compiled",
    text: compiled,
    bytes: compileModel(),
    hosts: ["server", "page"],
    packages: [],
    isBundled: false,
  },
  {
    name: "onnxruntime-web",
    text: onnx,
    bytes: onnxFile(),
    hosts: ["rivals", "page"],
    packages: ["onnxruntime-web@1.30.0"],
    isBundled: true,
  },
  {
    name: "tfjs wasm",
    text: tensorflow,
    bytes: new Uint8Array(0),
    hosts: ["rivals", "page"],
    packages: ["@tensorflow/tfjs@4.22.0", "@tensorflow/tfjs-backend-wasm@4.22.0"],
    isBundled: true,
  },
];
