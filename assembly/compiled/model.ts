/*
 * Constants of a compiled model, written by bindings/compile. They are variables here, or the compiler would fold them.
 */
/* eslint-disable prefer-const -- see above */
export let lmu_abi: i32 = 1;
export let input: usize = 0; // f32 or token ids i32, [steps][input_stride / 4]
export let input_stride: u32 = 0; // bytes from row to row
export let inputs: u32 = 0; // values in use of a row
export let output: usize = 0; // f32[rows][output_stride / 4], of the latest call
export let output_stride: u32 = 0; // bytes
export let outputs: u32 = 0; // values in use of a row
export let state: usize = 0; // of the one stream that step, end and reset work on
export let state_bytes: u32 = 0;
export let steps: u32 = 0; // rows that one call takes, of all streams together
export let streams: u32 = 0; // that one call takes
export let heap: usize = 0; // first byte that the module does not use

// Its own business; they have no name outside.
export let plan: usize = 0;
export let made: usize = 0; // where the plan counts output rows
export let slots: usize = 0; // u32[streams]
export let batch: usize = 0; // states of score, side by side
export let isSingle: u32 = 0; // all output rows are one, the newest
export let isEven: u32 = 0; // a sequence has as many output rows as steps
export let late: u32 = 0; // so many rows more than steps, at most, come of a call that may end the sequence
export let vocabulary: u32 = 0; // token ids there are, 0 if inputs are floats
export let past: usize = 0; // Past
export let block: u32 = 0; // offset of the Block of a state
export let grown: u32 = 0; // offset of the rows that a state grows by, 0: it does not
