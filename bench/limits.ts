import { readFileSync } from "node:fs";
import binaryen from "binaryen";
import { FULL_PATH } from "../test/support/kernel.js";
import type { Candidate } from "./measure.js";

/*
 * What kernels cannot be faster than, measured beside them: multiplications and additions on registers alone, divisions, and reads of
 * as many bytes, in loops that do nothing else. Of fixed-width SIMD, for that is what the kernels are made of.
 */

/** Vectors of a round of each loop, and bytes of one. */
const [UNROLLED, VECTOR] = [24, 16];
/**
 * Forms of the loop of multiplications and additions: so many accumulators that take both, or as many that take either. Too few wait
 * for themselves, too many do not stay in registers; the fastest is the limit.
 */
const FORMS = { both: [8, 12], either: [4, 6] } as const;
/** Accumulators of divisions, of products of integers, and of reads, which wait a cycle. */
const [DIVIDERS, INTEGERS, READERS] = [6, 8, 4];
const PAGE = 65536;
/** Rounds of a call: some 2 µs. */
const ROUNDS = 100;

type Loop = (rounds: number) => number;

interface Loops {
  readonly memory: { grow(pages: number): number; readonly buffer: ArrayBuffer };
  readonly [arithmetic: `both${number}` | `either${number}`]: Loop;
  readonly divide: Loop;
  readonly integers: Loop;
  /** Reads from 0 to there, a multiple of UNROLLED vectors. */
  read(end: number): number;
}

/** A limit: the fastest of some candidates, whose unit is a vector. */
export interface Limit {
  readonly name: string;
  readonly candidates: readonly Candidate[];
}

/** The limits of this engine on this processor. */
export class Limits {
  readonly #loops: Loops;
  /** A multiplication and an addition of four lanes each, in registers. */
  readonly multiplyAdd: Limit;
  /** A division of four lanes, in registers. */
  readonly divide: Limit;
  /** What 16 weights of 8 bits take in registers: a shift, two products, two sums (assembly/kernels/affine-int8.ts). */
  readonly integers: Limit;

  constructor() {
    const wasm = binaryen.parseText(SOURCE);
    wasm.setFeatures(binaryen.Features.SIMD128);
    const module = new WebAssembly.Module(wasm.emitBinary() as Uint8Array<ArrayBuffer>);
    this.#loops = new WebAssembly.Instance(module).exports as unknown as Loops;
    const candidate = (name: Exclude<keyof Loops, "memory" | "read">) => {
      const run = this.#loops[name]!;
      return { name, count: ROUNDS * UNROLLED, run: () => void run(ROUNDS) };
    };
    const forms = [
      ...FORMS.both.map((count) => `both${count}` as const),
      ...FORMS.either.map((count) => `either${count}` as const),
    ];
    this.multiplyAdd = { name: "multiply-adds", candidates: forms.map(candidate) };
    this.divide = { name: "divisions", candidates: [candidate("divide")] };
    this.integers = { name: "products of integers", candidates: [candidate("integers")] };
  }

  /** Reads of so many bytes, over and over: from the cache that holds them, or from memory. */
  read(bytes: number): Limit {
    const { memory, read } = this.#loops;
    const round = UNROLLED * VECTOR;
    const end = Math.ceil(bytes / round) * round;
    const missing = Math.ceil((end - memory.buffer.byteLength) / PAGE);
    if (missing > 0) memory.grow(missing);
    // Pages that nobody has written to are all one page of the system.
    new Uint8Array(memory.buffer).fill(1);
    const times = Math.max(1, Math.round(20_000 / end));
    const run = () => {
      for (let i = 0; i < times; i++) read(end);
    };
    return { name: "reads", candidates: [{ name: "read", count: (times * end) / VECTOR, run }] };
  }
}

const SOURCE = `(module (memory (export "memory") 1)
${FORMS.both.map((count) => loop(`both${count}`, count, (i) => set(i % count, `f32x4.add (f32x4.mul ${get(i % count)} (local.get $a)) (local.get $b)`))).join("")}
${FORMS.either.map((count) => loop(`either${count}`, 2 * count, (i) => set(i % count, `f32x4.mul ${get(i % count)} (local.get $one)`) + set(count + (i % count), `f32x4.add ${get(count + (i % count))} (local.get $b)`))).join("")}
${loop("divide", DIVIDERS, (i) => set(i % DIVIDERS, `f32x4.div ${get(i % DIVIDERS)} (local.get $one)`))}
${loop("integers", INTEGERS, (i) => set(i % INTEGERS, `i32x4.add (i32x4.add ${get(i % INTEGERS)} (i32x4.dot_i16x8_s ${get(i % INTEGERS)} (local.get $a))) (i32x4.dot_i16x8_s (i16x8.shr_s ${get(i % INTEGERS)} (i32.const 8)) (local.get $b))`))}
(func (export "read") (param $end i32) (result i32) (local $at i32) ${locals(READERS)}
  (loop $again
    ${unrolled((i) => set(i % READERS, `v128.xor ${get(i % READERS)} (v128.load offset=${i * VECTOR} (local.get $at))`))}
    (br_if $again (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const ${UNROLLED * VECTOR}))) (local.get $end))))
  (i32x4.extract_lane 0 ${folded("v128.xor", READERS)})))`;

/** A loop of UNROLLED operations on so many accumulators, which stay about 1: by 1 · ½ + ½, 1 · 1, 1 / 1. */
function loop(name: string, accumulators: number, step: (i: number) => string): string {
  const ones = Array.from({ length: accumulators }, (_, i) => set(i, "f32x4.splat (f32.const 1)"));
  return `(func (export "${name}") (param $rounds i32) (result f32)
  (local $a v128) (local $b v128) (local $one v128) ${locals(accumulators)}
  (local.set $a (f32x4.splat (f32.const 0.5)))
  (local.set $b (f32x4.splat (f32.const 0.5)))
  (local.set $one (f32x4.splat (f32.const 1)))
  ${ones.join("")}
  (loop $again
    ${unrolled(step)}
    (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
  (f32x4.extract_lane 0 ${folded("f32x4.add", accumulators)}))`;
}

function unrolled(step: (i: number) => string): string {
  return Array.from({ length: UNROLLED }, (_, i) => step(i)).join("");
}

function set(i: number, value: string): string {
  return `(local.set $${i} (${value}))`;
}

function get(i: number): string {
  return `(local.get $${i})`;
}

function locals(count: number): string {
  return Array.from({ length: count }, (_, i) => `(local $${i} v128)`).join("");
}

function folded(operator: string, count: number): string {
  const others = Array.from({ length: count - 1 }, (_, i) => get(i + 1));
  return others.reduce((sum, one) => `(${operator} ${sum} ${one})`, get(0));
}

/** SIMD operations of an elementwise kernel for four values, as they stand in the wasm: without loads, stores and constants. */
export function operationsOf(kernel: string): { all: number; divisions: number } {
  const module = binaryen.readBinary(readFileSync(FULL_PATH));
  const { value } = binaryen.getExportInfo(module.getExport(kernel));
  const { body } = binaryen.getFunctionInfo(module.getFunction(value));
  const names = [...binaryen.emitText(body).matchAll(/\b(?:[fi]32x4|v128)\.\w+/g)].map(String);
  module.dispose();
  // A round of the loop stores as many vectors as it takes.
  const vectors = names.filter((name) => name === "v128.store").length;
  const all = names.filter((name) => !/load|store|const/.test(name)).length;
  const divisions = names.filter((name) => name === "f32x4.div").length;
  return { all: all / vectors, divisions: divisions / vectors };
}
