import { Matrix, Rows, Span } from "../matrix";
import { State } from "../state";

/*
 * A model in memory is a plan: a header, then one record per layer, in order of execution. Records are written by the
 * host (bindings/plan) and only read here. All fields are 32 bits wide; the build derives the host's view of them from the
 * classes here (scripts/records.mjs).
 *
 * Rows. A buffer holds [time][stream][width] floats, width padded to a multiple of 4. Streams advance in lock step, so
 * the rows of one time step are contiguous, and so are those of all steps: one product serves a whole chunk.
 * State. A layer knows the offset of its fields in every stream's state (../state.ts). Weights are shared.
 * Clocks. Layers that change the number of rows (strides, pooling, "last step") start a new clock; a plan counts, per
 * clock, the rows of the call under way.
 */

/** What one call works on. */
@unmanaged
export class Plan {
  layers: usize = 0; // first record
  end: usize = 0; // past the last record
  tail: usize = 0; // the first of the last records that work row by row: of rows nobody asks for they do nothing
  slots: usize = 0; // addresses of the states, u32[streams]
  streams: u32 = 0;
  run: u32 = 0; // states that stand at equal distances, in whatever order, from each multiple of it on: all, or pairs
  flush: u32 = 0; // the sequence ends with this call: layers with look-ahead hand out what they held back
  prefill: u32 = 0; // Many: how memories may take the rows of this call

  /** Rows at a clock in this call; clock 0 is the input's. The counters follow the header. */
  @inline
  rows(clock: u32): u32 {
    return load<u32>(changetype<usize>(this) + offsetof<Plan>() + (clock << 2));
  }

  @inline
  setRows(clock: u32, rows: u32): void {
    store<u32>(changetype<usize>(this) + offsetof<Plan>() + (clock << 2), rows);
  }

  /** Address of a field of a stream's state. */
  @inline
  state(stream: u32, offset: u32): usize {
    return load<usize>(this.slots + (stream << 2)) + offset;
  }

  /** Steps that a stream had seen before this call. */
  position(stream: u32): u32 {
    return <u32>changetype<State>(this.state(stream, 0)).position;
  }

  /** Takes the states of a call; one alone is even. */
  open(slots: usize, streams: u32): void {
    this.slots = slots;
    this.streams = streams;
    const spacing = streams > 1 ? load<u32>(slots, 4) - load<u32>(slots) : 0;
    let isEven = true;
    for (let s: u32 = 1; s < streams; ++s) {
      const at = slots + (s << 2);
      isEven = isEven && load<u32>(at) - load<u32>(at - 4) == spacing;
    }
    this.run = isEven ? streams : 2;
  }

  /** A field of the states of a run as rows for a product; their distance does not matter where there is one alone. */
  @inline
  span(stream: u32, offset: u32): Span {
    const at = this.state(stream, offset);
    return Rows.at(at, <u32>(this.state(stream + 1, offset) - at));
  }

  /** y = init + W·x for every stream, x a field of its state. */
  product(matrix: Matrix, y: Span, init: Span, offset: u32): void {
    const run = this.run;
    for (let s: u32 = 0; s < this.streams; s += run) {
      matrix.product(y, init, this.span(s, offset), min(run, this.streams - s));
      y += (y >> 32) * run;
      init += (init >> 32) * run;
    }
  }
}

/** What every record starts with. */
@unmanaged
export class Layer {
  kind: u32 = 0;
  bytes: u32 = 0; // of the record, with what belongs to it: the next one follows
  clock: u32 = 0; // counts the rows of its input
}
