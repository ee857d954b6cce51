/*
 * A stream's whole past is one block of memory, its state: this header, then the fields that layers have asked for, at
 * offsets that are the same in every state. States lie anywhere: a call names them by a table of slots, one address each.
 */

/** What every state begins with: a multiple of 16 bytes. */
@unmanaged
export class State {
  position: f64 = 0; // steps seen
  slot: usize = 0; // its own address: a table of one slot, for calls of this stream alone
  ended: u32 = 0; // 1 after a call that ended the sequence
}

/** Counts the steps of a call, and notes whether it ended the sequences. */
export function advance(slots: usize, streams: u32, steps: u32, ended: u32): void {
  for (const end = slots + (streams << 2); slots < end; slots += 4) {
    const state = changetype<State>(load<usize>(slots));
    state.position += <f64>steps;
    state.ended = ended;
  }
}
