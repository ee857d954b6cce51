import { loadMadeUp, lmuModel } from "./models.js";

/** An LMU that feeds back all it has: two inputs, an LSTM of six units. */
export const made = lmuModel(
  {
    ...{ inputs: 2, channels: 2, order: 5, theta: 12, hidden: "lstm", units: 6 },
    ...{ isFedBack: true, remembers: true, seesInput: true, hasBias: true, isLearned: false },
  },
  3,
);

/** A new model's stream. */
export const open = async () => (await loadMadeUp(made)).stream();
