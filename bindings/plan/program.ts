import { encodeActivation } from "../activations.js";
import type { ActivationDescription } from "../activations.js";
import {
  ACTIVATION_KINDS,
  FLOATS,
  KINDS,
  LAYER_WORDS,
  PARTS,
  PLAN,
  PLAN_WORDS,
  RECORDS,
} from "../runtime/records.js";
import { expectOrder } from "../runtime/order.js";
import type { Address, Word } from "./address.js";
import { pad4 } from "../facts/bytes.js";
import type { Clock } from "../facts/clock.js";
import { type Rows, strideOf, type TermSource } from "./rows.js";

/** Fields of a layer record, in the order of its class. */
export type Fields<K extends keyof typeof RECORDS> = Record<(typeof RECORDS)[K][number], Word>;

type PartFields<K extends keyof typeof PARTS> = Record<(typeof PARTS)[K][number], Word>;

/** Uint32Array<ArrayBuffer>, which TypeScript knows from 5.7 on. */
export type Words = ReturnType<typeof Uint32Array.of>;

/** The records that lmu.wasm runs, one per layer and in their order. */
export class Program {
  #records: Word[][] = [];
  readonly #parts: Word[] = [];

  /** @param clocks - how many the model has */
  constructor(private readonly clocks: number) {}

  /** Appends a layer record. */
  record<K extends keyof typeof RECORDS>(
    kind: K,
    clock: Clock,
    fields: Fields<K>,
    tail: readonly Word[] = [],
  ): void {
    ASSERT: expectOrder(RECORDS[kind], fields);
    this.#append(kind, clock, [...wordsOf(fields), ...tail]);
  }

  #append(kind: keyof typeof RECORDS, clock: Clock, words: readonly Word[]): void {
    const bytes = (LAYER_WORDS + words.length) * 4;
    this.#records.push([KINDS.indexOf(kind), bytes, clock.id, ...words]);
  }

  /** Appends a dense record: output ← f(bias + Σ weights·input), or without a bias, added to output. */
  dense(
    output: Rows,
    bias: Address | 0,
    terms: readonly TermSource[],
    activation: Address | 0 = 0,
  ): void {
    const tail = terms.flatMap(({ input, weights }) => {
      const fields: PartFields<"term"> =
        "state" in input
          ? { isState: 1, input: input.state, stride: input.width * 4, weights }
          : { isState: 0, input: input.at, stride: strideOf(input), weights };
      ASSERT: expectOrder(PARTS.term, fields);
      return wordsOf(fields);
    });
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
    this.#append("loop", clock, this.body(add));
  }

  /** The words of what `add` appends, for a record that holds it. */
  body(add: () => void): Word[] {
    const outer = this.#records;
    this.#records = [];
    add();
    const body = this.#records.flat();
    this.#records = outer;
    return body;
  }

  /** Appends what `add` appends, within one record if it returns the fields of one. */
  within<K extends keyof typeof RECORDS>(
    kind: K,
    clock: Clock,
    add: () => Fields<K> | undefined,
  ): void {
    let fields: Fields<K> | undefined;
    const body = this.body(() => {
      fields = add();
    });
    if (fields) this.record(kind, clock, fields, body);
    else this.#records.push(body);
  }

  /** An activation for a record; 0 for the identity. */
  activation(where: string, description: ActivationDescription | undefined): Address | 0 {
    const { kind, parameters } = encodeActivation(where, description);
    if (kind === "identity") return 0;
    const [p0 = 0, p1 = 0, p2 = 0, p3 = 0] = parameters;
    const code = ACTIVATION_KINDS.indexOf(kind as never);
    return this.part("activation", { kind: code, p0, p1, p2, p3 });
  }

  /** A matrix for records that multiply: outputs (a multiple of 4) by inputs, packed at an address; with scales int8. */
  matrix(panels: Address, outputs: number, inputs: number, scales?: Address): Address {
    const rounded: Word = scales ? { region: "rounded", offset: 0 } : 0;
    return this.part("matrix", {
      panels,
      columns: inputs,
      rows: outputs,
      scales: scales ?? 0,
      rounded,
    });
  }

  /** A record that other records point to. Its address counts from the end of the layer records. */
  part<K extends keyof typeof PARTS>(kind: K, fields: PartFields<K>): Address {
    ASSERT: expectOrder(PARTS[kind], fields);
    const at = this.#parts.length;
    this.#parts.push(...wordsOf(fields));
    return { region: "program", offset: at * 4 };
  }

  /** Where a plan counts the rows of a clock, in bytes from its beginning. */
  counterOffset(clock: number): number {
    return (PLAN_WORDS + clock) * 4;
  }

  /** Bytes of plan header, records and parts. */
  get bytes(): number {
    const layers = this.#records.reduce((sum, record) => sum + record.length, 0);
    return pad4(PLAN_WORDS + this.clocks + layers + this.#parts.length) * 4;
  }

  /** Words of the records that need all rows, whichever are wanted of the output. */
  #wholeRecords({ id }: Clock): number {
    const isRowByRow = ([kind, , clock]: Word[]) =>
      clock === id && ROW_BY_ROW.includes(KINDS[kind as number]!);
    let whole = this.#records.length;
    while (whole > 0 && isRowByRow(this.#records[whole - 1]!)) whole--;
    return this.#records.slice(0, whole).flat().length;
  }

  /**
   * The plan as words, addresses resolved against where the regions begin.
   *
   * @param output - the clock of what comes out
   */
  link(bases: Readonly<Record<Address["region"], number>>, output: Clock): Words {
    const layers = this.#records.flat();
    const first = PLAN_WORDS + this.clocks;
    const parts = bases.program + (first + layers.length) * 4;
    const tail = bases.program + (first + this.#wholeRecords(output)) * 4;
    const header = { layers: bases.program + first * 4, end: parts, tail };
    ASSERT: expectOrder(PLAN.slice(0, 3), header);
    // The rest of the header, and the counters of the clocks, are for wasm to fill in.
    const given = wordsOf(header);
    const others = Array<number>(first - given.length).fill(0);
    const words = new Uint32Array(this.bytes / 4);
    [...given, ...others, ...layers, ...this.#parts].forEach((word, i) => {
      if (typeof word === "number") words[i] = word;
      else words[i] = (word.region === "program" ? parts : bases[word.region]) + word.offset;
    });
    return words;
  }
}

/** Records that make each row of the rows of their clock at the same place, and remember nothing. */
const ROW_BY_ROW: readonly string[] = [
  ...["dense", "activationLayer", "scale", "norm", "merge", "copy", "embedding"],
];

const float = new Float32Array(1);
const floatBits = new Uint32Array(float.buffer);

/** Fields in the order they are given; floats as their bits. */
function wordsOf(fields: Readonly<Record<string, Word>>): Word[] {
  return Object.entries(fields).map(([name, word]) => {
    if (typeof word !== "number" || !FLOATS.includes(name as never)) return word;
    float[0] = word;
    return floatBits[0]!;
  });
}
