import { cannotLoad } from "../errors.js";
import { pad4 } from "../facts/bytes.js";
import type { Facts } from "../facts/facts.js";
import { integer, MAX_STEPS, MAX_WIDTH } from "./fields.js";
import { expectSteps, type Kind } from "./kind.js";
import { type SegmentShape, SegmentProgram } from "./segment-program.js";

/**
 * A transformer that reads segments of a sequence behind memory tokens, and one that rewrites these between two segments, from
 * what the first made of the earlier (LumenPallidium, thought-and-memory). A constant state for any sequence.
 *
 * Tokens see the memory and the tokens of their segment up to themselves, the less the farther apart they are (ALiBi). A
 * block: x ← x + out(attention(norm(x))), x ← x + down(gelu(up(ffn.norm(x)))). Those of the encoder read from the past, too.
 *
 * Roles: memory [memory tokens, width], mask and recall [width], for the loss of recall, slopes [heads];
 * of blocks predictor.{i} and encoder.{i}: norm.scale, norm.shift, read.weight: of queries, keys and values
 * [3 · inner, width], or query.weight [inner, width] and read.weight [2 · inner, width] of the encoder; out.weight
 * [width, inner], ffn.norm.scale, ffn.norm.shift, up.weight, up.bias, down.weight, down.bias.
 */
export interface SegmentsDescription {
  readonly type: "segments";
  /** Tokens of a segment. */
  readonly length: number;
  readonly heads: number;
  /** Blocks of the predictor and of the encoder. */
  readonly depth: number;
  readonly encoderDepth: number;
}

/** Blocks of one transformer, at most. */
const MAX_DEPTH = 1024;

export const segments: Kind<SegmentsDescription> = {
  fields: {
    "length!": integer(1, MAX_STEPS),
    "heads!": integer(1, MAX_WIDTH),
    "depth!": integer(1, MAX_DEPTH),
    "encoderDepth!": integer(1, MAX_DEPTH),
  },
  node(layer, [x], f) {
    const { name, length, heads, depth } = layer;
    expectSteps(name, x);
    const { clock, width } = x;
    const [count] = f.shape(`${name}.memory`, undefined, width);
    for (const token of ["mask", "recall"]) f.shape(`${name}.${token}`, width);
    f.shape(`${name}.slopes`, heads);
    const [, inner] = f.shape(`${name}.predictor.0.out.weight`, width, undefined);
    if (inner % heads) cannotLoad(`segments ${name} has ${inner} features of ${heads} heads`);
    const [wide] = f.shape(`${name}.predictor.0.up.bias`, undefined);
    const sizes = { ...layer, width, inner, wide, count };
    checkBlocks(sizes, f);
    const rows = (most: number) => f.clock({ ...clock, capacity: () => most });
    // A trial of recall brings the memory and a whole segment at once.
    const capacity: typeof clock.capacity = (call) =>
      Math.max(clock.capacity(call), count + length);
    const clocks = { tokens: { ...clock, capacity }, memory: rows(count), past: rows(length) };
    // The past is that of a whole segment until the next one begins, with the first of its tokens.
    const turned = { ...clock, rowsAfter: (steps: number) => length + Math.max(0, steps - 1) };
    const seen = { rows: { of: turned, modulo: length }, more: 1 };
    const kept = { rows: { of: clock, modulo: length }, more: count };
    const stride = pad4(width);
    const shape = [count + length, 2 * heads * pad4(inner / heads)];
    const state = {
      memory: f.state("memory", [count, width], { stride }),
      past: f.state("past", [length, width], { stride, used: seen }),
      caches: Array.from({ length: depth }, (_, i) =>
        f.state(`keys and values of block ${i}`, shape, { used: kept }),
      ),
    };
    return {
      width,
      clock,
      lower: (b, [input]) => new SegmentProgram(b, sizes, clocks, state).lower(input),
    };
  },
};

/** Checks the tensors of all blocks, and counts what they cost a token. */
function checkBlocks(shape: SegmentShape, f: Facts): void {
  const { name, width, inner, wide, count, length, depth, encoderDepth } = shape;
  const check = (prefix: string, reads: number) => {
    for (const norm of ["norm", "ffn.norm"]) {
      for (const part of ["scale", "shift"]) f.shape(`${prefix}.${norm}.${part}`, width);
    }
    f.shape(`${prefix}.read.weight`, reads * inner, width);
    f.shape(`${prefix}.out.weight`, width, inner);
    f.shape(`${prefix}.up.weight`, wide, width);
    f.shape(`${prefix}.up.bias`, wide);
    f.shape(`${prefix}.down.weight`, width, wide);
    f.shape(`${prefix}.down.bias`, width);
  };
  for (let i = 0; i < depth; i++) check(`${name}.predictor.${i}`, 3);
  for (let i = 0; i < encoderDepth; i++) {
    check(`${name}.encoder.${i}`, 2);
    f.shape(`${name}.encoder.${i}.query.weight`, inner, width);
  }
  const read = width * inner;
  const rest = read + width * (2 * wide + 3);
  const memory = count / length;
  f.multiplyAdds(depth * (1 + memory) * (3 * read + 3 * width + rest) - memory * rest);
  f.multiplyAdds(encoderDepth * (memory * (read + 3 * width + rest) + 2 * read));
}
