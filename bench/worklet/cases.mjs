/** Share of a block that p99.9 may take. */
const GOAL = 0.2;

const small = { order: 64, units: 64 };
const large = { order: 256, units: 212 };
const both = (inputs) => [small, large].map((model) => ({ ...model, inputs }));

/** One model streams; two are swapped again and again. */
export const CASES = [
  { name: "64/64, every sample", models: [{ ...small, inputs: 1 }], goal: GOAL },
  { name: "64/64, frames of 128", models: [{ ...small, inputs: 128 }], goal: GOAL },
  { name: "swap 64/64 and 256/212, frames of 128", models: both(128) },
  { name: "swap 64/64 and 256/212, every sample", models: both(1) },
];
