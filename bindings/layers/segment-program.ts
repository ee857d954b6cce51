import { pad4 } from "../facts/bytes.js";
import type { Clock } from "../facts/clock.js";
import { type Address, plus } from "../plan/address.js";
import type { Builder } from "../plan/builder.js";
import { type Rows, strideOf } from "../plan/rows.js";
import { headsOf } from "./attention.js";
import { merge } from "./combine.js";

/** Sizes of the two transformers of a layer `segments`. */
export interface SegmentShape {
  readonly name: string;
  readonly width: number;
  /** Features of all heads. */
  readonly inner: number;
  readonly heads: number;
  /** Features between up and down. */
  readonly wide: number;
  /** Memory tokens. */
  readonly count: number;
  /** Tokens of a segment. */
  readonly length: number;
  readonly depth: number;
  readonly encoderDepth: number;
}

/** Offsets in a state. */
interface State {
  readonly memory: number;
  readonly past: number;
  /** Keys and values, of each block of the predictor; between two segments the first are the encoder's. */
  readonly caches: readonly number[];
}

/** Records of a layer `segments`: the blocks of encoder and predictor, over memory tokens and over those of a call. */
export class SegmentProgram {
  /** What blocks over memory tokens share with those over others. */
  readonly #vectors = new Map<string, Address>();
  /** What blocks one after another write to. */
  readonly #buffers = new Map<string, Rows>();
  readonly #trial: Address;
  readonly #heads: Address;
  readonly #slopes: Address;

  /** @param clocks - of the rows of a call, of the memory and of the segment that is over */
  constructor(
    private readonly b: Builder,
    private readonly shape: SegmentShape,
    private readonly clocks: Readonly<Record<"tokens" | "memory" | "past", Clock>>,
    private readonly state: State,
  ) {
    const { heads, inner, name } = shape;
    // As many as the memory has, too.
    this.#heads = headsOf(b, heads, inner / heads, clocks.tokens.capacity(b.capacity));
    this.#slopes = b.weights.vector(`${name}.slopes`, heads);
    this.#trial = b.program.part("trial", { encoded: 0, recalled: 0 });
    b.trial = this.#trial;
  }

