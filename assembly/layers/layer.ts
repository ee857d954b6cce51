import { copyFloats } from "../kernels/copy";
import { rows, Rows } from "../matrix";
import { fieldOf } from "../state";

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
  gathered: usize = 0; // scratch for rows of states, f32[streams][widest field that a product reads]
  slots: usize = 0; // addresses of the states, u32[streams]
  streams: u32 = 0;
  flush: u32 = 0; // the sequence ends with this call: layers with look-ahead hand out what they held back

  /** Rows at a clock in this call; clock 0 is the input's. The counters follow the header. */
  rows(clock: u32): u32 {
    return load<u32>(changetype<usize>(this) + offsetof<Plan>() + (clock << 2));
  }

  setRows(clock: u32, rows: u32): void {
    store<u32>(changetype<usize>(this) + offsetof<Plan>() + (clock << 2), rows);
  }

  /** Address of a field of a stream's state. */
  state(stream: u32, offset: u32): usize {
    return fieldOf(this.slots, stream, offset);
  }

  /**
   * A field of every stream's state as rows for a product: in place for one stream, else side by side in scratch that the
   * next call of this overwrites.
   */
  gather(offset: u32, bytes: u32): Rows {
    if (this.streams == 1) return rows(this.state(0, offset), 0);
    const stride = (bytes + 15) & ~15;
    let to = this.gathered;
    for (let s: u32 = 0; s < this.streams; ++s) {
      copyFloats(to, this.state(s, offset), bytes);
      to += stride;
    }
    return rows(this.gathered, stride);
  }
}

/** What every record starts with. */
@unmanaged
export class Layer {
  kind: u32 = 0;
  bytes: u32 = 0; // of the record, with what belongs to it: the next one follows
  clock: u32 = 0; // counts the rows of its input
}
