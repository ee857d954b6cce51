/*
 * A model in memory is a plan: a header, then one record per layer, in order of execution. Records are written by the
 * host (bindings/plan) and only read here. All fields are 32 bits wide; bindings/runtime/abi.ts mirrors their order.
 *
 * Rows. A buffer holds [time][stream][width] floats, width padded to a multiple of 4. Streams advance in lock step, so
 * the rows of one time step are contiguous, and so are those of all steps: one matmul serves a whole chunk.
 * State. Each stream owns one block of stateBytes; a layer knows its offset in the block. Weights are shared.
 * Clocks. Layers that change the number of rows (strides, pooling, "last step") start a new clock; a plan counts, per
 * clock, the rows of the call under way.
 */

/** What one call works on. */
@unmanaged
export class Plan {
  layers: usize = 0; // first record
  end: usize = 0; // past the last record
  states: usize = 0; // the first stream's state
  stateBytes: u32 = 0; // from one stream's state to the next
  streams: u32 = 0;
  flush: u32 = 0; // the sequence ends with this call: layers with look-ahead hand out what they held back

  /** Rows at a clock in this call; clock 0 is the input's. The counters follow the header. */
  rows(clock: u32): u32 {
    return load<u32>(changetype<usize>(this) + offsetof<Plan>() + (clock << 2));
  }

  setRows(clock: u32, rows: u32): void {
    store<u32>(changetype<usize>(this) + offsetof<Plan>() + (clock << 2), rows);
  }
}

/** What every record starts with. */
@unmanaged
export class Layer {
  kind: u32 = 0;
  bytes: u32 = 0; // of the record, with what belongs to it: the next one follows
  clock: u32 = 0; // counts the rows of its input
}
