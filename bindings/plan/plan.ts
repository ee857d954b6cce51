import { cannotLoad } from "../errors.js";
import { checkBytes, pad4 } from "../facts/bytes.js";
import type { Capacity } from "../facts/clock.js";
import type { LayerCost, StateField } from "../facts/facts.js";
import { givesEveryStep } from "../facts/waits.js";
import type { Hold } from "../legendre/residual.js";
import { Builder, type Planner } from "./builder.js";
import type { Int8Matrix } from "./int8-matrix.js";
import type { PlacedGapRule } from "./gap-rule.js";
import type { Graph, Node } from "./node.js";
import type { Installed, PrefillReport } from "./prefill.js";
import type { Address } from "./address.js";
import { type Rows, strideOf } from "./rows.js";
import type { Packing } from "./weights.js";
import type { Program } from "./program.js";

/** Rows of input or output as the host sees them. */
export interface Port {
  /** Address of the first row. */
  readonly at: number;
  /** Bytes from row to row. */
  readonly stride: number;
  /** Features in use. */
  readonly width: number;
}

/** What goes in and what comes out. */
export interface Ports {
  readonly input: Port & {
    readonly vocabulary: number | undefined;
    readonly steps: number | undefined;
  };
  readonly output: Port & {
    /** Address of the number of output rows that the last call left. */
    readonly rowsAt: number;
    /** One row per call: the model returns the last output only. */
    readonly isSingle: boolean;
    /** Every step of a stream gives a row, or renews the single one. */
    readonly isSteady: boolean;
    /** Input steps by which the output lags behind. */
    readonly lookAhead: number;
  };
  /** Output rows made after so many steps, before or after the end of the sequence; a single row counts when renewed. */
  rowsAfter(steps: number, isEnded: boolean): number;
}

/** What makes lmu.wasm run the model. */
export interface Words {
  /** Address of the plan; its words go there. */
  readonly at: number;
  readonly words: ReturnType<Program["link"]>;
}

/** Where weights go. */
export interface Packed {
  readonly weightsAt: number;
  /** What large matrices are made of. */
  readonly weights: "f32" | "int8";
  /** Past weights and slots; what follows is written before it is read. */
  readonly buffersAt: number;
  readonly packings: readonly Packing[];
}

/** What a stream keeps, and where those of a batch are. */
export interface States {
  readonly stateBytes: number;
  readonly stateFields: readonly StateField[];
  /** Offsets of counters in a state, i32: streams in which they are equal make rows at the same steps. */
  readonly phases: readonly number[];
  /** The first layer that states grow for, if any does. */
  readonly growing: string | undefined;
  /** Bytes that a state grows by with every step: 0 for most models. */
  readonly rowBytes: number;
  /** Where a state has its Block, offset in bytes. */
  readonly blockAt: number;
  /** Steps that a sequence may have at most. */
  readonly maxSteps: number;
  /** Address of the slots of a batch, u32[capacity.streams]. */
  readonly slotsAt: number;
  /** Address of the first state of a batch. */
  readonly statesAt: number;
  readonly capacity: Capacity;
}

/** What happens between samples that are more or less than a step apart. */
export interface Gaps {
  /** Of every memory; other layers that keep a past have none. */
  readonly gapRules: readonly PlacedGapRule[];
}

/** How memories take many rows at once. */
export interface Prefill {
  readonly prefills: ReadonlyMap<string, PrefillReport>;
  /** To be called when the plan is installed and all weights are written. */
  prepare(memory: Omit<Installed, "at">): void;
}

/** What the graph says of the model, for reports. */
export interface Costs {
  /** Why the model needs its whole sequence in one call, if it does. */
  readonly wholeSequence: string | undefined;
  readonly costs: readonly LayerCost[];
  readonly warnings: readonly string[];
}

/** What only the losses of some models need. */
export interface Trials {
  /** Address of the Trial of segments. */
  readonly trialAt: number | undefined;
}

/** Where everything of a model stands in memory, and the words that make lmu.wasm run it. */
export interface Plan extends Ports, Words, Packed, States, Gaps, Prefill, Costs, Trials {}

/**
 * Lays out a model: pure arithmetic on its graph.
 *
 * The same weights stand at the same place whatever the capacity, so a model can be planned again for longer calls.
 *
 * @param base - first free byte of memory
 * @param hold - how memories are discretized
 * @param planner - makes memories take many rows at once
 * @param Int8 - what matrices become that are multiplied in integers, if any are
 * @throws LmuError model-too-large
 */
