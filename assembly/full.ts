// The exported names of lmu-full.wasm: those of lmu.wasm, and kernels that only its records need.
export * from "./index";
export { attend } from "./kernels/attend";
export { gram } from "./kernels/gram";
