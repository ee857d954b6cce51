import { pageApp } from "../app.mjs";
import { runStatic } from "./static.mjs";

/** @type {import("../app.mjs").Scenario[]} */
const plain = ["native", "keras", "compiled"];
/** @type {import("../app.mjs").Scenario[]} */
const withWorklet = [...plain, "worklet"];
/** @type {import("../app.mjs").Scenario[]} */
const withWorker = [...withWorklet, "worker"];

/**
 * A bundler that makes a folder from main.js with one command.
 *
 * @param {string} name @param {string[]} packages @param {string} command
 * @param {{ output?: string, scenarios?: typeof plain, way?: "beside" | "file" | "url" }} [options]
 */
function bundler(name, packages, command, options = {}) {
  const { output = "dist", scenarios = plain, way = "beside" } = options;
  return {
    name,
    packages,
    files: pageApp(scenarios, way),
    build: ({ run }) => run(command),
    run: (context) => runStatic(context, output, scenarios),
  };
}

export const webpack = bundler(
  "webpack",
  ["webpack@5", "webpack-cli@7"],
  "webpack --mode production --entry ./main.js",
  { scenarios: withWorker },
);

// esbuild and rollup leave worker scripts alone, and Parcel finds no entry but the main one: see the README.
export const esbuild = bundler(
  "esbuild",
  ["esbuild@0.28"],
  "esbuild main.js --bundle --splitting --format=esm --minify --outdir=dist --loader:.wasm=file",
  { scenarios: withWorklet, way: "file" },
);

export const rollup = bundler(
  "rollup",
  ["rollup@4", "@rollup/plugin-node-resolve@16", "@rollup/plugin-terser@1"],
  "rollup main.js -p node-resolve -p terser --dir dist --format es && cp model.wasm dist",
  { scenarios: withWorklet },
);

export const parcel = bundler(
  "parcel",
  ["parcel@2"],
  "parcel build index.html --no-cache --public-url ./",
  { scenarios: plain.slice(0, 2) },
);
