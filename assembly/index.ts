// The exported names of lmu.wasm. bindings/runtime/exports.ts mirrors them; test/abi.test.ts compares.
export { fade, run } from "./plan";
export { tick } from "./tick";

// Single kernels, for tests, benches and people who want nothing else.
export { affine } from "./kernels/affine";
export { clamp, relu, reluGeneral, sigmoid, tanh } from "./kernels/activation";
export { mix, multiply, multiplyAdd, updateCell } from "./kernels/gates";
export { hold } from "./kernels/hold";
export { scaleShift } from "./kernels/norm";
export { softmax } from "./kernels/softmax";

/** Where free memory begins: past the constants. A multiple of 16. */
export function heapBase(): usize {
  return (__heap_base + 15) & ~15;
}
