import { encodeActivation } from "../activations.js";
import type { ActivationDescription } from "../description.js";
import { COMBINES, FIELDS, KINDS, LAYER, PARTS, PLAN } from "../runtime/abi.js";
import { Address, type Region, type Word } from "./address.js";
import type { Clock } from "./clock.js";
import { type Node, strideOf, type TermSource } from "./node.js";
import { pad4 } from "./panels.js";

/** The records that lmu.wasm runs, one per layer and in their order. */
export class Program {
  #records: Word[][] = [];
  readonly #parts: Word[] = [];
  readonly #clocks: Clock[] = [];

  /** A clock of the model. */
  clock(options: Omit<Clock, "id">): Clock {
    const clock = { id: this.#clocks.length, ...options };
    this.#clocks.push(clock);
    return clock;
  }

  /** Appends a layer record. */
  record<K extends keyof typeof FIELDS>(
    kind: K,
    clock: Clock,
    fields: Record<(typeof FIELDS)[K][number], Word>,
    tail: readonly Word[] = [],
  ): void {
    const named: Record<string, Word> = fields;
    const values = FIELDS[kind].map((name) => named[name]!);
    const words = [
      KINDS.indexOf(kind),
      (LAYER.length + values.length + tail.length) * 4,
      clock.id,
      ...values,
      ...tail,
    ];
    this.#records.push(words);
  }

  /** Appends a dense record: output ← f(bias + Σ weights·input), or without a bias, added to output. */
  dense(
    output: Node,
    bias: Address | 0,
    terms: readonly TermSource[],
    activation: Address | 0 = 0,
  ): void {
    const tail = terms.flatMap(({ input, weights }) =>
      "state" in input
        ? [1, input.state, 0, input.width, weights]
        : [0, input.at, strideOf(input), input.width, weights],
    );
    const outputs = pad4(output.width);
    this.record(
      "dense",
      output.clock,
      { output: output.at, outputs, width: output.width, bias, activation, terms: terms.length },
      tail,
    );
  }

  /** Appends what `add` appends as one record that runs step by step. */
  loop(clock: Clock, add: () => void): void {
    const outer = this.#records;
    this.#records = [];
    add();
    const body = this.#records.flat();
    this.#records = outer;
    this.#records.push([
      KINDS.indexOf("loop"),
      (LAYER.length + body.length) * 4,
      clock.id,
      ...body,
    ]);
  }

  /** An activation for a record; 0 for the identity. */
  activation(where: string, description: ActivationDescription | undefined): Address | 0 {
    const { code, parameters } = encodeActivation(where, description);
    if (code === 0) return 0;
    return this.part("activation", {
      kind: code,
      p0: { float: parameters[0] ?? 0 },
      p1: { float: parameters[1] ?? 0 },
      p2: { float: parameters[2] ?? 0 },
      p3: { float: parameters[3] ?? 0 },
    });
  }

  /** A record that other records point to. Its address counts from the end of the layer records. */
  part<K extends keyof typeof PARTS>(
    kind: K,
    fields: Record<(typeof PARTS)[K][number], Word>,
  ): Address {
    const named: Record<string, Word> = fields;
    const at = this.#parts.length;
    this.#parts.push(...PARTS[kind].map((name) => named[name]!));
    return new Address("program", at * 4);
  }

  /** Appends output ← a ∘ b. */
  merge(operation: (typeof COMBINES)[number], output: Node, a: Node, b: Node): void {
    this.record("merge", output.clock, {
      operation: COMBINES.indexOf(operation),
      a: a.at,
      b: b.at,
      output: output.at,
      stride: pad4(output.width),
    });
  }

  /** Where a plan counts the rows of a clock, in bytes from its beginning. */
  counterOffset(clock: Clock): number {
    return (PLAN.length + clock.id) * 4;
  }

  /** Bytes of plan header, records and parts. */
  get bytes(): number {
    const layers = this.#records.reduce((sum, record) => sum + record.length, 0);
    return pad4(PLAN.length + this.#clocks.length + layers + this.#parts.length) * 4;
  }

  /** The plan as words, addresses resolved against where the regions begin. */
  link(bases: Readonly<Record<Region, number>>): Uint32Array<ArrayBuffer> {
    const layers = this.#records.flat();
    const first = PLAN.length + this.#clocks.length;
    const parts = bases.program + (first + layers.length) * 4;
    const header = [bases.program + first * 4, parts, 0, 0, 0, 0, ...this.#clocks.map(() => 0)];
    const words = new Uint32Array(this.bytes / 4);
    const floats = new Float32Array(words.buffer);
    [...header, ...layers, ...this.#parts].forEach((word, i) => {
      if (typeof word === "number") words[i] = word;
      else if (word instanceof Address) {
        words[i] = (word.region === "program" ? parts : bases[word.region]) + word.offset;
      } else floats[i] = word.float;
    });
    return words;
  }
}
