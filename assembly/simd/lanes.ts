import * as C from "./constants";
import { horner, madd, select } from "./f32x4";

/**
 * The transcendental functions, four lanes at a time, from additions, multiplications and divisions alone: the same
 * bits on every engine. Static methods because a kernel's loop must hold no call, and only methods can be marked
 * `@inline` without stopping formatters and linters.
 *
 * "ulp" is the spacing of floats at the exact result. All pass NaN through. Bounds: test/activation.test.ts.
 */
export abstract class Lanes {
  /** e^r for |r| <= ln2 / 2. */
  @inline static expNear(r: v128): v128 {
    let p = v128.load(C.EXP_6);
    p = horner(p, r, C.EXP_5);
    p = horner(p, r, C.EXP_4);
    p = horner(p, r, C.EXP_3);
    p = horner(p, r, C.EXP_2);
    return f32x4.add(madd(r, f32x4.mul(r, r), p), v128.load(C.ONE));
  }

  /** x / ln2 rounded to an integer n, which the low bits of the result hold. */
  @inline static octave(x: v128): v128 {
    return madd(v128.load(C.ROUND), x, v128.load(C.LOG2_E));
  }

  /** x - n·ln2: the r of x = n·ln2 + r, e^x = 2^n·e^r (Cody and Waite). */
  @inline static rest(x: v128, octave: v128): v128 {
    const n = f32x4.sub(octave, v128.load(C.ROUND));
    return madd(madd(x, n, v128.load(C.LN2_HIGH)), n, v128.load(C.LN2_LOW));
  }

  /** 2^n, n = 128 for infinity: the bits of 1.0 are the exponent's bias. */
  @inline static power(n: v128): v128 {
    return i32x4.add(i32x4.shl(n, 23), v128.load(C.ONE));
  }

  /** p·2^n, as two factors, so that subnormal results and the overflow to infinity round as IEEE asks. */
  @inline static scale(p: v128, octave: v128): v128 {
    const n = i32x4.sub(octave, v128.load(C.ROUND));
    const half = i32x4.shr_s(n, 1);
    return f32x4.mul(f32x4.mul(p, Lanes.power(half)), Lanes.power(i32x4.sub(n, half)));
  }

  /** e^(x + low) for x <= 0, low a correction far below x. */
  @inline static expSplit(x: v128, low: v128): v128 {
    // pmin and pmax are one instruction each (min and max are five) and let NaN through in this operand order.
    x = f32x4.pmax(x, v128.load(C.EXP_MIN));
    const octave = Lanes.octave(x);
    return Lanes.scale(Lanes.expNear(f32x4.add(Lanes.rest(x, octave), low)), octave);
  }

  /** e^x. Error: 1 ulp over all floats. */
  @inline static exp(x: v128): v128 {
    return Lanes.expFalling(f32x4.pmin(x, v128.load(C.EXP_MAX)));
  }

  /** e^x for x <= 89, which need not be bounded above. */
  @inline static expFalling(x: v128): v128 {
    x = f32x4.pmax(x, v128.load(C.EXP_MIN));
    const octave = Lanes.octave(x);
    return Lanes.scale(Lanes.expNear(Lanes.rest(x, octave)), octave);
  }

  /** e^x for x >= 0, normal numbers all: one factor will do. Infinity from 2^127.5 on. */
  @inline static expRising(x: v128): v128 {
    x = f32x4.pmin(x, v128.load(C.EXP_MAX));
    const octave = Lanes.octave(x);
    // Of the octave's bits the shift leaves those of n.
    return f32x4.mul(Lanes.expNear(Lanes.rest(x, octave)), Lanes.power(octave));
  }

  /** e^-|x|, in (0, 1]. */
  @inline static decay(x: v128): v128 {
    return Lanes.expFalling(v128.or(x, v128.load(C.SIGN)));
  }

  /** e^x - 1 for x <= 0. Error: 1.2 ulp. */
  @inline static expm1(x: v128): v128 {
    let p = v128.load(C.EXPM1_6);
    p = horner(p, x, C.EXPM1_5);
    p = horner(p, x, C.EXPM1_4);
    p = horner(p, x, C.EXPM1_3);
    p = horner(p, x, C.EXPM1_2);
    const near = madd(x, f32x4.mul(x, x), p);
    const far = f32x4.sub(Lanes.expFalling(x), v128.load(C.ONE));
    return select(f32x4.gt(x, v128.load(C.MINUS_HALF)), near, far);
  }