export function planModel(
  graph: Graph,
  base: number,
  capacity: Capacity,
  hold: Hold,
  planner?: Planner,
  Int8?: typeof Int8Matrix,
): Plan {
  const { facts, input, output } = graph;
  const b = new Builder(facts.clocks, capacity, hold, planner, Int8);
  const rows = lower(graph, b);
  const { stateBytes } = facts;
  const transient = b.bufferBytes + b.scratchBytes + b.roundedBytes;
  checkBytes(b.weights.bytes + transient + stateBytes * capacity.streams);
  const weightsAt = base + b.program.bytes;
  const slotsAt = weightsAt + b.weights.bytes;
  const buffersAt = slotsAt + pad4(capacity.streams) * 4;
  const scratchAt = buffersAt + b.bufferBytes;
  const roundedAt = scratchAt + b.scratchBytes;
  const bases = {
    ...{ program: base, weights: weightsAt, buffers: buffersAt },
    ...{ scratch: scratchAt, rounded: roundedAt },
  };
  const at = ({ region, offset }: Address) =>
    (region === "program" ? partsAt : bases[region]) + offset;
  const port = (node: Node) => {
    const { at, width } = rows.get(node)!;
    return { at: bases[at.region] + at.offset, stride: strideOf(node), width };
  };
  const { isSingle, delay, id } = output.clock;
  const words = b.program.link(bases, output.clock);
  // The parts follow the layers, whose end is the second word.
  const partsAt = words[1]!;
  return {
    at: base,
    words,
    input: { ...port(input), vocabulary: input.vocabulary, steps: input.clock.rows },
    output: {
      ...port(output),
      rowsAt: base + b.program.counterOffset(id),
      isSingle,
      isSteady: givesEveryStep(output.clock),
      lookAhead: delay,
    },
    rowsAfter: (count, isEnded) => output.clock.rowsAfter(count, isEnded),
    weightsAt,
    weights: Int8 ? "int8" : "f32",
    buffersAt,
    packings: b.weights.packings,
    stateBytes,
    stateFields: facts.stateFields,
    phases: facts.phases,
    growing: facts.growing,
    rowBytes: facts.rowBytes,
    blockAt: facts.blockAt,
    maxSteps: facts.maxSteps,
    slotsAt,
    // A panel kernel may read, never write, one vector past a row.
    statesAt: buffersAt + transient + 16,
    capacity,
    gapRules: b.gapRules.map((rule) => ({
      ...rule,
      gap: partsAt + rule.gap.offset,
      weights: partsAt + rule.weights.offset,
    })),
    trialAt: b.trial && partsAt + b.trial.offset,
    prefills: b.prefills,
    prepare(memory) {
      for (const prepare of b.afterwards) prepare({ ...memory, at });
    },
    wholeSequence: facts.wholeSequence,
    costs: facts.costs,
    warnings: facts.warnings,
  };
}

/** Appends the records of every node; returns where its rows are. */
function lower({ nodes, output }: Graph, b: Builder): ReadonlyMap<Node, Rows> {
  const rows = new Map<Node, Rows>();
  // Of these, more than the newest row is read.
  const read = new Set([output]);
  for (const { node, inputs } of nodes) {
    if (!node.readsNewest) for (const input of inputs) read.add(input);
  }
  for (const { node, inputs } of nodes) {
    b.isNewest = !read.has(node);
    const from = inputs.map((input) => rows.get(input)!) as [Rows, ...Rows[]];
    rows.set(node, node.lower(b, from));
  }
  return rows;
}

/** Bytes of buffers and states that a model may ask for beyond 64 times its weights: files of a few bytes ask for them. */
const MAX_UNPAID = 2 ** 28;

/**
 * Asked of the plan that a file begins with; longer calls are the caller's wish.
 *
 * @throws LmuError model-too-large
 */
export function checkUnpaid(plan: Plan): void {
  const weights = plan.buffersAt - plan.weightsAt;
  const unpaid = plan.statesAt - plan.buffersAt + plan.stateBytes * plan.capacity.streams;
  if (unpaid <= MAX_UNPAID + 64 * weights) return;
  cannotLoad(
    `its buffers and states take ${unpaid} bytes, expected at most ${MAX_UNPAID} and 64 times the ${weights} of its weights`,
    "model-too-large",
  );
}
