/**
 * The exported functions of lmu.wasm. Nothing is checked: an address outside the memory traps, a wrong one overwrites.
 *
 * All arguments are numbers; pointers are byte addresses, and every array is f32, best aligned to 16 bytes. Elementwise
 * functions work in place on f32[count] at `at`, `count` a multiple of 4; `parameters` points at floats in the order
 * named. `bytes` is the length of a row, a multiple of 16: what is shorter is padded, and what the padding holds does not
 * matter unless said. "ulp" is the spacing of floats at the exact result; where no error is given, every operation rounds
 * once. None of them allocates.
 */
export interface Exports {
  /** The memory: grows by pages of 64 KiB, which detaches the buffer and all views of it. */
  readonly memory: {
    /** All bytes of the memory; detached when it grows. */
    readonly buffer: ArrayBuffer;
    /** Adds pages; returns how many there were. Throws a RangeError if the engine has no more to give. */
    grow(pages: number): number;
  };
  /** First free byte, past the constants: a multiple of 16. */
  heapBase(): number;
  /** Runs a model planned by this package, steps rows for every stream. Its plan is private and changes with versions. */
  run(plan: number, slots: number, streams: number, steps: number, flags: number): void;
  /** Takes the samples that wait in a pool at an address: its records are private, too. */
  tick(at: number): void;
  /** Lets the memories of one stream cross a gap without input; as private as run. */
  fade(plan: number, slots: number): void;
  /**
   * y[i] = init[i] + W·x[i] for count rows. Error: columns · 2^-23 · (|init| + |W|·|x|).
   *
   * W is packed into panels of 32 rows of outputs, then 16, 8 and 4 as the rest needs, each [column][row within the panel].
   *
   * @param y - receives f32[count][rows]; may be init, must not overlap x
   * @param yStride - bytes from row to row
   * @param init - f32[count][rows]
   * @param initStride - bytes from row to row; 0 repeats one bias
   * @param x - f32[count][columns]
   * @param xStride - bytes from row to row
   * @param count - rows of x and y
   * @param W - the panels, f32[rows · columns]
   * @param columns - inputs
   * @param rows - outputs, a multiple of 4; W holds zeros for padding
   */
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
  /** tanh x. Error: 1.4 ulp. */
  tanh(at: number, count: number): void;
  /** 1 / (1 + e^-x). Error: 2.5 ulp. */
  sigmoid(at: number, count: number): void;
  /** max(x, 0). Exact. */
  relu(at: number, count: number): void;
  /** slope·(x - threshold) below threshold, min(x, limit) from there on. parameters: slope, threshold, limit. */
  reluGeneral(at: number, count: number, parameters: number): void;
  /** scale·x + shift, held within low … high. parameters: scale, shift, low, high. */
  clamp(at: number, count: number, parameters: number): void;
  /** e^x / Σ e^x over f32[width], padded to a multiple of 4. Error, relative: (6 + highest - x + width) · 2^-24. */
  softmax(at: number, width: number): void;
  /** c ← f·c + i·g, the cell of an LSTM, and a copy of it. */
  updateCell(c: number, f: number, i: number, g: number, copy: number, bytes: number): void;
  /** y = a·b. */
  multiply(y: number, a: number, b: number, bytes: number): void;
  /** y ← y + a·b. */
  multiplyAdd(y: number, a: number, b: number, bytes: number): void;
  /** y = z·h + (1 - z)·candidate, the update of a GRU. */
  mix(y: number, z: number, h: number, candidate: number, bytes: number): void;
  /** y = x·scale + shift for f32[rows][bytes / 4]; scale and shift are one row each, shift 0 stands for none. */
  scaleShift(y: number, x: number, scale: number, shift: number, rows: number, bytes: number): void;
  /**
   * exp(scale · T⁻¹ A T) - I of the LMU's A in the normalised basis, f64[padded][padded], padded being order rounded up to a
   * multiple of 4. at: scratch, f64[3 · padded² + 2 · padded]. Returns the address of the result, within the scratch.
   * Relative error (Frobenius): 1e-13.
   */
  hold(at: number, order: number, scale: number): number;
}