  /** ln(1 + y) for 0 <= y <= 1; no kernel has it alone, its error is part of the bound of softplus. */
  @inline static log1p(y: v128): v128 {
    let p = v128.load(C.LOG1P_11);
    p = horner(p, y, C.LOG1P_10);
    p = horner(p, y, C.LOG1P_9);
    p = horner(p, y, C.LOG1P_8);
    p = horner(p, y, C.LOG1P_7);
    p = horner(p, y, C.LOG1P_6);
    p = horner(p, y, C.LOG1P_5);
    p = horner(p, y, C.LOG1P_4);
    p = horner(p, y, C.LOG1P_3);
    p = horner(p, y, C.LOG1P_2);
    return madd(y, f32x4.mul(y, y), p);
  }

  /** Error: 1.4 ulp. An odd polynomial near zero, 1 - 2 / (e^2|x| + 1) elsewhere. */
  @inline static tanh(x: v128): v128 {
    const magnitude = v128.and(x, v128.load(C.MAGNITUDE));
    const square = f32x4.mul(x, x);
    let p = v128.load(C.TANH_11);
    p = horner(p, square, C.TANH_9);
    p = horner(p, square, C.TANH_7);
    p = horner(p, square, C.TANH_5);
    p = horner(p, square, C.TANH_3);
    const near = madd(magnitude, magnitude, f32x4.mul(square, p));
    const one = v128.load(C.ONE);
    const e = Lanes.expRising(f32x4.add(magnitude, magnitude));
    const far = f32x4.sub(one, f32x4.div(v128.load(C.TWO), f32x4.add(e, one)));
    const y = select(f32x4.lt(magnitude, v128.load(C.TANH_SMALL)), near, far);
    return v128.or(y, v128.and(x, v128.load(C.SIGN)));
  }

  /** 1 / (1 + e^-x). Error: 2.5 ulp, for x below -88 too, where e^-x overflows. */
  @inline static sigmoid(x: v128): v128 {
    const e = Lanes.decay(x);
    const one = v128.load(C.ONE);
    const numerator = select(f32x4.lt(x, f32x4.splat(0)), e, one);
    return f32x4.div(numerator, f32x4.add(one, e));
  }

  /** x·sigmoid(x). Error: 3.5 ulp of results above 1e-30. */
  @inline static silu(x: v128): v128 {
    const e = Lanes.decay(x);
    const numerator = select(f32x4.lt(x, f32x4.splat(0)), f32x4.mul(x, e), x);
    return f32x4.div(numerator, f32x4.add(v128.load(C.ONE), e));
  }

  /** ln(1 + e^x). Error: 2.5 ulp. */
  @inline static softplus(x: v128): v128 {
    return f32x4.add(f32x4.max(x, f32x4.splat(0)), Lanes.log1p(Lanes.decay(x)));
  }

  /**
   * x·Φ(x), the exact GELU. Error: 9 ulp of results above 1e-30, and 1.2e-7·max(1, |x|).
   *
   * The tail 1 - Φ(|x|) is e^(-x²/2) times a smooth factor; x² is split, or its rounding would cost 90 ulp at x = -13.
   */
  @inline static gelu(x: v128): v128 {
    const t = f32x4.pmin(v128.and(x, v128.load(C.MAGNITUDE)), v128.load(C.TAIL_MAX));
    const upper = v128.and(t, v128.load(C.UPPER));
    const lower = f32x4.sub(t, upper);
    const minusHalf = v128.load(C.MINUS_HALF);
    const e = Lanes.expSplit(
      f32x4.mul(minusHalf, f32x4.mul(upper, upper)),
      f32x4.mul(minusHalf, f32x4.mul(lower, f32x4.add(t, upper))),
    );
    const three = v128.load(C.THREE);
    const u = f32x4.div(f32x4.sub(t, three), f32x4.add(t, three));
    let p = v128.load(C.TAIL_9);
    p = horner(p, u, C.TAIL_8);
    p = horner(p, u, C.TAIL_7);
    p = horner(p, u, C.TAIL_6);
    p = horner(p, u, C.TAIL_5);
    p = horner(p, u, C.TAIL_4);
    p = horner(p, u, C.TAIL_3);
    p = horner(p, u, C.TAIL_2);
    p = horner(p, u, C.TAIL_1);
    p = horner(p, u, C.TAIL_0);
    const tail = f32x4.mul(e, p);
    const negative = f32x4.lt(x, f32x4.splat(0));
    return f32x4.mul(x, select(negative, tail, f32x4.sub(v128.load(C.ONE), tail)));
  }

  /** x·(1 + tanh(√(2/π)(x + 0.044715 x³))) / 2, GPT-2's GELU. Error: 2.5e-7·max(1, |x|). */
  @inline static geluTanh(x: v128): v128 {
    const inner = horner(f32x4.mul(x, x), v128.load(C.GELU_TANH_3), C.GELU_TANH_1);
    return f32x4.mul(x, Lanes.sigmoid(f32x4.mul(x, inner)));
  }
}
