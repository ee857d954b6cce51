/*
 * Vector constants live in linear memory and are loaded where they are used. A literal v128.const in a loop is
 * rebuilt on every use by V8 13 and later (about 3.4 instructions each: tanh and exp ran 1.7 to 2.1 times slower).
 * Polynomials are minimax fits of relative error, rounded to f32.
 */
export const HALF: usize = memory.data<f32>([0.5, 0.5, 0.5, 0.5], 16);
export const MINUS_HALF: usize = memory.data<f32>([-0.5, -0.5, -0.5, -0.5], 16);
export const QUARTER: usize = memory.data<f32>([0.25, 0.25, 0.25, 0.25], 16);
export const ONE: usize = memory.data<f32>([1, 1, 1, 1], 16);
export const MINUS_ONE: usize = memory.data<f32>([-1, -1, -1, -1], 16);
export const TWO: usize = memory.data<f32>([2, 2, 2, 2], 16);
export const THREE: usize = memory.data<f32>([3, 3, 3, 3], 16);
export const TINY: usize = memory.data<f32>([1e-30, 1e-30, 1e-30, 1e-30], 16);
/** Every bit but the sign. */
export const MAGNITUDE: usize = memory.data<i32>(
  [0x7fffffff, 0x7fffffff, 0x7fffffff, 0x7fffffff],
  16,
);
/** The sign bit. */
export const SIGN: usize = memory.data<i32>(
  [i32.MIN_VALUE, i32.MIN_VALUE, i32.MIN_VALUE, i32.MIN_VALUE],
  16,
);
/** The upper twelve bits of a significand: such numbers square exactly. */
export const UPPER: usize = memory.data<i32>([-4096, -4096, -4096, -4096], 16);

// e^x
export const EXP_MIN: usize = memory.data<f32>([-104, -104, -104, -104], 16);
export const EXP_MAX: usize = memory.data<f32>([89, 89, 89, 89], 16);
export const LOG2_E: usize = memory.data<f32>([1.44269504, 1.44269504, 1.44269504, 1.44269504], 16);
/** 1.5 · 2^23: adding it leaves the nearest integer in the low bits. */
export const ROUND: usize = memory.data<f32>([12582912, 12582912, 12582912, 12582912], 16);
/** -ln 2 in two parts: n · HIGH is exact for every n in range. */
export const LN2_HIGH: usize = memory.data<f32>(
  [-0.693359375, -0.693359375, -0.693359375, -0.693359375],
  16,
);
export const LN2_LOW: usize = memory.data<f32>(
  [2.1219444e-4, 2.1219444e-4, 2.1219444e-4, 2.1219444e-4],
  16,
);
export const LN2: usize = memory.data<f32>([0.6931472, 0.6931472, 0.6931472, 0.6931472], 16);
/** (e^r - 1 - r) / r² on |r| <= ln2 / 2, within 2^-28. */
export const EXP_2: usize = memory.data<f32>([0.49999994, 0.49999994, 0.49999994, 0.49999994], 16);
export const EXP_3: usize = memory.data<f32>([0.1666652, 0.1666652, 0.1666652, 0.1666652], 16);
export const EXP_4: usize = memory.data<f32>(
  [0.041668393, 0.041668393, 0.041668393, 0.041668393],
  16,
);
export const EXP_5: usize = memory.data<f32>(
  [0.008368781, 0.008368781, 0.008368781, 0.008368781],
  16,
);
export const EXP_6: usize = memory.data<f32>(
  [0.0013814467, 0.0013814467, 0.0013814467, 0.0013814467],
  16,
);

/** (e^x - 1 - x) / x² on [-1/2, 0], within 2^-29. */
export const EXPM1_2: usize = memory.data<f32>(
  [0.49999985, 0.49999985, 0.49999985, 0.49999985],
  16,
);
export const EXPM1_3: usize = memory.data<f32>(
  [0.16666289, 0.16666289, 0.16666289, 0.16666289],
  16,
);
export const EXPM1_4: usize = memory.data<f32>(
  [0.04163205, 0.04163205, 0.04163205, 0.04163205],
  16,
);
export const EXPM1_5: usize = memory.data<f32>(
  [0.0081932954, 0.0081932954, 0.0081932954, 0.0081932954],
  16,
);
export const EXPM1_6: usize = memory.data<f32>(
  [0.0011259225, 0.0011259225, 0.0011259225, 0.0011259225],
  16,
);

