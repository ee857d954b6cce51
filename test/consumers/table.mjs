import { esbuild, parcel, rollup, webpack } from "./tools/bundlers.mjs";
import { nextTurbopack, nextWebpack } from "./tools/next.mjs";
import { node } from "./tools/node.mjs";
import { page } from "./tools/page.mjs";
import { vites } from "./tools/vite.mjs";
import { wrangler } from "./tools/wrangler.mjs";

/**
 * Who uses the package, and how.
 *
 * @typedef {object} Consumer
 * @property {string} name
 * @property {readonly string[]} packages - installed beside lmu-wasm, at the newest version of a major one
 * @property {Record<string, string>} files - texts of the app; configuration for lmu-wasm itself would be a bug of ours
 * @property {readonly string[]} [folders] - folders of those files
 * @property {boolean} [needsModernNode] - the tool wants Node 22 or newer
 * @property {(context: Context) => Promise<unknown>} [build]
 * @property {(context: Context) => Promise<{ outputs: object, sizes?: Record<string, number> }>} run
 *
 * @typedef {object} Context
 * @property {string} folder - where everything is installed and written
 * @property {string} node - the Node that tools run on
 * @property {() => Promise<import("playwright-core").Browser>} browser
 * @property {(command: string, options?: object) => Promise<string>} run - runs a command there
 * @property {(files: Record<string, string>) => void} write - writes files there
 */

/** @type {readonly Consumer[]} the first one is what the others are compared with */
export const consumers = [
  node,
  page,
  ...vites,
  webpack,
  esbuild,
  rollup,
  parcel,
  nextTurbopack,
  nextWebpack,
  wrangler,
];