  lower(input: Rows): Rows {
    const { b, clocks, shape, state } = this;
    const { width, count, length } = shape;
    const memory = b.rows(clocks.memory, width);
    const past = b.rows(clocks.past, width);
    const rows = b.rows(clocks.tokens, width);
    let [rewritten, output] = [memory, rows];
    const encoder = b.program.body(() => (rewritten = this.#encoder(memory, past)));
    const context = b.program.body(() => this.#predictor(memory, false));
    const tokens = b.program.body(() => (output = this.#predictor(rows, true)));
    const fields = {
      input: input.at,
      tokenRows: rows.at,
      output: output.at,
      stride: strideOf(input),
      length,
      count,
      memory: state.memory,
      past: state.past,
      tokens: this.#tokens(),
      memoryRows: memory.at,
      rewritten: rewritten.at,
      pastRows: past.at,
      memoryClock: clocks.memory.id,
      pastClock: clocks.past.id,
      encoderBytes: encoder.length * 4,
      contextBytes: context.length * 4,
      trial: this.#trial,
    };
    b.program.record("segments", input.clock, fields, [...encoder, ...context, ...tokens]);
    return { ...output, clock: input.clock };
  }

  /** The first memory, the token that asks for recall and the masked one, row after row. */
  #tokens(): Address {
    const { name, width, count } = this.shape;
    const at = this.b.weights.table(`${name}.memory`, count, width, pad4(width));
    for (const token of ["recall", "mask"]) this.b.weights.vector(`${name}.${token}`, width);
    return at;
  }

  #encoder(memory: Rows, past: Rows): Rows {
    const { name, inner, encoderDepth } = this.shape;
    let x = memory;
    for (let i = 0; i < encoderDepth; i++) {
      const prefix = `${name}.encoder.${i}`;
      const queries = this.#dense(`${prefix}.query`, this.#norm(`${prefix}.norm`, x), inner);
      const source = this.#dense(`${prefix}.read`, past, 2 * inner);
      const seen = this.#rows("seen", x.clock, inner);
      this.#attend(queries, source, 0, 0, seen);
      x = this.#rest(prefix, x, seen);
    }
    return x;
  }

  /** Blocks over tokens of a call, or over those of the memory: of the last one of these only keys and values are wanted. */
  #predictor(rows: Rows, isOfCall: boolean): Rows {
    const { name, inner, depth } = this.shape;
    let x = rows;
    for (let i = 0; i < depth; i++) {
      const prefix = `${name}.predictor.${i}`;
      const read = this.#dense(`${prefix}.read`, this.#norm(`${prefix}.norm`, x), 3 * inner);
      const seen = isOfCall || i < depth - 1 ? this.#rows("seen", x.clock, inner) : undefined;
      this.#attend(read, read, inner, i, seen);
      if (seen) x = this.#rest(prefix, x, seen);
    }
    return x;
  }

  /** @param skip - features of the source before its keys */
  #attend(queries: Rows, source: Rows, skip: number, block: number, seen: Rows | undefined): void {
    const { count, length } = this.shape;
    this.b.program.record("segmentAttention", queries.clock, {
      input: queries.at,
      inputStride: strideOf(queries),
      source: plus(source.at, skip * 4),
      sourceStride: strideOf(source),
      sourceClock: source.clock.id,
      output: seen?.at ?? 0,
      outputStride: seen ? strideOf(seen) : 0,
      heads: this.#heads,
      slopes: this.#slopes,
      cache: this.state.caches[block]!,
      context: count,
      length: queries.clock === this.clocks.tokens ? length : 0,
      trial: this.#trial,
    });
  }

  /** x + out(seen), and what the feed-forward part makes of it. */
  #rest(prefix: string, x: Rows, seen: Rows): Rows {
    const { width, wide } = this.shape;
    const y = this.#sum("y", x, this.#dense(`${prefix}.out`, seen, width));
    const normed = this.#norm(`${prefix}.ffn.norm`, y);
    const up = this.#dense(`${prefix}.up`, normed, wide, true);
    return this.#sum("x", y, this.#dense(`${prefix}.down`, up, width, false));
  }

  #norm(prefix: string, x: Rows): Rows {
    const { b } = this;
    const { clock, width } = x;
    const output = this.#rows("norm", clock, width);
    b.program.record("norm", clock, {
      input: x.at,
      output: output.at,
      stride: pad4(width),
      width,
      scale: this.#vector(`${prefix}.scale`, width),
      shift: this.#vector(`${prefix}.shift`, width),
      epsilon: 1e-5,
    });
    return output;
  }

  /** @param isUp - undefined: without a bias; or whether GELU follows */
  #dense(prefix: string, x: Rows, width: number, isUp?: boolean): Rows {
    const { b } = this;
    const output = this.#rows(prefix.slice(prefix.lastIndexOf(".")), x.clock, width);
    const weights = b.matrix(`${prefix}.weight`, width, x.width);
    const bias = this.#vector(isUp === undefined ? undefined : `${prefix}.bias`, width);
    const gelu = isUp ? b.program.activation(prefix, "gelu") : 0;
    b.program.dense(output, bias, [{ input: x, weights }], gelu);
    return output;
  }

  #sum(role: string, a: Rows, b: Rows): Rows {
    const output = this.#rows(role, a.clock, a.width);
    merge(this.b.program, "add", output, a, b);
    return output;
  }

  #rows(role: string, clock: Clock, width: number): Rows {
    const key = `${role} ${clock.id}`;
    const rows = this.#buffers.get(key) ?? this.b.rows(clock, width);
    this.#buffers.set(key, rows);
    return rows;
  }

  /** A vector of the file; zeros without a source. */
  #vector(source: string | undefined, length: number): Address {
    const key = source ?? String(length);
    const at = this.#vectors.get(key) ?? this.b.weights.vector(source, length);
    this.#vectors.set(key, at);
    return at;
  }
}