/** The exported functions of lmu-full.wasm, which has all of lmu.wasm. */
export interface FullExports extends Exports {
  /**
   * The same for a W of integers of 8 bits with a scale per output: y[i] = init[i] + scales ∘ (W · x[i]), x rounded likewise row by
   * row. Error: max|x| / 253 · Σ|scale · W| + 2^-22 · (|init| + Σ|scale · W| · max|x|).
   *
   * W is packed like that of affine, with four columns in the place of one: [columns / 4][row within the panel][4], the first and the
   * third of them with 128 added.
   *
   * @param y - receives f32[count][rows]; may be init, must not overlap x
   * @param yStride - bytes from row to row
   * @param init - f32[count][rows]
   * @param initStride - bytes from row to row; 0 repeats one bias
   * @param x - f32[count][columns]
   * @param xStride - bytes from row to row
   * @param count - rows of x and y
   * @param W - the panels, rows · columns bytes, columns rounded up to a multiple of 4
   * @param columns - inputs, at most 2^17
   * @param rows - outputs, a multiple of 4
   * @param scales - f32[rows]
   * @param scratch - for each of up to 16 rows 16 bytes, and 2 · columns rounded up to a multiple of 16
   */
  affineInt8(
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
    scales: number,
    scratch: number,
  ): void;
  /**
   * Takes up to 64 keys into the attention of one query; y / total is softmax(query · key - slope · |distance|) · values.
   *
   * Error of y / total: (width · A + keys + 16) · 2^-22 · max |value|, A = max (Σ |query · key| + slope · |distance|).
   *
   * @param y - f32[width], in and out: Σ e^(score - top) · value; begins as 0
   * @param running - f32[2], in and out: top, the highest score, and total, Σ e^(score - top); begin as -infinity and 0
   * @param query - f32[width]
   * @param keys - f32[count][width], followed by readable rows up to a multiple of 4
   * @param values - f32[count][width]
   * @param stride - bytes from key to key, and from value to value
   * @param count - 1 to 64
   * @param width - a multiple of 4
   * @param scores - scratch, f32[68]
   * @param slope - of the distance between query and key, 0: none
   * @param distance - of the query from the first key
   */
  attend(
    y: number,
    running: number,
    query: number,
    keys: number,
    values: number,
    stride: number,
    count: number,
    width: number,
    scores: number,
    slope: number,
    distance: number,
  ): void;
  /**
   * y[i][j] = Σ a[k][i] · b[k][j], y f32[size][size], a and b f32[count][size], stride bytes from row to row; size a multiple
   * of 4. Error: count · 2^-23 · Σ |a · b|.
   */
  gram(y: number, a: number, b: number, stride: number, count: number, size: number): void;
  /** e^x. Error: 1 ulp. */
  exponential(at: number, count: number): void;
  /** x·Φ(x). Error: 9 ulp of results above 1e-30, and 1.2e-7·max(1, |x|). */
  gelu(at: number, count: number): void;
  /** x·(1 + tanh(√(2/π)(x + 0.044715 x³))) / 2. Error: 2.5e-7·max(1, |x|). */
  geluTanh(at: number, count: number): void;
  /** x·sigmoid(x). Error: 3.5 ulp of results above 1e-30. */
  silu(at: number, count: number): void;
  /** ln(1 + e^x). Error: 2.5 ulp. */
  softplus(at: number, count: number): void;
  /** -ln(1 + e^-x). Error: 2.5 ulp. */
  logSigmoid(at: number, count: number): void;
  /** x·tanh(softplus(x)). Error: 8 ulp of results above 1e-30. */
  mish(at: number, count: number): void;
  /** x - tanh(x). Error: 1.5e-7·max(1, |x|). */
  tanhShrink(at: number, count: number): void;
  /** x / (1 + |x|). */
  softsign(at: number, count: number): void;
  /** 0 below -1, (x + 1)² / 4 up to 1, x above. */
  sparsePlus(at: number, count: number): void;
  /** x·clamp(x). parameters: scale, shift, low, high. */
  hardSilu(at: number, count: number, parameters: number): void;
  /** (x + √(x² + b)) / 2. parameters: b. */
  squareplus(at: number, count: number, parameters: number): void;
  /** x beyond ±threshold, less shift towards zero; 0 within. parameters: threshold, shift. */
  shrink(at: number, count: number, parameters: number): void;
  /** x above threshold, value elsewhere. parameters: threshold, value. */
  threshold(at: number, count: number, parameters: number): void;
  /** x - ln Σ e^x over f32[width], padded to a multiple of 4. Error: 3e-7·max(1, |x|, |y|) + width · 2^-24. */
  logSoftmax(at: number, width: number): void;
  /**
   * Σ x[t] e^(-2πi f t / points) of four sequences side by side, in place; f comes in bit-reversed order. A point is f32[8]: four
   * real parts, four imaginary ones. Error: 2^-22 · log₂(points) of the root of the sum of squares.
   *
   * @param x - f32[points][8], in and out
   * @param points - a power of two, at least 8
   * @param twiddles - f32[points][2]: e^(iπ j / half) at [half + j], for half = 1, 2, 4 … and j < half
   */
  fourier(x: number, points: number, twiddles: number): void;
  /** All stages but the last of the way back, unscaled: addSecondHalf has that. Arguments as for fourier. */
  inverseFourier(x: number, points: number, twiddles: number): void;
  /**
   * y[f] = Σ taps[f][k] · u_k[f] over k < known, products of complex numbers; of each u one lane serves all four of y.
   *
   * @param y - f32[points][8]
   * @param taps - f32[points][count][8]
   * @param count - spectra that there are taps for
   * @param spectra - u32[known]: addresses of the lane of u_k, f32[points][8], at its first point
   * @param known - 0 to count
   * @param points - of each
   */
  multiplySpectra(
    y: number,
    taps: number,
    count: number,
    spectra: number,
    known: number,
    points: number,
  ): void;
  /**
   * The last stage of the way back for t from points / 2 on: adds the four real parts to y[t - points / 2][0…3], the four
   * imaginary ones to [4…7].
   *
   * @param y - f32[count][8], or [4] without the imaginary parts; in and out
   * @param stride - bytes from row to row
   * @param count - rows, 1 to points / 2
   * @param x - f32[points][8], what inverseFourier left
   * @param points - as there
   * @param twiddles - as there
   * @param hasNext - 1 if there is room for the imaginary parts, 0 if not
   */
  addSecondHalf(
    y: number,
    stride: number,
    count: number,
    x: number,
    points: number,
    twiddles: number,
    hasNext: number,
  ): void;
  /** y ← y ∘ x. operation: 0 add, 1 subtract, 2 multiply, 3 maximum, 4 minimum. */
  combine(operation: number, y: number, x: number, bytes: number): void;
  /** scale·x above zero, alpha·(e^(x·inner) - 1) below: ELU, SELU, CELU. parameters: alpha, scale, inner. */
  elu(at: number, count: number, parameters: number): void;
  /**
   * y = (x - mean) / √(variance + epsilon) · scale + shift over one row of width floats (Ba, Kiros, Hinton 2016), padded to
   * a multiple of 4; the padding of x is overwritten. y may be x. Error: 4e-6·max(1, |y|) for width up to 4096 and a mean
   * within 10 deviations.
   */
  layerNorm(
    y: number,
    x: number,
    scale: number,
    shift: number,
    width: number,
    epsilon: number,
  ): void;
}
