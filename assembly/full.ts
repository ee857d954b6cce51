// The exported names of lmu-full.wasm: those of lmu.wasm, and kernels that only its records need.
export * from "./index";
export { affineInt8 } from "./kernels/affine-int8";
export { attend } from "./kernels/attend";
export { combine } from "./kernels/combine";
export {
  elu,
  exponential,
  gelu,
  geluTanh,
  hardSilu,
  logSigmoid,
  mish,
  shrink,
  silu,
  softplus,
  softsign,
  sparsePlus,
  squareplus,
  tanhShrink,
  threshold,
} from "./kernels/full-activation";
export { addSecondHalf, fourier, inverseFourier, multiplySpectra } from "./kernels/fourier";
export { gram } from "./kernels/gram";
export { layerNorm } from "./kernels/norm";
export { logSoftmax } from "./kernels/softmax";
