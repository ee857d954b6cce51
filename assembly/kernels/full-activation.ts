import * as C from "../simd/constants";
import { select } from "../simd/f32x4";
import { Lanes } from "../simd/lanes";
import { endOf } from "./activation";

/*
 * More functions of the kind of activation.ts, whose contract they share: those that LMUs and RNNs seldom have.
 */

export function exponential(at: usize, count: u32): void {
  for (const end = endOf(at, count); at < end; at += 16) {
    v128.store(at, Lanes.exp(v128.load(at)));
  }
}

/** x·Φ(x). */
export function gelu(at: usize, count: u32): void {
  for (const end = endOf(at, count); at < end; at += 16) {
    v128.store(at, Lanes.gelu(v128.load(at)));
  }
}

/** GPT-2's tanh form of GELU. */
export function geluTanh(at: usize, count: u32): void {
  for (const end = endOf(at, count); at < end; at += 16) {
    v128.store(at, Lanes.geluTanh(v128.load(at)));
  }
}

/** x·sigmoid(x). */
export function silu(at: usize, count: u32): void {
  for (const end = endOf(at, count); at < end; at += 16) {
    v128.store(at, Lanes.silu(v128.load(at)));
  }
}

export function softplus(at: usize, count: u32): void {
  for (const end = endOf(at, count); at < end; at += 16) {
    v128.store(at, Lanes.softplus(v128.load(at)));
  }
}

/** ln(sigmoid(x)) = -softplus(-x). */
export function logSigmoid(at: usize, count: u32): void {
  for (const end = endOf(at, count); at < end; at += 16) {
    v128.store(at, f32x4.neg(Lanes.softplus(f32x4.neg(v128.load(at)))));
  }
}

/** x·tanh(softplus(x)). Error: 8 ulp of results above 1e-30. */
export function mish(at: usize, count: u32): void {
  for (const end = endOf(at, count); at < end; at += 16) {
    const x = v128.load(at);
    v128.store(at, f32x4.mul(x, Lanes.tanh(Lanes.softplus(x))));
  }
}

/** x - tanh(x). Error: 1.5e-7·max(1, |x|). */
export function tanhShrink(at: usize, count: u32): void {
  for (const end = endOf(at, count); at < end; at += 16) {
    const x = v128.load(at);
    v128.store(at, f32x4.sub(x, Lanes.tanh(x)));
  }
}

/** x·clamp(x): hard SiLU (hard swish). parameters as of clamp. */
export function hardSilu(at: usize, count: u32, parameters: usize): void {
  const scale = v128.load32_splat(parameters);
  const shift = v128.load32_splat(parameters, 4);
  const low = v128.load32_splat(parameters, 8);
  const high = v128.load32_splat(parameters, 12);
  for (const end = endOf(at, count); at < end; at += 16) {
    const x = v128.load(at);
    const y = f32x4.add(f32x4.mul(x, scale), shift);
    v128.store(at, f32x4.mul(x, f32x4.pmax(f32x4.pmin(y, high), low)));
  }
}

/** x / (1 + |x|). */
export function softsign(at: usize, count: u32): void {
  for (const end = endOf(at, count); at < end; at += 16) {
    const x = v128.load(at);
    v128.store(at, f32x4.div(x, f32x4.add(v128.load(C.ONE), f32x4.abs(x))));
  }
}

/** (x + √(x² + b)) / 2. parameters: b. */
export function squareplus(at: usize, count: u32, parameters: usize): void {
  const b = v128.load32_splat(parameters);
  for (const end = endOf(at, count); at < end; at += 16) {
    const x = v128.load(at);
    const root = f32x4.sqrt(f32x4.add(f32x4.mul(x, x), b));
    v128.store(at, f32x4.mul(v128.load(C.HALF), f32x4.add(x, root)));
  }
}

/** 0 below -1, (x + 1)² / 4 up to 1, x above. */
export function sparsePlus(at: usize, count: u32): void {
  for (const end = endOf(at, count); at < end; at += 16) {
    const x = v128.load(at);
    const one = v128.load(C.ONE);
    const raised = f32x4.max(f32x4.add(x, one), f32x4.splat(0));
    const bend = f32x4.mul(v128.load(C.QUARTER), f32x4.mul(raised, raised));
    v128.store(at, select(f32x4.lt(x, one), bend, x));
  }
}

/** x beyond ±threshold, less shift towards zero; 0 within: soft and hard shrinkage. parameters: threshold, shift. */
export function shrink(at: usize, count: u32, parameters: usize): void {
  const threshold = v128.load32_splat(parameters);
  const shift = v128.load32_splat(parameters, 4);
  for (const end = endOf(at, count); at < end; at += 16) {
    const x = v128.load(at);
    const magnitude = f32x4.abs(x);
    const moved = f32x4.sub(magnitude, shift);
    const signed = v128.or(moved, v128.and(x, v128.load(C.SIGN)));
    v128.store(at, v128.andnot(signed, f32x4.le(magnitude, threshold)));
  }
}

/** x above threshold, value elsewhere. parameters: threshold, value. */
export function threshold(at: usize, count: u32, parameters: usize): void {
  const limit = v128.load32_splat(parameters);
  const value = v128.load32_splat(parameters, 4);
  for (const end = endOf(at, count); at < end; at += 16) {
    const x = v128.load(at);
    v128.store(at, select(f32x4.le(x, limit), value, x));
  }
}

/** ELU, SELU and CELU: scale·x above zero, alpha·(e^(x·inner) - 1) below. parameters: alpha, scale, inner. */
export function elu(at: usize, count: u32, parameters: usize): void {
  const alpha = v128.load32_splat(parameters);
  const scale = v128.load32_splat(parameters, 4);
  const inner = v128.load32_splat(parameters, 8);
  for (const end = endOf(at, count); at < end; at += 16) {
    const x = v128.load(at);
    const above = f32x4.mul(x, scale);
    const below = f32x4.mul(alpha, Lanes.expm1(f32x4.mul(x, inner)));
    v128.store(at, select(f32x4.lt(x, f32x4.splat(0)), below, above));
  }
}
