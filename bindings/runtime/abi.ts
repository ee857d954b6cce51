/*
 * The other side of assembly/: names, codes and field orders, kept equal by test/abi.test.ts.
 * A record is an array of 32-bit words; every layer record starts with kind, bytes, clock.
 */

/** The exported functions of lmu.wasm. Pointers and sizes are plain numbers; every pointer is in bytes. */
export interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  heapBase(): number;
  run(
    plan: number,
    states: number,
    stateBytes: number,
    streams: number,
    steps: number,
    flush: number,
  ): void;
  affine(
    y: number,
    yStride: number,
    init: number,
    initStride: number,
    x: number,
    xStride: number,
    count: number,
    W: number,
    columns: number,
    rows: number,
  ): void;
  tanh(at: number, count: number): void;
  sigmoid(at: number, count: number): void;
  relu(at: number, count: number): void;
  exponential(at: number, count: number): void;
  gelu(at: number, count: number): void;
  geluTanh(at: number, count: number): void;
  silu(at: number, count: number): void;
  softplus(at: number, count: number): void;
  logSigmoid(at: number, count: number): void;
  mish(at: number, count: number): void;
  tanhShrink(at: number, count: number): void;
  softsign(at: number, count: number): void;
  sparsePlus(at: number, count: number): void;
  elu(at: number, count: number, parameters: number): void;
  reluGeneral(at: number, count: number, parameters: number): void;
  clamp(at: number, count: number, parameters: number): void;
  hardSilu(at: number, count: number, parameters: number): void;
  squareplus(at: number, count: number, parameters: number): void;
  shrink(at: number, count: number, parameters: number): void;
  threshold(at: number, count: number, parameters: number): void;
  softmax(at: number, width: number): void;
  logSoftmax(at: number, width: number): void;
  combine(operation: number, y: number, x: number, bytes: number): void;
  updateCell(c: number, f: number, i: number, g: number, copy: number, bytes: number): void;
  multiply(y: number, a: number, b: number, bytes: number): void;
  multiplyAdd(y: number, a: number, b: number, bytes: number): void;
  mix(y: number, z: number, h: number, candidate: number, bytes: number): void;
  scaleShift(y: number, x: number, scale: number, shift: number, rows: number, bytes: number): void;
  layerNorm(
    y: number,
    x: number,
    scale: number,
    shift: number,
    width: number,
    epsilon: number,
  ): void;
}

/** Layer kinds, in the order of assembly/plan.ts. */
export const KINDS = [
  "loop",
  "dense",
  "memory",
  "rnn",
  "lstm",
  "gru",
  "activation",
  "scale",
  "norm",
  "merge",
  "copy",
  "embedding",
  "convolution",
  "pool",
  "globalPool",
  "last",
  "reverse",
  "flatten",
] as const;

/** Activation codes start at 1, in the order of assembly/layers/activation.ts. */
export const ACTIVATION_KINDS = [
  "identity",
  "tanh",
  "sigmoid",
  "relu",
  "reluGeneral",
  "clamp",
  "hardSilu",
  "elu",
  "gelu",
  "geluTanh",
  "silu",
  "softplus",
  "logSigmoid",
  "mish",
  "tanhShrink",
  "exponential",
  "softsign",
  "squareplus",
  "sparsePlus",
  "shrink",
  "threshold",
  "softmax",
  "logSoftmax",
] as const;

/** Combine codes, in the order of assembly/kernels/combine.ts. */
export const COMBINES = ["add", "subtract", "multiply", "maximum", "minimum"] as const;

/** Header of every layer record. */
export const LAYER = ["kind", "bytes", "clock"] as const;

/** Header of a plan; the row counters of the clocks follow. */
export const PLAN = ["layers", "end", "states", "stateBytes", "streams", "flush"] as const;

/** Fields after the header, per record, as the classes of assembly/layers declare them. */
export const FIELDS = {
  loop: [],
  dense: ["output", "outputs", "width", "bias", "activation", "terms"],
  memory: [
    "input",
    "inputStride",
    "output",
    "outputStride",
    "state",
    "channels",
    "order",
    "columns",
    "weights",
    "residual",
    "residualStride",
    "updated",
    "activation",
    "gate",
    "gateStride",
    "drive",
  ],
  rnn: ["hidden", "stride", "units", "weights", "state", "activation"],
  lstm: ["gates", "output", "stride", "units", "weights", "state", "activation", "gateActivation"],
  gru: [
    "gates",
    "output",
    "stride",
    "units",
    "weights",
    "candidateWeights",
    "candidateBias",
    "scratch",
    "state",
    "activation",
    "gateActivation",
  ],
  activation: ["input", "output", "stride", "width", "activation"],
  scale: ["input", "output", "stride", "scale", "shift"],
  norm: ["input", "output", "stride", "width", "scale", "shift", "epsilon"],
  merge: ["operation", "a", "b", "output", "stride"],
  copy: ["input", "inputStride", "output", "outputStride", "width"],
  embedding: ["input", "inputStride", "output", "stride", "table"],
  convolution: [
    "window",
    "output",
    "outputs",
    "width",
    "outputClock",
    "taps",
    "dilation",
    "columns",
    "weights",
    "bias",
    "activation",
  ],
  pool: ["window", "output", "outputClock", "isMean"],
  globalPool: ["input", "output", "stride", "outputClock", "isMean", "state"],
  last: ["input", "output", "stride", "outputClock"],
  reverse: ["input", "output", "stride"],
  flatten: ["input", "output", "stride", "width", "outputStride", "outputClock"],
} as const satisfies Record<(typeof KINDS)[number], readonly string[]>;

/** Records that belong to a layer record: inputs of a dense, the window of a convolution, an activation. */
export const PARTS = {
  term: ["isState", "input", "stride", "columns", "weights"],
  window: ["input", "width", "rows", "span", "stride", "left", "right", "state"],
  activation: ["kind", "p0", "p1", "p2", "p3"],
} as const;
