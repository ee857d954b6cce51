import type { Description } from "../description.js";
import { Builder, type LayerCost, type StateField, type TensorInfo, tooLarge } from "./builder.js";
import type { Capacity } from "./clock.js";
import type { Hold } from "../legendre/residual.js";
import type { Packing } from "./weights.js";
import { planLayers } from "./layers.js";
import { strideOf } from "./node.js";
import { pad4 } from "./panels.js";
import type { Words } from "./program.js";

/** Rows of input or output as the host sees them. */
export interface Port {
  /** Address of the first row. */
  readonly at: number;
  /** Bytes from row to row. */
  readonly stride: number;
  /** Features in use. */
  readonly width: number;
}

/** Where everything of a model stands in memory, and the words that make lmu.wasm run it. */
export interface Plan {
  /** Address of the plan; its words go there. */
  readonly at: number;
  readonly words: Words;
  readonly input: Port & {
    readonly vocabulary: number | undefined;
    readonly steps: number | undefined;
  };
  readonly output: Port & {
    /** Address of the number of output rows that the last call left. */
    readonly rowsAt: number;
    /** One row per call: the model returns the last output only. */
    readonly isSingle: boolean;
    /** Input steps by which the output lags behind. */
    readonly lookAhead: number;
  };
  /** Output rows made after so many steps, before or after the end of the sequence; a single row counts when renewed. */
  rowsAfter(steps: number, isEnded: boolean): number;
  readonly weightsAt: number;
  /** Past weights and slots; what follows is written before it is read. */
  readonly buffersAt: number;
  readonly packings: readonly Packing[];
  readonly stateBytes: number;
  readonly stateFields: readonly StateField[];
  /** Address of the slots of a batch, u32[capacity.streams]. */
  readonly slotsAt: number;
  /** Address of the first state of a batch. */
  readonly statesAt: number;
  readonly capacity: Capacity;
  /** Why the model needs its whole sequence in one call, if it does. */
  readonly wholeSequence: string | undefined;
  readonly costs: readonly LayerCost[];
  readonly warnings: readonly string[];
}

/**
 * Lays out a model: pure arithmetic on the description and the shapes of its tensors.
 *
 * The same weights stand at the same place whatever the capacity, so a model can be planned again for longer calls.
 *
 * @param base - first free byte of memory
 * @param hold - how memories are discretized
 * @throws LmuError tensor-missing, tensor-invalid, description-invalid, option-unsupported or model-too-large
 */
export function planModel(
  description: Description,
  tensors: ReadonlyMap<string, TensorInfo>,
  base: number,
  capacity: Capacity,
  hold: Hold,
): Plan {
  const b = new Builder(tensors, capacity, hold);
  const { input, output } = planLayers(description, b);
  const gathered = b.gathered();
  b.checkBytes();
  const bases = { program: base, weights: 0, buffers: 0 };
  bases.weights = base + b.program.bytes;
  const slotsAt = bases.weights + b.weights.bytes;
  bases.buffers = slotsAt + pad4(capacity.streams) * 4;
  // A panel kernel may read, never write, one vector past a row.
  const statesAt = bases.buffers + b.bufferBytes + 16;
  return {
    at: base,
    words: b.program.link(bases, gathered),
    input: {
      at: bases.buffers + input.at.offset,
      stride: strideOf(input),
      width: input.width,
      vocabulary: input.vocabulary,
      steps: input.clock.rows,
    },
    output: {
      at: bases[output.at.region] + output.at.offset,
      stride: strideOf(output),
      width: output.width,
      rowsAt: base + b.program.counterOffset(output.clock),
      isSingle: output.clock.isSingle,
      lookAhead: output.clock.delay,
    },
    rowsAfter: (count, isEnded) => output.clock.rowsAfter(count, isEnded),
    weightsAt: bases.weights,
    buffersAt: bases.buffers,
    packings: b.weights.packings,
    stateBytes: b.stateBytes,
    stateFields: b.stateFields,
    slotsAt,
    statesAt,
    capacity,
    wholeSequence: b.wholeSequence,
    costs: b.costs.slice(1),
    warnings: b.warnings,
  };
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
  tooLarge(
    `its buffers and states take ${unpaid} bytes, expected at most ${MAX_UNPAID} and 64 times the ${weights} of its weights`,
  );
}