/** (tanh x - x) / x³ in x² on |x| <= 0.625, within 2^-27. */
export const TANH_SMALL: usize = memory.data<f32>([0.625, 0.625, 0.625, 0.625], 16);
export const TANH_3: usize = memory.data<f32>([-0.3333328, -0.3333328, -0.3333328, -0.3333328], 16);
export const TANH_5: usize = memory.data<f32>([0.13331442, 0.13331442, 0.13331442, 0.13331442], 16);
export const TANH_7: usize = memory.data<f32>(
  [-0.053739715, -0.053739715, -0.053739715, -0.053739715],
  16,
);
export const TANH_9: usize = memory.data<f32>(
  [0.020639088, 0.020639088, 0.020639088, 0.020639088],
  16,
);
export const TANH_11: usize = memory.data<f32>(
  [-0.005704987, -0.005704987, -0.005704987, -0.005704987],
  16,
);

/** (ln(1 + y) - y) / y² on [0, 1]; ln(1 + y) within 2^-30. */
export const LOG1P_2: usize = memory.data<f32>(
  [-0.49999982, -0.49999982, -0.49999982, -0.49999982],
  16,
);
export const LOG1P_3: usize = memory.data<f32>([0.3333256, 0.3333256, 0.3333256, 0.3333256], 16);
export const LOG1P_4: usize = memory.data<f32>(
  [-0.24987271, -0.24987271, -0.24987271, -0.24987271],
  16,
);
export const LOG1P_5: usize = memory.data<f32>(
  [0.19890748, 0.19890748, 0.19890748, 0.19890748],
  16,
);
export const LOG1P_6: usize = memory.data<f32>(
  [-0.1610569, -0.1610569, -0.1610569, -0.1610569],
  16,
);
export const LOG1P_7: usize = memory.data<f32>(
  [0.12418436, 0.12418436, 0.12418436, 0.12418436],
  16,
);
export const LOG1P_8: usize = memory.data<f32>(
  [-0.08244175, -0.08244175, -0.08244175, -0.08244175],
  16,
);
export const LOG1P_9: usize = memory.data<f32>(
  [0.041478224, 0.041478224, 0.041478224, 0.041478224],
  16,
);
export const LOG1P_10: usize = memory.data<f32>(
  [-0.01340753, -0.01340753, -0.01340753, -0.01340753],
  16,
);
export const LOG1P_11: usize = memory.data<f32>(
  [0.0020302415, 0.0020302415, 0.0020302415, 0.0020302415],
  16,
);

/** e^(t²/2) · (1 - Φ(t)) in (t - 3) / (t + 3) on 0 <= t <= 14.5, Φ the normal distribution; within 2^-26. */
export const TAIL_MAX: usize = memory.data<f32>([14.5, 14.5, 14.5, 14.5], 16);
export const TAIL_0: usize = memory.data<f32>([0.12151395, 0.12151395, 0.12151395, 0.12151395], 16);
export const TAIL_1: usize = memory.data<f32>(
  [-0.20640261, -0.20640261, -0.20640261, -0.20640261],
  16,
);
export const TAIL_2: usize = memory.data<f32>([0.12322504, 0.12322504, 0.12322504, 0.12322504], 16);
export const TAIL_3: usize = memory.data<f32>(
  [-0.04621326, -0.04621326, -0.04621326, -0.04621326],
  16,
);
export const TAIL_4: usize = memory.data<f32>(
  [0.0061319424, 0.0061319424, 0.0061319424, 0.0061319424],
  16,
);
export const TAIL_5: usize = memory.data<f32>(
  [0.0029043874, 0.0029043874, 0.0029043874, 0.0029043874],
  16,
);
export const TAIL_6: usize = memory.data<f32>(
  [-9.832882e-4, -9.832882e-4, -9.832882e-4, -9.832882e-4],
  16,
);
export const TAIL_7: usize = memory.data<f32>(
  [-3.390129e-4, -3.390129e-4, -3.390129e-4, -3.390129e-4],
  16,
);
export const TAIL_8: usize = memory.data<f32>(
  [1.1501363e-4, 1.1501363e-4, 1.1501363e-4, 1.1501363e-4],
  16,
);
export const TAIL_9: usize = memory.data<f32>(
  [5.3161944e-5, 5.3161944e-5, 5.3161944e-5, 5.3161944e-5],
  16,
);

/** 2·√(2/π) and that times 0.044715: the tanh form of GELU as x·sigmoid(2·…). */
export const GELU_TANH_1: usize = memory.data<f32>(
  [1.5957691, 1.5957691, 1.5957691, 1.5957691],
  16,
);
export const GELU_TANH_3: usize = memory.data<f32>(
  [0.07135482, 0.07135482, 0.07135482, 0.07135482],
  16,
);

/** From 4 · (8 - n) bytes on, n of eight lanes. */
export const FIRST: usize = memory.data<i32>(
  [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0],
  16,
);
/** -128 times the first two of four. */
export const MINUS_128: usize = memory.data<i16>([-128, -128, 0, 0, -128, -128, 0, 0], 16);
