import { build } from "esbuild";

/** Makes Node scripts (.mjs) of TypeScript entries, with all they import but packages. @param {string[]} entryPoints @param {string} outdir */
export function compile(entryPoints, outdir) {
  return build({
    entryPoints,
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    logLevel: "warning",
  });
}
