/** What bundlers for the edge make of the file: a compiled module. */
declare module "*.wasm" {
  const module: import("./kernel.js").WasmModule;
  export default module;
}

declare module "*.wasm?module" {
  const module: import("./kernel.js").WasmModule;
  export default module;
}
