import { cannotLoad } from "../errors.js";
import type { Facts } from "../facts/facts.js";
import type { Builder } from "../plan/builder.js";
import type { Node } from "../plan/node.js";
import type { Rows } from "../plan/rows.js";
import { Cell, type LoweredCell, type Reader } from "./cell.js";
import { dense, type DenseDescription } from "./dense.js";
import { activation, type Check, checkFields } from "./fields.js";
import { expectSequence, type Kind, type Named } from "./kind.js";
import { Memory, MEMORY_FIELDS, type MemoryDescription, type MemoryRows } from "./memory.js";
import { gru, lstm, type RecurrentDescription, rnn } from "./recurrent.js";

/**
 * Legendre memory unit (Voelker, Kajić, Eliasmith 2019); always returns the sequence.
 *
 * Roles: encoder.input [channels, inputs], encoder.hidden [channels, units], encoder.memory [channels, channels·order],
 * encoder.bias [channels], all optional; D [order, order] and B [order] of m ← m + D m + B u when they are not those of
 * order and theta; gate.input [order, inputs], gate.hidden [order, units], gate.bias [order] of LMUCellGating;
 * hidden.input, hidden.memory, hidden.recurrent, hidden.bias, hidden.recurrent_bias as the hidden cell asks.
 * Without a hidden cell the output is the memory, channel-major, order fastest.
 */
export interface LmuDescription extends MemoryDescription {
  readonly type: "lmu";
  readonly hidden?: HiddenDescription;
}

/** The cell that reads the memory. */
export type HiddenDescription = DenseDescription | RecurrentDescription;

/** Kinds of hidden cells. */
const CELLS: Readonly<Record<string, Kind<never>>> = { dense, rnn, lstm, gru };

const hidden: Check = (value, where) => {
  if (typeof value !== "object" || value === null) return "an object";
  const { type } = value as { type?: unknown };
  // Not by the key alone: ["dense"] would find what "dense" does.
  if (typeof type !== "string" || !Object.hasOwn(CELLS, type)) {
    return `an object with type ${Object.keys(CELLS).join(", ")}`;
  }
  checkFields(`hidden of ${where}`, value, CELLS[type]!.fields, ["type"]);
  return undefined;
};

export const lmu: Kind<LmuDescription> = {
  fields: {
    ...MEMORY_FIELDS,
    encoderActivation: activation,
    memoryActivation: activation,
    gateActivation: activation,
    hidden,
  },
  node(layer, [x], f) {
    expectSequence(layer.name, x);
    const { clock } = x;
    const memory = new Memory(layer, x, f);
    const cell = cellOf(layer, x, memory, f);
    memory.connect(cell?.state, f);
    return {
      width: (cell ?? memory).width,
      clock,
      lower: (b, [input]) => lower(b, input, memory, cell),
    };
  },
};

/** The hidden cell, with readers of what the file has weights for. */
function cellOf(
  { name, hidden }: Named<LmuDescription>,
  x: Node,
  memory: Memory,
  f: Facts,
): Cell | undefined {
  const prefix = `${name}.hidden`;
  const isFedBack = memory.feedback.hidden;
  if (!hidden) {
    if (isFedBack) missing(prefix, name);
    return undefined;
  }
  const all: Reader[] = [
    { role: "input", width: x.width },
    { role: "memory", width: memory.width, factors: memory.factors },
  ];
  const readers = all.filter(({ role }) => f.has(`${prefix}.${role}`));
  const cell = new Cell(f, prefix, hidden, readers, isFedBack);
  if (!readers.length) missing(`${prefix}.memory`, name);
  return cell;
}

function missing(tensors: string, layer: string): never {
  cannotLoad(`tensors of ${tensors} are missing, layer ${layer} needs them`, "tensor-missing");
}

/** A hidden state or a memory that is fed back forces the steps into a loop; everything else runs chunk by chunk. */
function lower(b: Builder, input: Rows, memory: Memory, cell: Cell | undefined): Rows {
  const { clock } = input;
  const { feedback } = memory;
  const output = b.rows(clock, memory.width);
  const rows = memory.encode(b, input, output);
  const hidden = cell?.lower(b, clock);
  const advance = () => {
    memory.advance(b, rows);
    if (!feedback.hidden) return;
    hidden?.project({ memory: output });
    hidden?.advance();
  };
  const isPlanned = b.planner !== undefined && memory.isLinear;
  if (feedback.hidden || isPlanned) hidden?.project({ input });
  if (isPlanned) remember(b, memory, rows, output, cell, hidden);
  else if (feedback.hidden || feedback.memory) b.program.loop(clock, advance);
  else advance();
  if (!hidden) return isPlanned ? output : memory.unfold(b, output);
  if (!feedback.hidden) {
    if (!isPlanned) hidden.project({ input, memory: output });
    hidden.advance();
  }
  return hidden.output;
}

/** Appends memory and what reads it for a planner. Of a memory alone, in the coordinates that users know. */
function remember(
  b: Builder,
  memory: Memory,
  rows: MemoryRows,
  output: Rows,
  cell: Cell | undefined,
  hidden: LoweredCell | undefined,
): void {
  const isNewest = b.isNewest && !cell?.isRecurrent;
  b.remember(output.clock, () => {
    const advanced = memory.advance(b, rows);
    const read = hidden?.project({ memory: output });
    if (!hidden && isNewest) memory.unfold(b, output);
    // A cell that reads no memory leaves nobody who does.
    const by = hidden || isNewest ? "newest" : "rows";
    return { ...advanced, reader: isNewest ? { by } : (read ?? { by }) };
  });
  if (!hidden && !isNewest) memory.unfold(b, output);
}
