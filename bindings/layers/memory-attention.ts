import { pad4 } from "../facts/bytes.js";
import type { Address } from "../plan/address.js";
import type { Builder } from "../plan/builder.js";
import { Panels } from "../plan/panels.js";
import { strideOf } from "../plan/rows.js";
import { expectSequence, type Kind, type Named } from "./kind.js";
import { Memory, MEMORY_FIELDS, type MemoryDescription } from "./memory.js";

/**
 * The layer of the LMU language model (Chilkuri et al. 2021, arXiv 2110.02402): a memory for each feature, and attention
 * between what a few readers make of them: p softmax(Q Kᵀ / √inputs) V, Q = gelu(L_q M + b_q), K and V likewise.
 *
 * Roles: query.weight, key.weight, value.weight [rank, order], query.bias, key.bias, value.bias [rank], mix [rank].
 */
export interface MemoryAttentionDescription extends Pick<
  MemoryDescription,
  "order" | "theta" | "discretizer"
> {
  readonly type: "memory-attention";
}

const READERS = ["query", "key", "value"];

export const memoryAttention: Kind<MemoryAttentionDescription> = {
  fields: MEMORY_FIELDS,
  node(layer, [x], f) {
    const { name, order } = layer;
    expectSequence(name, x);
    const { clock } = x;
    const memory = new Memory(layer, x, f);
    const channels = memory.width / order;
    const [rank] = f.shape(`${name}.mix`, undefined);
    for (const reader of READERS) {
      f.shape(`${name}.${reader}.weight`, rank, order);
      f.shape(`${name}.${reader}.bias`, rank);
    }
    f.multiplyAdds(channels * rank * (3 * order + rank + 1) + rank * rank);
    return {
      width: channels,
      clock,
      lower(b, [input]) {
        const rows = memory.encode(b, input);
        const output = b.rows(clock, channels);
        const size = pad4(rank);
        // Whole tiles of 16: what is left of them would be computed a channel at a time, 1.1 times as long for all.
        const readerRows = Math.ceil((3 * size) / 16) * 16;
        const scratch = [pad4(channels) * readerRows, (size + 1) * size];
        const [projected, scores] = b.scratch(...scratch);
        const { weights, bias } = readersOf(b, layer, size, readerRows, memory.factors);
        const fields = {
          state: memory.state,
          order,
          channels,
          output: output.at,
          outputStride: strideOf(output),
          weights,
          bias,
          mix: b.weights.vector(`${name}.mix`, rank),
          rank,
          divisor: Math.sqrt(channels),
          projected: projected!,
          scores: scores!,
        };
        b.remember(clock, () => {
          let advanced: ReturnType<Memory["advance"]>;
          b.program.loop(clock, () => {
            advanced = memory.advance(b, rows);
            b.program.record("memoryAttention", clock, fields);
          });
          return {
            ...advanced!,
            scratch: [...advanced!.scratch, ...scratch],
            reader: { by: "memoryAttention", weights, bias, outputs: 3 * size },
          };
        });
        return output;
      },
    };
  },
};

/** Queries, keys and values as one matrix of `rows` rows and one bias, each padded to `size` of them. */
function readersOf(
  b: Builder,
  { name, order }: Named<MemoryAttentionDescription>,
  size: number,
  rows: number,
  factors: Float64Array | undefined,
): { weights: Address; bias: Address } {
  const panels = new Panels(rows, order);
  const weights = b.weights.reserve(panels.size);
  const bias = b.weights.reserve(rows);
  READERS.forEach((reader, i) => {
    b.weights.packings.push(
      {
        source: `${name}.${reader}.weight`,
        columns: order,
        offset: weights.offset,
        first: (row) => panels.first(i * size + row),
        step: (row) => panels.step(i * size + row),
        factors,
      },
      {
        source: `${name}.${reader}.bias`,
        columns: 1,
        offset: bias.offset,
        first: (row) => i * size + row,
        step: () => 1,
      },
    );
  });
  return { weights: b.program.matrix(weights, rows, order), bias };
}
