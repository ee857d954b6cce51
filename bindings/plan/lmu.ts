import type { LmuDescription } from "../description.js";
import { LmuError } from "../errors.js";
import type { Builder } from "./builder.js";
import { expectSequence, type Named, type Node } from "./node.js";
import { Cell, type Reader } from "./cell.js";
import { Memory } from "./memory.js";

/**
 * Plans a Legendre memory unit: encoder, memory, hidden cell (Voelker, Kajić, Eliasmith 2019).
 *
 * A hidden state or a memory that is fed back forces the steps into a loop; everything else runs chunk by chunk.
 */
export function planLmu(layer: Named<LmuDescription>, [x]: readonly [Node], b: Builder): Node {
  expectSequence(layer.name, x);
  const memory = new Memory(layer, x, b);
  const prefix = `${layer.name}.hidden`;
  const advance = () => {
    if (memory.feedback.memory) b.program.loop(x.clock, () => memory.advance(undefined));
    else memory.advance(undefined);
  };
  if (!layer.hidden) {
    if (memory.feedback.hidden) missing(prefix, layer.name);
    memory.encode();
    advance();
    return memory.unfolded();
  }
  const cell = new Cell(b, prefix, layer.hidden, x.clock, memory.feedback.hidden);
  const early = readersOf(b, prefix, { role: "input", node: x });
  const { output, factors } = memory;
  const late = readersOf(b, prefix, {
    role: "memory",
    node: output,
    ...(factors && { factors }),
  });
  if (early.length + late.length === 0) missing(`${prefix}.memory`, layer.name);
  memory.encode();
  if (!memory.feedback.hidden) {
    advance();
    cell.project([...early, ...late], true);
    cell.advance();
    return cell.output;
  }
  if (early.length) cell.project(early, late.length === 0);
  b.program.loop(x.clock, () => {
    memory.advance(cell.state);
    if (late.length) cell.project(late, true);
    cell.advance();
  });
  return cell.output;
}

/** The reader, if the file has weights for it. */
function readersOf(b: Builder, prefix: string, reader: Reader): Reader[] {
  return b.has(`${prefix}.${reader.role}`) ? [reader] : [];
}

function missing(tensors: string, layer: string): never {
  throw new LmuError(
    "tensor-missing",
    `Cannot load the model: tensors of ${tensors} are missing, layer ${layer} needs them`,
  );
}
